"""Every picture of the camera into one file. Kill it at any moment and start it again: nothing is missing.

python record.py [FILE]

FILE is run.h5, run.tif or run.zarr, without loss; run.mp4 as video. `framebus info FILE` says what is in it.
"""

import argparse

import framebus as fb

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("file", nargs="?", default="run.h5")
arguments = parser.parse_args()

recorded = fb.pipe("shm://camera", arguments.file, progress=lambda now: print(f"{now.written} written", flush=True))
print(f"{recorded.frames} frames recorded, {recorded.missed} missed")
