"""How fast the agent is on this machine: ``make bench``. Not collected by pytest; a quiet machine gives true figures.

The parts measure the agent as it is installed: its processes, its databases, a gateway over https. They know nothing of
how it is made inside, so that they need no change when that changes. ``kzeds_signatures`` measures the EDS library by
itself: ``make bench BENCH=kzeds``; its figures for programs are written by ``BENCH="kzeds --json FILE"``.
"""
