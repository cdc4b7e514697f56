"""Ways to read contract events from an HR system."""
