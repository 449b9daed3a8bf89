"""Send every frame of a video, or of made-up pictures, to whoever reads.

    python send_clip.py                                   100 made-up pictures to tcp://localhost:5555/clip
    python send_clip.py holiday.mp4 tcp://desk:5555/clip  a video to a hub on another machine

Waits for the first reader, and leaves when the last frame has been acknowledged.
"""

import argparse

import framebus as fb

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("source", nargs="?", default="synthetic:")
parser.add_argument("sink", nargs="?", default="tcp://localhost:5555/clip")
parser.add_argument("--frames", type=int, default=100, help="stop after so many (default: 100)")
arguments = parser.parse_args()

sent = fb.pipe(arguments.source, arguments.sink, frames=arguments.frames)
print(f"{sent.frames} frames, {sent.bytes / 1e6:.1f} MB")
