"""Revocation, through kzeds."""
