"""How fast this machine is: ``make bench``. Not collected by pytest; a quiet machine gives the truest figures.

``kzeds_signatures`` measures keys, hashes and signatures of all kinds, by the libraries and in plain Python, and holds
them to the goals of the project. ``make bench BENCH="--json figures.json"`` writes the figures for programs as well.
"""
