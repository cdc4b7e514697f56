"""From the columns of a staffing system to the fields of events, by rules that an administrator declared."""
