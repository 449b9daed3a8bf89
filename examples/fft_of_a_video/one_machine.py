"""The spectrum of every frame of a video, on all cores of this machine, in order.

python one_machine.py [VIDEO] [--workers N] [--frames N]
"""

import argparse
import time
from itertools import islice
from pathlib import Path

import framebus as fb

FFT = Path(__file__).with_name("fft.py")
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("video", nargs="?", default="synthetic:")
parser.add_argument("--workers", type=int, help="processes (default: one for each core)")
parser.add_argument("--frames", type=int, default=60, help="stop after so many (default: 60)")
arguments = parser.parse_args()

begun, count = time.perf_counter(), 0
with fb.open(arguments.video, keep="all") as video:
    for result in fb.map(f"{FFT}:fft2", islice(video, arguments.frames), workers=arguments.workers):
        assert result.seq == count, "in order, none lost"
        count += 1
print(f"{count} frames, {count / (time.perf_counter() - begun):.1f} per second")
