"""A camera in one process, called from others as if it were theirs.

python device_server.py                    serves it in a process of its own, calls it, and ends it
python device_server.py --serve ADDRESS    only serves it, until Ctrl-C: framebus call ADDRESS
python device_server.py --call ADDRESS     only calls it
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np

import framebus as fb

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--serve", metavar="ADDRESS")
parser.add_argument("--call", metavar="ADDRESS")
arguments = parser.parse_args()


class Camera:
    """A camera that sees noise: the longer it is exposed, the brighter."""

    def __init__(self) -> None:
        self.exposure_ms = 10.0
        self._noise = np.random.default_rng(1)

    @property
    def temperature(self) -> float:
        """Of the sensor, in °C."""
        return 30 + self.exposure_ms / 20

    def read(self) -> fb.Frame:
        """The newest picture."""
        brightest = min(255, int(self.exposure_ms * 8))
        return fb.Frame.of(self._noise.integers(0, brightest + 1, (480, 640), np.uint8), stream="noise")

    def burst(self, count: int) -> Iterator[fb.Frame]:
        """Several pictures, one after the other; the next is taken when it is asked for."""
        for _ in range(count):
            yield self.read()

    def calibrate(self) -> None:
        raise RuntimeError("the lens cap is off")


def call(address: str) -> None:
    with fb.remote(address, timeout=30) as camera:  # waits for whoever serves it
        camera.exposure_ms = 20
        print(f"{camera.exposure_ms} ms at {camera.temperature} °C: mean {camera.read().image.mean():.0f}")

        with camera.burst(5) as frames:
            print("a burst:", [frame.shape for frame in frames])

        try:
            camera.calibrate()
        except fb.Error as error:
            print("what goes wrong there is told here:", error)
        try:
            camera.exposure = 5
        except fb.Error as error:
            print("so is a typo:", error)

        begun = time.perf_counter()
        for _ in range(1000):
            camera.exposure_ms = 12
        print(f"{(time.perf_counter() - begun) * 1000:.0f} µs for each small call")


if arguments.serve:
    fb.serve(Camera(), arguments.serve)
elif arguments.call:
    call(arguments.call)
else:
    address = "shm://noise-camera"
    server = subprocess.Popen([sys.executable, __file__, "--serve", address])
    try:
        call(address)
        with fb.remote(address) as camera:
            camera.stop()  # ends the server
    finally:
        server.wait(30)
