"""Things as one line, for consoles, notebooks and debuggers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from framebus.core.redaction import redact

MOST = 200
"""Letters of a name that are shown."""


def line(kind: str, name: Callable[[], str], told: Callable[[], Iterable[str]]) -> str:
    """`<Source shm://door: open, 12 frames>`: what `told` says, without what is empty, and without credentials.

    Never raises, whatever state the thing is in: what cannot be told is left out.
    """
    shown, parts = "", list[str]()
    with suppress(Exception):
        shown = " ".join(redact(name()).split())
    with suppress(Exception):
        parts.extend(part for part in told() if part)
    shown = shown if len(shown) <= MOST else f"{shown[: MOST - 1]}…"
    named = f"{kind} {shown}".rstrip()
    return f"<{named}: {', '.join(parts)}>" if parts else f"<{named}>"
