"""Doorbells of databases."""
