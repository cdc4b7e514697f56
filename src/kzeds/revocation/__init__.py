"""Was a certificate revoked: lists, OCSP answers, a store of both, and what they say together."""
