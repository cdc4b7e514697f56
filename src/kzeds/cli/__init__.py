"""The ``kzeds`` command."""
