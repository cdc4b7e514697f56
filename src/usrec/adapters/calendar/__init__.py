"""The official working calendar of Kazakhstan."""
