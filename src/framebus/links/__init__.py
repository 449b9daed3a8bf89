"""Sockets, threads, keys and the directory of this machine's streams: they carry out what a session says."""
