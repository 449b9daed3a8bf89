"""A sender and a hub written for imageZMQ: only the import differs, and either end may keep the old one.

python imagezmq_drop_in.py hub       in one terminal
python imagezmq_drop_in.py send      in another; either may start first, and be started again
"""

import argparse
import socket

import numpy as np

from framebus import imagezmq  # instead of: import imagezmq

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("role", choices=["hub", "send"])
parser.add_argument("address", nargs="?", default="tcp://127.0.0.1:5555")
parser.add_argument("--frames", type=int, default=100)
arguments = parser.parse_args()

if arguments.role == "hub":
    hub = imagezmq.ImageHub(arguments.address)
    for _ in range(arguments.frames):
        name, image = hub.recv_image()
        image[:20] = 0  # the array is writable, and yours
        print(name, image.shape, f"brightness {image.mean():.1f}", flush=True)
        hub.send_reply(b"OK")
    hub.close()
else:
    sender = imagezmq.ImageSender(connect_to=arguments.address)
    for number in range(arguments.frames):
        reply = sender.send_image(socket.gethostname(), np.full((480, 640, 3), number % 256, np.uint8))
    print(f"{arguments.frames} sent, the last reply was {reply!r}")
    sender.close()
