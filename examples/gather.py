"""Three functions look at each frame at the same time, each in a process of its own; their answers come together.

python gather.py [SOURCE] [--frames N]
"""

import argparse
import time
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

import framebus as fb

Image = npt.NDArray[np.uint8]

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("source", nargs="?", default="synthetic:balls")
parser.add_argument("--frames", type=int, default=50)
arguments = parser.parse_args()


def brightness(image: Image) -> float:
    time.sleep(0.03)  # as long as a small model takes
    return float(image.mean())


def edges(image: Image) -> npt.NDArray[np.bool_]:
    time.sleep(0.04)
    lines: npt.NDArray[np.bool_] = np.abs(np.diff(image[..., 1].astype(np.int16), axis=1)) > 30
    return lines  # arrays may be as large as they like


class Motion:
    """Built once in its process, then called with each frame in order: it may remember."""

    def __init__(self) -> None:
        self.before: Any = None

    def __call__(self, frame: fb.Frame) -> float:
        time.sleep(0.05)
        before, self.before = self.before, frame.gray.astype(np.int16)
        return 0.0 if before is None else float(np.abs(self.before - before).mean())


with fb.open(arguments.source) as source, fb.gather(light=brightness, edges=edges, motion=Motion) as ask:
    begun, count = time.perf_counter(), 0
    for frame, answer in islice(ask.each(source, in_flight=2, timeout="5s"), arguments.frames):
        count += 1
        if answer.missing:
            print(f"#{frame.seq}: {dict(answer.missing)}")
        else:
            print(f"#{frame.seq}: light {answer.light:.0f}, {answer.edges.sum()} edges, motion {answer.motion:.1f}")
    each_ms = (time.perf_counter() - begun) / count * 1000
print(f"{count} frames, {each_ms:.0f} ms each; one function after the other they would take 120")
