"""Frames that are owed, kept in a folder: what `when_full="spool"` adds to a publisher.

`records.py` how bytes are framed, `segments.py` the files of frames, `owed_journal.py` who is owed what and who has it,
`store.py` both together, `spool_folder.py` one publisher at a time, `retention.py` all of it as a session knows it.
"""
