"""Record every frame of a stream without loss, then play the recording as if it were the camera.

    python record_and_replay.py                            a made-up camera, to run.h5, played back four times as fast
    python record_and_replay.py shm://cam run.h5 --frames 1000
    python record_and_replay.py rtsp://camera/main yard.mp4

Kill it at any moment: what was recorded opens, and the next start goes on with the same recording.
"""

import argparse

import framebus as fb

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("source", nargs="?", default="synthetic:")
parser.add_argument("recording", nargs="?", default="run.h5")
parser.add_argument("--frames", type=int, default=60)
parser.add_argument("--speed", type=float, default=4)
arguments = parser.parse_args()

recorded = fb.pipe(arguments.source, arguments.recording, frames=arguments.frames)
print(f"recorded {recorded.frames} frames, missed {recorded.missed}")

with fb.open(arguments.recording, speed=arguments.speed, keep="all") as camera:
    played = [frame.seq for frame in camera]
print(f"played frames {played[0]} to {played[-1]}, {len(played)} in all")
