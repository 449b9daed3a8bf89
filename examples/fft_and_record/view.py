"""The newest pictures of the camera and their spectra, side by side in a window.

python view.py [--to SINK]
"""

import argparse

import framebus as fb

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--to", default="window:", help="where they are shown; null: shows nothing")
arguments = parser.parse_args()

seen = fb.pipe(["shm://camera", "shm://spectrum"], arguments.to)
print(", ".join(f"{name}: {one.frames} seen" for name, one in sorted(seen.streams.items())))
