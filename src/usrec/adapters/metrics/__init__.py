"""Prometheus metrics: what the agent counts while it works, and what is read when somebody asks.

Labels hold words of this program, names from the settings and response codes; never a person, a BIN, a contract or a
submission. So their number is bounded, whatever is sent.
"""
