"""What decoding JSON that somebody else wrote may raise: all of it, each time."""

from __future__ import annotations

import msgspec

NOT_JSON = (msgspec.DecodeError, UnicodeError, RecursionError)
"""No JSON or not of that shape, text that is no UTF-8, containers too deep in each other."""
