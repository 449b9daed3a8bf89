"""A source of your own: anything with a name, frames to iterate and a `close`. No base class, no registration.

python own_source.py [--frames N]
"""

import argparse
import time
from collections.abc import Iterator

import numpy as np

import framebus as fb


class Thermometer:
    """Draws a temperature as a gray picture, ten times a second, like a slow camera."""

    live = True
    name = "thermometer"

    def __init__(self) -> None:
        self.closed = False

    def __iter__(self) -> Iterator[fb.Frame]:
        for number in range(1_000_000):
            if self.closed:
                return
            degrees = 20 + 5 * np.sin(number / 5)
            image = np.full((120, 160), int(degrees * 8), np.uint8)
            yield fb.Frame.of(image, stream=self.name, seq=number, run=1, meta={"degrees": round(degrees, 2)})
            time.sleep(0.1)

    def close(self) -> None:
        self.closed = True


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--frames", type=int, default=5)
arguments = parser.parse_args()

with fb.open(Thermometer()) as source:
    for _ in range(arguments.frames):
        frame = source.read(timeout="5s")
        print(f"#{frame.seq} {frame.meta['degrees']} °C")
