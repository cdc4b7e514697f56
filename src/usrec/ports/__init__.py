"""What the application needs from outside, as protocols in domain words."""
