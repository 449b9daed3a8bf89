"""A plug-in for framebus: a source, an op, a sink and an encoding, one file each.

Nothing here is called by name; framebus finds it by the entry points in `pyproject.toml`.
"""
