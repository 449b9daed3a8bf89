"""How files are called: `node-view-2025-11-21T08.30.00.123456.jpg`, in a directory for each day.

Senders choose the beginning, so it is made harmless. A space, `/`, `\\`, `:`, `*`, `?`, `"`, `<`, `>`, `|` and whatever
cannot be printed (a zero byte among them) becomes `-`, so do dots at the beginning; what is longer than 100 bytes is
cut, and an empty one is `unnamed`. Nothing a sender writes leads out of the directory.
"""

from __future__ import annotations

import re
from datetime import datetime

MAX_BYTES = 100
"""Longest part of a file's name that a sender chooses, in UTF-8."""

_UNSAFE = re.compile(r'[\s/\\:*?"<>|]')
_DOTS = re.compile(r"^\.+")


def file_name(name: str, when: datetime) -> str:
    """The picture of `name` (node and view) that came at `when`, local time: its path below the directory of images."""
    moment = when.isoformat(timespec="microseconds").replace(":", ".")
    return f"{day(when)}/{harmless(name)}-{moment}.jpg"


def day(when: datetime) -> str:
    """The directory of that day."""
    return when.date().isoformat()


def harmless(name: str) -> str:
    """`name` as the beginning of a file's name; see above."""
    printable = "".join(char if char.isprintable() else "-" for char in name)
    safe = _DOTS.sub(lambda dots: "-" * len(dots[0]), _UNSAFE.sub("-", printable))
    return safe.encode()[:MAX_BYTES].decode(errors="ignore") or "unnamed"
