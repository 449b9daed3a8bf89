"""Send and read over shm://, ipc:// or tcp://: the address is the only difference.

    python three_links.py send shm://ripples                  in one terminal
    python three_links.py read shm://ripples                  in another; either may start first
    python three_links.py read ipc:///tmp/ripples.sock        what `send` listens at
    python three_links.py read tcp://localhost:5555           also from another machine, if `send` listens to it

Over shm://, and over the others between programs of one machine, the pictures stay in the memory they are made in.
"""

import argparse

import numpy as np

import framebus as fb

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("role", choices=["send", "read"])
parser.add_argument("address")
parser.add_argument("--frames", type=int, default=100, help="how many to send (default: 100)")
arguments = parser.parse_args()

y, x = np.indices((480, 640))
ripples = (127 * (1 + np.sin(np.hypot(x - 320, y - 240) / 10))).astype(np.uint8)

if arguments.role == "send":
    with fb.publish(arguments.address, wait_for=1) as out:
        for number in range(arguments.frames):
            with out.fill(ripples.shape, "uint8", meta={"brighter": number % 256}) as image:
                np.add(ripples, np.uint8(number % 256), out=image)  # straight to where readers will look
    print(f"{out.stats().frames} sent")
else:
    frames = right = 0
    with fb.open(arguments.address, keep="all") as source:
        for frame in source:
            frames += 1
            right += np.array_equal(frame.image - ripples, np.full_like(ripples, frame.meta["brighter"]))
    print(f"{frames} read, {right} of them as they were made")
