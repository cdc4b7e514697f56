"""Evidence bundles: the certificates in them, the act that a person reads, and the check of all that they claim."""
