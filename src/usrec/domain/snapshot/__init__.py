"""Events derived from the difference of two looks at the staff, where HR's system cannot be changed at all."""
