"""A camera that anybody may watch: one process looks at its spectrum, one saves every picture, one shows both.

    python camera_with_analysis.py                    all of them, until 50 spectra have been seen
    python camera_with_analysis.py camera             or each in a terminal of its own, in any order: camera,
    python camera_with_analysis.py spectrum           spectrum, save, view. Kill one and start it again: the camera
    ...                                               does not notice, and the others go on

The camera waits for nobody. Who analyses, and who looks, gets the newest picture and knows what it left out; who saves
gets every one.
"""

import argparse
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

import framebus as fb

CAMERA, SPECTRUM = "shm://camera", "shm://spectrum"
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("role", nargs="?", choices=["camera", "spectrum", "save", "view"])
parser.add_argument("--source", default="synthetic:radar", help="camera:0, rtsp://… (default: a made-up one)")
parser.add_argument("--folder", default="frames/", help="for the pictures (default: frames/)")
parser.add_argument("--frames", type=int, default=50, help="spectra to look at (default: 50)")
arguments = parser.parse_args()


def spectrum(image: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The logarithm of the spectrum's magnitude, as a gray picture."""
    levels = np.log1p(np.abs(np.fft.fftshift(np.fft.fft2(image.mean(axis=2)))))
    bright: npt.NDArray[np.uint8] = (levels * (255 / levels.max())).astype(np.uint8)
    return bright


def view() -> None:
    """What a window would show, in words."""
    spectra, newest = 0, dict[str, str]()
    with fb.open(CAMERA, SPECTRUM) as both:
        for frame in both:
            spectra += frame.stream == "spectrum"
            newest[frame.stream] = f"{frame.stream} #{frame.seq}, {frame.age_s * 1e3:.0f} ms old"
            if frame.stream == "spectrum":
                print(" · ".join(newest[stream] for stream in sorted(newest)), flush=True)
            if spectra == arguments.frames:
                return


def everything() -> None:
    """All roles as processes of their own; the viewer's end is the end of all."""
    words = [sys.executable, __file__, "--source", arguments.source, "--folder", arguments.folder]
    others = [subprocess.Popen([*words, role]) for role in ("camera", "spectrum", "save")]
    try:
        subprocess.run([*words, "--frames", str(arguments.frames), "view"], check=True)
    finally:
        for process in reversed(others):
            process.send_signal(signal.SIGINT)
            process.wait()


with suppress(KeyboardInterrupt):
    match arguments.role:
        case "camera":
            with fb.open(arguments.source, keep="all") as source, fb.publish(CAMERA) as out:
                for frame in source:
                    out.send(frame, stream="camera")
        case "spectrum":
            fb.pipe(CAMERA, SPECTRUM, ops=[spectrum])
        case "save":
            fb.pipe(CAMERA, arguments.folder)
        case "view":
            view()
        case _:
            everything()
