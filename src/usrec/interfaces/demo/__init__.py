"""The demonstration: a made-up company whose contract events are registered with a simulator."""
