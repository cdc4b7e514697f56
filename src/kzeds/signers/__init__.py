"""Who makes a signature: a key file in this process, another process, a service, or a token."""
