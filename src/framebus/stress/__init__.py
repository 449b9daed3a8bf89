"""Trust: what framebus promises, tried with everything that goes wrong, as often as time allows.

`claims.py` lists the promises; each is tried by one module of `rounds/`, which plays one round of it: a few seconds in
a process and a folder of its own, everything by chance from one seed. `runner.py` plays rounds and keeps account,
`results_table.py` says what came out.
"""
