"""A reader that takes a third of a second for each frame sees fresh frames all the same, and knows what it missed.

python slow_reader.py [SOURCE] [--frames N]
"""

import argparse
import time
from itertools import islice

import framebus as fb

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("source", nargs="?", default="synthetic:")
parser.add_argument("--frames", type=int, default=5)
arguments = parser.parse_args()

with fb.open(arguments.source) as source:
    for frame in islice(source, arguments.frames):
        print(f"#{frame.seq}: {frame.age_s * 1000:.0f} ms old, {frame.missed} missed before it", flush=True)
        time.sleep(0.3)  # a slow model, a slow disk, a slow link
    print(source.stats())
