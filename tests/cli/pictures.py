"""What a folder of pictures holds, and what their pixels say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import framebus as fb
from framebus.sources import stamp


def pictures(folder: Path) -> Iterator[fb.Frame]:
    """The pictures in a folder, in order."""
    with fb.open(f"{folder}/", format="bgr24") as source:
        yield from source


def numbers(folder: Path) -> list[int]:
    """The frame numbers in the pixels of the pictures in a folder, in order; -1 where there is none."""
    found = [stamp.read(frame.image) for frame in pictures(folder)]
    return [-1 if number is None else number[0] for number in found]
