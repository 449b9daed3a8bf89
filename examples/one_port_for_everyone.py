"""One port that takes senders of imageZMQ, of NetGear and of framebus, as they are, and says who sends what.

python one_port_for_everyone.py                          until Ctrl-C, for whoever can reach port 5555
python one_port_for_everyone.py tcp://127.0.0.1:5555 90  for senders of this machine, 90 frames of all together
"""

import argparse
import time
from itertools import islice

import framebus as fb

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("address", nargs="?", default="tcp://:5555")
parser.add_argument("frames", nargs="?", type=int, default=0, help="stop after so many; 0: never (default)")
arguments = parser.parse_args()

newest: dict[str, fb.Frame] = {}


def report() -> None:
    print(f"{'stream':24}{'size':>12}{'frames/s':>10}{'missed':>8}")
    for name, stream in sorted(hub.stats().streams.items()):
        if name in newest:
            height, width = newest[name].shape[:2]
            print(f"{name:24}{f'{width}x{height}':>12}{stream.rate:10.1f}{stream.missed:8}", flush=True)


with fb.open(arguments.address, listen=True, insecure=True) as hub:
    told = time.monotonic()
    for frame in islice(hub, arguments.frames or None):
        newest[frame.stream] = frame
        if time.monotonic() - told > 2:
            told = time.monotonic()
            report()
    report()
