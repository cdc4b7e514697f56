"""Preflight rules: each a small function that yields findings citing a response code or a law clause."""
