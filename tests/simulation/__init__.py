"""Deterministic simulation: the real domain, application and SQLite ledger; everything around them from one seed.

Several agents work on one ledger. Each is a greenlet; exactly one of them runs, and may be interrupted at every call of
a port outside a transaction, in favour of another agent, of the network, of HR, of the weather. A crash may strike at
every call of a port, inside a transaction too. `run.simulate` plays one seed to its end; what must hold is in
`invariants`, what can go wrong in `weather`, and `mutants` plants known bugs to show that the invariants see them.
"""
