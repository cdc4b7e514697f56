"""The employer's EDS, through kzeds."""
