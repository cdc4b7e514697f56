"""The rules of registration: pure values and functions, no I/O, no clock, no environment."""
