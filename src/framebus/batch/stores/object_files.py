"""Outputs as objects of a store: whole, or not there."""

from __future__ import annotations

from framebus.batch.stores import objects
from framebus.batch.stores.urls import shown
from framebus.core.errors import BadFrame


class ObjectFiles:
    """Puts objects below the folder `root` of a store. Used by one thread; any number of processes may do it at once.

    Objects that are older than `began_ns`, by the clock of the store, are not the job's (0: all of them may be).
    """

    def __init__(self, root: str, began_ns: int = 0) -> None:
        self._root = root.rstrip("/")
        self._began_ns = began_ns

    def check_free(self, name: str, *, planned: bool = False) -> None:
        """Raise `BadFrame` where an object is called `name` that is not the job's.

        Not where that was `planned`: whoever planned it has listed all objects at once, instead of asking for each.
        """
        if planned or not self._began_ns:
            return
        url = f"{self._root}/{name}"
        there = objects.entry(url)
        if there is not None and not there.folder and older(there.written_ns, self._began_ns):
            raise BadFrame(occupied(url))

    def put(self, name: str, data: bytes | memoryview) -> None:
        """Make the object, in place of what is there; raises `Unavailable` and `BadFrame`."""
        objects.write(f"{self._root}/{name}", data)


def older(written_ns: int, began_ns: int) -> bool:
    """Whether an object was there before a job began, as far as clocks that tell seconds can say."""
    return 0 < written_ns // objects.SECOND_NS < began_ns // objects.SECOND_NS


def occupied(path: str) -> str:
    """What to say of an output that somebody else has made."""
    return (
        f"{shown(path)} was there before this job began: move it away, or replace it with overwrite=True (--overwrite)"
    )
