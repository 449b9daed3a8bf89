"""Makes a folder of photographs like those of Flickr8k: `python -m benchmarks.photos FOLDER [--count 200]`.

8091 JPEGs, 500 pixels on the long side, about 125 KB each, cut out of real photographs at random: another part, size,
side and light each time, and a little noise, which is what makes a camera's files large. Picture N depends on `--seed`,
N and the photographs alone, so any count gives the first so many of the same set.

The photographs are those inside the packages scikit-image and scikit-learn (public domain and CC0/CC-BY; the extra
`bench` brings them), and all JPEGs and PNGs below `--photographs FOLDER`.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import simplejpeg

from framebus.core.units import size

Array = npt.NDArray[Any]

SHAPES = {
    (500, 375): 36,
    (500, 333): 30,
    (375, 500): 12,
    (333, 500): 10,
    (500, 334): 4,
    (500, 400): 3,
    (500, 281): 2,
    (500, 500): 2,
    (400, 500): 1,
}
"""Width and height to how many in a hundred."""
COUNT = 8091

_INSIDE = {
    "sklearn": ("datasets/images/china.jpg", "datasets/images/flower.jpg"),
    "skimage": tuple(
        f"data/{name}" for name in ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "motorcycle_left.png")
    ),
}
_LONGEST = 4096
_QUALITIES = (92, 98)
_SUBSAMPLINGS = ("420", "444")
"""What cameras, and what resizers of good web pages use; half of the files each."""


def photographs(folder: Path | None = None) -> list[Path]:
    """What pictures are cut out of, in an order that lasts; raises `SystemExit` saying how to get some."""
    found = [
        Path(origin).parent / name for package, names in _INSIDE.items() for name in names if (origin := _at(package))
    ]
    if folder is not None:
        found += sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if not found:
        raise SystemExit("no photographs: pip install scikit-image scikit-learn, or give --photographs FOLDER")
    return found


def fill(
    folder: Path, count: int, seed: int = 0, shape: tuple[int, int] | None = None, sources: Sequence[Path] = ()
) -> int:
    """Make so many pictures, on all cores; how many bytes they are together."""
    folder.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    work = partial(make, folder=folder, seed=seed, sources=sources or photographs(), shape=shape)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return sum(pool.map(work, range(count), chunksize=4))


def make(number: int, folder: Path, seed: int, sources: Sequence[Path], shape: tuple[int, int] | None) -> int:
    """Write picture `number`; its length in bytes."""
    chance = np.random.default_rng([seed, number])
    shapes, shares = list(SHAPES), np.array(list(SHAPES.values()), float)
    width, height = shape or shapes[chance.choice(len(shapes), p=shares / shares.sum())]
    picture = _lit(_cut(_opened(sources[chance.integers(len(sources))]), width, height, chance), chance)
    data: bytes = simplejpeg.encode_jpeg(
        picture,
        quality=int(chance.integers(*_QUALITIES, endpoint=True)),
        colorspace="BGR",
        colorsubsampling=_SUBSAMPLINGS[chance.integers(2)],
    )
    (folder / f"{number:06d}.jpg").write_bytes(data)
    return len(data)


@cache
def _opened(path: Path) -> Array:
    picture: Array = cv2.imread(str(path), cv2.IMREAD_COLOR)
    factor = _LONGEST / max(picture.shape[:2])
    if factor >= 1:
        return picture
    return cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def _cut(source: Array, width: int, height: int, chance: np.random.Generator) -> Array:
    """A part of the shape wanted, anywhere, between all there is and a little less than one pixel for each."""
    most = min(source.shape[1] / width, source.shape[0] / height)
    factor = chance.uniform(min(most, max(0.8, 0.35 * most)), most)
    columns, rows = int(width * factor), int(height * factor)
    left, top = chance.integers(source.shape[1] - columns + 1), chance.integers(source.shape[0] - rows + 1)
    method = cv2.INTER_AREA if factor > 1 else cv2.INTER_CUBIC
    part = cv2.resize(source[top : top + rows, left : left + columns], (width, height), interpolation=method)
    if factor > 1:  # resizers sharpen what they shrink
        soft = cv2.GaussianBlur(part, (0, 0), 1.0)
        part = cv2.addWeighted(part, 1 + (more := chance.uniform(0.4, 1.2)), soft, -more, 0)
    return part[:, ::-1] if chance.random() < 0.5 else part


def _lit(picture: Array, chance: np.random.Generator) -> Array:
    """In another light, with the noise of a sensor."""
    gain = chance.uniform(0.8, 1.25) * chance.uniform(0.94, 1.06, 3)
    height, width = picture.shape[:2]
    luma = chance.standard_normal((height, width, 1), np.float32) * chance.uniform(2, 11)
    chroma = chance.standard_normal((height, width, 3), np.float32) * chance.uniform(1, 4)
    light = picture * gain.astype(np.float32) + chance.uniform(-12, 12) + luma + chroma
    return np.clip(light, 0, 255).astype(np.uint8)


def _at(package: str) -> Path | None:
    found = find_spec(package)
    return None if found is None or found.origin is None else Path(found.origin)


def main() -> None:
    """Make them, on all cores."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.photos", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write them; made if need be")
    parser.add_argument("--count", type=int, default=COUNT, help=f"how many (default {COUNT})")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=size, help="WIDTHxHEIGHT of all, instead of the mix")
    parser.add_argument("--photographs", type=Path, metavar="FOLDER", help="more to cut them out of")
    told = parser.parse_args()
    total = fill(told.folder, told.count, told.seed, told.size, photographs(told.photographs))
    print(f"{told.count} pictures in {told.folder}, {total / told.count / 1e3:.1f} KB each")


if __name__ == "__main__":
    main()
