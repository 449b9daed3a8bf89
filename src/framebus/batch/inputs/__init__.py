"""Which files a job works on: folders, globs, files and lists of files, found one after the other."""

from __future__ import annotations

from framebus.batch.inputs.inputs import Input, Inputs
from framebus.batch.inputs.listing import Listing

__all__ = ["Input", "Inputs", "Listing"]
