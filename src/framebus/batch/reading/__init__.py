"""Image files as pictures: one documented rule for every kind of file, depth, colour space and damage."""

from __future__ import annotations

from framebus.batch.reading.pictures import Picture, frames_of, read
from framebus.batch.reading.wish import Wish

__all__ = ["Picture", "Wish", "frames_of", "read"]
