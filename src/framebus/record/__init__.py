"""Recordings: files that follow each other, what is kept of them, and several streams by their time."""
