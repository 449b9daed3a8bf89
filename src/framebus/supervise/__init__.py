"""Processes that are started, watched and started again; who has which piece of work, and whose fault it was."""
