"""Deals out the frames of a video to whoever works on them, each to one, and sees to it that each is worked on.

python ventilator.py [VIDEO] [--at ADDRESS] [--frames N] [--insecure]

Nothing is sent before the first worker is there. Ends when the results of all frames are where they belong.
"""

import argparse
from itertools import islice

import framebus as fb

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("video", nargs="?", default="synthetic:clip")
parser.add_argument("--at", default="tcp://localhost:5557", help="tcp://:5557 is for other machines, too")
parser.add_argument("--frames", type=int, default=60, help="stop after so many (default: 60)")
parser.add_argument("--insecure", action="store_true", help="anybody on the network may take frames")
arguments = parser.parse_args()

with (
    fb.open(arguments.video, keep="all") as video,
    fb.publish(arguments.at, wait_for=["fft"], insecure=arguments.insecure) as out,
):
    for frame in islice(video, arguments.frames):
        out.send(frame)
print(f"{out.stats().frames} frames dealt out, all worked on")
