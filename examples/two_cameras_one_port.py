"""Two cameras, one port: each is a stream of its own, and a reader picks by name.

python two_cameras_one_port.py                    publishes `left` and `right`
python watch.py tcp://localhost:5555/right        reads one of them
"""

import argparse

import framebus as fb

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("sink", nargs="?", default="tcp://localhost:5555")
parser.add_argument("--frames", type=int, default=150, help="of each camera (default: 150)")
arguments = parser.parse_args()

names = {"radar": "left", "aurora": "right"}  # stand-ins for camera 0 and camera 1
cameras = fb.open("synthetic:radar", "synthetic:aurora", frames=arguments.frames)

with cameras, fb.publish(arguments.sink, wait_for=1) as out:
    for frame in cameras:
        out.send(frame, stream=names[frame.stream])
print({name: stats.frames for name, stats in sorted(out.stats().streams.items())})
