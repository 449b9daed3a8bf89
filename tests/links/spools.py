"""Stores with frames in them, for the tests of spools."""

from __future__ import annotations

from pathlib import Path

from framebus.links.spool import notes
from framebus.links.spool.notes import Label, Share
from framebus.links.spool.segments import Place
from framebus.links.spool.store import Store

RUN = 0xC0FFEE


def store(folder: Path, max_bytes: int = 10_000_000) -> Store:
    """The spool in that folder."""
    return Store(str(folder), max_bytes)


def label(order: int, *groups: str, nbytes: int = 100) -> Label:
    """Frame `order` of a stream, owed to these groups."""
    shares = tuple(Share(group, 0, -1, 0) for group in groups)
    return Label(order, "cam", RUN, order, nbytes, packet=False, starts=True, shares=shares)


def content(order: int, nbytes: int = 100) -> bytes:
    """The pixels of frame `order`."""
    return order.to_bytes(4, "big") * (nbytes // 4)


def put(spool: Store, order: int, *groups: str, nbytes: int = 100) -> Place:
    """Keep frame `order` for these groups."""
    for group in groups:
        spool.remember(notes.Group(group))
    return spool.put(label(order, *groups, nbytes=nbytes), b'{"fb":1}', content(order, nbytes))


def owed(spool: Store) -> dict[str, list[int]]:
    """What is left, by group, in the order of sending; the contents are looked at."""
    left: dict[str, list[int]] = {group: [] for group in spool.groups}
    for found, place in spool.found:
        assert bytes(spool.read(place)[1]) == content(found.order, found.nbytes)
        for share in found.shares:
            left[share.group].append(found.order)
    return left


def files(folder: Path, suffix: str = ".frames") -> list[Path]:
    """The files of frames, oldest first."""
    return sorted(path for path in folder.iterdir() if path.suffix == suffix)
