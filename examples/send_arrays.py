"""Send your own arrays: here a wave that moves, as 16-bit pictures with a number beside each.

python send_arrays.py [SINK] [--frames N]
"""

import argparse

import numpy as np

import framebus as fb

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("sink", nargs="?", default="tcp://localhost:5555/wave")
parser.add_argument("--frames", type=int, default=100)
arguments = parser.parse_args()

columns = np.linspace(0, 4 * np.pi, 640)
rows = np.linspace(0, 2 * np.pi, 480)[:, None]

with fb.publish(arguments.sink, wait_for=1) as out:
    for number in range(arguments.frames):
        phase = number / 10
        wave = np.sin(columns + phase) * np.cos(rows - phase)
        out.send((32767 * (1 + wave)).astype(np.uint16), meta={"phase": phase})
print(f"{arguments.frames} pictures sent")
