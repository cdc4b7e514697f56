"""The HTTP address at which HR systems send their events."""
