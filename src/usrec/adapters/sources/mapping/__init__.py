"""Reads the mapping file, which says what a staffing system's columns mean."""
