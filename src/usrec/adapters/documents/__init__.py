"""The folder in which HR puts supporting documents."""
