"""What a person or the system starts."""
