"""Shared memory: slots for pictures, who uses them, and how much there may be."""
