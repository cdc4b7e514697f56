"""The national algorithms of Kazakhstan's EDS: two hash functions, two curves, one signature scheme.

A fast path goes through libraries that the machine may have (OpenSSL's libcrypto, libgcrypt); a path in plain Python is
always there and gives the same bytes. ``native`` says which of them a process uses.
"""
