"""The same from a program: a system as a dict, with a function of the program in it. Ends when all frames are there.

python examples/system/in_python.py [--frames 30]
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy.typing as npt

import framebus as fb


def half(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Every other pixel."""
    return image[::2, ::2].copy()


parser = argparse.ArgumentParser()
parser.add_argument("--frames", type=int, default=30)
frames = parser.parse_args().frames

with tempfile.TemporaryDirectory() as folder:
    fb.run(
        {
            "streams": {
                "left": {"source": "synthetic:balls", "size": "320x240", "frames": frames},
                "right": {"source": "synthetic:bars", "size": "320x240", "frames": frames},
            },
            "pipes": {
                # waits for both readers, so that each gets every frame from the first
                "small": {"source": ["left", "right"], "ops": [half], "sink": "shm://{stream}-small", "wait_for": 2},
                "keep-left": {"source": "left-small", "sink": f"{folder}/left/"},
                "keep-right": {"source": "right-small", "sink": f"{folder}/right/"},
            },
        }
    )
    for name in ("left", "right"):
        print(f"{name}: {len(list(Path(folder, name).glob('*.png')))} of {frames} frames kept")
