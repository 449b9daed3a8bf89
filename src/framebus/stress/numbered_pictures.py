"""Small pictures that follow from their number, as files, and the check of what became of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

import framebus as fb
from framebus.stress.trial import Trial

Picture = npt.NDArray[np.uint8]
SHAPE = (48, 64, 3)


def picture(number: int) -> Picture:
    """BGR, uint8, 48 × 64 × 3: the same for the same number, which is in its first pixel (0 to 2**24)."""
    image = np.random.default_rng(number).integers(0, 256, SHAPE, np.uint8)
    image[0, 0] = number & 255, number >> 8 & 255, number >> 16
    return image


def number_of(image: Picture) -> int:
    """The number of a picture."""
    return int.from_bytes(image[0, 0].tobytes(), "little")


def name(number: int) -> str:
    """How its file is called."""
    return f"{number:08d}.png"


def make_pictures(folder: Path, count: int) -> None:
    """PNG files of the pictures 0 to `count` - 1."""
    fb.pipe((picture(number) for number in range(count)), f"{folder}/{{seq}}.png")


def check_inverted(trial: Trial, folder: Path, numbers: set[int]) -> None:
    """Exactly the files of these numbers, each the negative of its picture, and nothing half-made."""
    found = {path.name for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".framebus")}
    expected = {name(number) for number in numbers}
    trial.count("lost", len(expected - found))
    trial.check(found == expected, f"missing {sorted(expected - found)[:5]}, too many {sorted(found - expected)[:5]}")
    for number in numbers:
        with fb.open(folder / name(number)) as source:
            image = next(iter(source)).image
        trial.check(np.array_equal(image, 255 - picture(number)), f"{name(number)} is not what came of its picture")
