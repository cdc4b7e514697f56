"""Official code lists: files that operators import, and the folder that keeps what was imported."""
