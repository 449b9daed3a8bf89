"""`NAME.stars`: a line of JSON for each picture, with the stars that were found in it. The sink."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import framebus as fb


def open_sink(address: Any) -> Catalogue:
    """What framebus calls for a path that ends in `.stars`."""
    return Catalogue(Path(str(address)))


class Catalogue:
    """A file that grows; started again, it goes on where it stopped, also after it was killed."""

    keep: str | None = "all"  # it ends on disk, so every frame is wanted; "latest" is for what is looked at

    def __init__(self, path: Path) -> None:
        self.group: str | None = _group(path)  # under this name publishers keep what we have not said `done` to
        try:
            self._there = _written(path)
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise fb.errors.Unavailable(f"{path} cannot be written: {error.strerror}") from error

    def write(self, item: Any, done: Callable[[], None]) -> None:
        """One frame; a frame that is there already is done at once."""
        if self._file.closed:
            raise fb.errors.Closed(f"{self._file.name} was closed: open it again to write on")
        if not isinstance(item, fb.Frame):
            raise fb.errors.BadFrame(f"coded packets of {item.stream} have no stars: read the source without packets")
        identity = (item.stream, item.run, item.seq)
        if identity not in self._there:
            self._append({"frame": identity, "captured_ns": item.captured_ns, "stars": item.meta.get("stars", [])})
            self._there.add(identity)
        done()  # now it is where it belongs, and nobody has to keep it for us any longer

    def close(self) -> None:
        """As often as you like."""
        self._file.close()

    def _append(self, line: dict[str, Any]) -> None:
        try:
            self._file.write(json.dumps(line).encode() + b"\n")
        except OSError as error:
            raise fb.errors.Unavailable(f"{self._file.name} takes no more: {error.strerror}") from error


def read(path: Path) -> list[dict[str, Any]]:
    """All lines of a catalogue."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def _written(path: Path) -> set[tuple[str, int, int]]:
    """Which frames are there; half a line at the end, left by a crash, is cut off."""
    if not path.exists():
        return set()
    data = path.read_bytes()
    os.truncate(path, data.rfind(b"\n") + 1)
    return {(stream, run, seq) for stream, run, seq in (line["frame"] for line in read(path))}


def _group(path: Path) -> str:
    """The same at every start, and another one for every other file."""
    return f"stars.{hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:12]}"
