"""Say what arrives: one line for each frame, with its age and what was missed before it.

python watch.py [SOURCE...] [--frames N]      N=0: for ever
"""

import argparse
from itertools import islice

import framebus as fb

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("source", nargs="*", default=["tcp://localhost:5555"])
parser.add_argument("--frames", type=int, default=10, help="stop after so many; 0: never (default: 10)")
arguments = parser.parse_args()

with fb.open(*arguments.source) as frames:
    for frame in islice(frames, arguments.frames or None):
        height, width = frame.shape[:2]
        facts = f"{frame.format} {width}x{height}, {frame.age_s * 1000:.1f} ms old, {frame.missed} missed"
        print(f"{frame.stream} #{frame.seq}: {facts}", dict(frame.meta) or "", flush=True)
