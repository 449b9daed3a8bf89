"""Colour where it helps and is welcome: on a terminal, without NO_COLOR."""

from __future__ import annotations

import os
import sys
from typing import TextIO

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def welcome(stream: TextIO | None = None) -> bool:
    """Whether `stream` (default: standard output) is a terminal that wants colour."""
    stream = sys.stdout if stream is None else stream
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, style: str, stream: TextIO | None = None) -> str:
    """`text` in `style` (bold, dim, red, green, yellow, cyan) where colour is welcome, else as it is."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if text and welcome(stream) else text
