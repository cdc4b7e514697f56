"""An in-memory implementation of each port, held to the same suites as the real ones."""
