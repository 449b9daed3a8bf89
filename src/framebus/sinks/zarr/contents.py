"""What is in a Zarr recording, whole or not, without changing it; and how one becomes whole after a dead recorder."""

from __future__ import annotations

from collections.abc import Iterator

from framebus.core.errors import BadFrame
from framebus.sinks.kept import Form, Kept, foreign
from framebus.sinks.zarr.tree import leftovers
from framebus.sinks.zarr.zarr import ZarrFolder
from framebus.wire.recordings import zarr_stored as stored
from framebus.wire.recordings.zarr_stored import Stored


def entries(path: str) -> Iterator[Kept]:
    """Every frame, the parts one after the other; raises `BadFrame` for hierarchies of others."""
    for part in _parts(path):
        frames = part.arrays["frames"]
        form = Form(part.format, frames.row, frames.dtype)
        at = 0
        for block in part.blocks():
            rows = (block[name].tolist() for name in ("run", "seq", "captured_ns"))
            missed = part.missed().told(at, at + len(block["seq"]))
            yield from (Kept(part.stream, form, *row) for row in zip(*rows, missed, strict=True))
            at += len(missed)


def unfinished(path: str) -> bool:
    """Whether arrays are longer than there are frames, or something is there that was just being written."""
    longer = any(part.rows > sum(len(block["seq"]) for block in part.blocks()) for part in _parts(path))
    return longer or any(leftovers(path))


def mend(path: str) -> None:
    """Make all arrays as long as there are frames."""
    ZarrFolder(path, resume=True).close()


def _parts(path: str) -> list[Stored]:
    try:
        return stored.parts(path)
    except NotADirectoryError as error:
        raise foreign(path, "it is a file, and those of Zarr are folders") from error
    except BadFrame as error:
        raise foreign(path, str(error)) from error
