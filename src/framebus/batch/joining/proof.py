"""Whether what a worker of another program says it has made is there, new and whole."""

from __future__ import annotations

import os
from collections import deque

from framebus.batch.outcome import PLAIN, Outcome
from framebus.batch.output_names import Naming, format_of
from framebus.batch.piece import Piece
from framebus.batch.reading import Wish, read
from framebus.batch.reading.image_headers import is_video, kind_of
from framebus.batch.recipe import Recipe
from framebus.batch.stores.urls import is_url
from framebus.core.errors import Error
from framebus.wire.dialects.workers import MAX_PATH_BYTES

Stamp = tuple[int, int, int]
"""What is different of a file that was written again: its number, size, and time."""


class Proof:
    """Knows where the output of each input belongs. From any thread."""

    def __init__(self, recipe: Recipe) -> None:
        self._naming = Naming(recipe.outputs[0].place, recipe.outputs[0].format)
        self._only = len(recipe.outputs) == 1 and not is_url(self._naming.root)
        self._since_ns = recipe.kept_since_ns
        self._wish = Wish(max_pixels=recipe.max_pixels, enough=lambda full, small: True)

    def fits(self, piece: Piece) -> bool:
        """Whether such a worker would write it where it belongs: right into the output folder, under the same name."""
        if not self._only or is_url(piece.path) or is_video(piece.path):
            return False
        if piece.name != os.path.basename(piece.path) or not _is_text(os.path.abspath(piece.path)):
            return False
        try:
            return os.lstat(self._output(piece)).st_mtime_ns >= self._since_ns  # else it is somebody else's
        except OSError:
            return True

    def before(self, piece: Piece) -> Stamp | None:
        """What is there of its output before it is worked on."""
        return _stamp(self._output(piece))

    def of(self, piece: Piece, before: Stamp | None) -> Outcome | None:
        """What to count, where the output is there, whole, and not what was there `before`; else None."""
        path = self._output(piece)
        stamp = _stamp(path)
        if stamp is None or stamp == before:
            return None
        try:
            with open(path, "rb") as file:
                data = file.read()
            if kind_of(data) != format_of(piece.name):
                return None
            deque(read(path, data, self._wish), maxlen=0)  # which raises for what is not whole
            return Outcome("done", "", (PLAIN,), os.path.getsize(piece.path), len(data))
        except (OSError, Error):
            return None

    def _output(self, piece: Piece) -> str:
        return os.path.join(self._naming.root, piece.name)


def _stamp(path: str) -> Stamp | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _is_text(path: str) -> bool:
    try:
        return len(path.encode()) <= MAX_PATH_BYTES
    except UnicodeEncodeError:
        return False
