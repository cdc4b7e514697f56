"""`kzeds signer-daemon`: keys in a process of their own, which signs nothing but what its settings list."""
