"""Read frames, draw on them, and publish the result: a filter between two links.

python draw_and_pass_on.py [SOURCE] [SINK] [--frames N]
"""

import argparse
from itertools import islice

import framebus as fb

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("source", nargs="?", default="synthetic:balls")
parser.add_argument("sink", nargs="?", default="tcp://localhost:5555/marked")
parser.add_argument("--frames", type=int, default=100)
arguments = parser.parse_args()

with fb.open(arguments.source) as source, fb.publish(arguments.sink, wait_for=1) as out:
    for frame in islice(source, arguments.frames):
        image = frame.copy()  # frames are read-only; a copy is ours to draw on
        brightness = float(frame.gray.mean())
        image[:12, : int(brightness * image.shape[1] / 255)] = (0, 200, 255)
        out.send(image, meta={"brightness": round(brightness, 1)})
print(f"{out.stats().frames} frames passed on")
