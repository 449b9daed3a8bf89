"""Several cameras in one loop; says how each of them is, whenever that changes.

python camera_wall.py rtsp://porch.local/main camera:0     for ever
python camera_wall.py --test                               two made of software, one of which is cut off once
"""

import argparse
import logging
from contextlib import ExitStack, suppress

import framebus as fb
from framebus.testing import TestCamera

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("camera", nargs="*")
parser.add_argument("--test", action="store_true", help="ends when the camera that went is back")
arguments = parser.parse_args()
if arguments.test == bool(arguments.camera):
    parser.error("give addresses of cameras, or --test")

logging.getLogger("framebus").setLevel(logging.ERROR)  # its warnings are what we print
told: dict[str, str] = {}

with ExitStack() as running:
    tested = [running.enter_context(TestCamera(fps=20)) for _ in range(2 * arguments.test)]
    addresses = arguments.camera or [camera.url for camera in tested]
    cameras = [fb.open(address, stream=f"camera-{number}") for number, address in enumerate(addresses, 1)]
    wall = running.enter_context(fb.open(*cameras))
    while True:
        with suppress(fb.Timeout):  # nobody shows anything: all the more reason to look how they are
            frame = wall.read(timeout="0.2s")
        for name, stats in wall.stats().streams.items():
            state = stats.state
            if state and told.get(name) != state.state:
                told[name] = state.state
                print(f"{name}: {state.state}{state.why and f', {state.why}'}", flush=True)
                if arguments.test and list(told.values()) == ["live", "live"]:
                    if state.reconnects:
                        raise SystemExit
                    tested[1].cut()
