"""A camera that others read: whoever analyses or looks gets the newest picture, whoever records gets every one.

python camera.py [SOURCE] [--frames N] [--recording NAME]

Nothing is sent before the recorder is there, and what it has not written yet is kept for it while it is away: for as
long as the frames it is owed fit into `retain`. Ends when it has written all of them.
"""

import argparse
from itertools import islice

import framebus as fb

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("source", nargs="?", default="synthetic:radar", help="camera:0, rtsp://… (default: a made-up one)")
parser.add_argument("--frames", type=int, help="stop after so many (default: never)")
parser.add_argument("--recording", default="run.h5", help="the name of the file that record.py writes")
arguments = parser.parse_args()

with (
    fb.open(arguments.source, keep="all") as camera,
    fb.publish("shm://camera", wait_for=[arguments.recording], patience="1min", retain="500MB") as out,
):
    for frame in islice(camera, arguments.frames):
        out.send(frame, stream="camera")
print(f"{out.stats().frames} frames sent")
