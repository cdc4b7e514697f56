"""What can be registered, as typed events: one dataclass for each operation of Order 353."""
