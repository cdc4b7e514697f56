"""Whether a database does what the agent relies upon: tried on the database itself, in a table made for it."""
