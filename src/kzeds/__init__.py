"""Kazakhstan EDS."""
