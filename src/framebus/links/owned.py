"""What this process has open: a forked child is told that it is not its own, and at exit all of it is let go."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Owned(Protocol):
    """Something that belongs to the process that made it."""

    def shut(self, why: str) -> None:
        """Free everything; every later use says `why`."""
        ...

    def disown(self) -> None:
        """In a forked child: this is the parent's."""
        ...


_all: weakref.WeakSet[Owned] = weakref.WeakSet()


def add(owned: Owned) -> None:
    """From now on, while it lives."""
    _all.add(owned)


def abandon_all() -> None:
    """At exit: whatever is still open stops without an end."""
    for owned in list(_all):
        owned.shut("the process is ending")


def _disown_all() -> None:
    for owned in list(_all):
        owned.disown()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_disown_all)
