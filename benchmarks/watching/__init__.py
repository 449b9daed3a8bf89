"""Cameras that are watched: one for how late its pictures are, many for what they cost."""
