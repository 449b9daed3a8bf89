"""Kill a recorder half way, start it again, and find every frame on disk, once.

A sender plays 200 pictures; a recorder that saves them is killed (SIGKILL) after 50, and a second one goes on.

python kill_and_resume.py [--port PORT]
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--port", type=int, default=5555)
link = f"tcp://127.0.0.1:{parser.parse_args().port}/numbers"


def pipe(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "framebus", "pipe", *words])


with tempfile.TemporaryDirectory() as folder:
    sender = pipe("synthetic:", link, "--frames", "200")
    recorder = pipe(link, f"{folder}/")
    while len(list(Path(folder).glob("numbers-*.png"))) < 50:
        time.sleep(0.02)
    recorder.kill()
    recorder.wait()
    print("killed; starting again", flush=True)
    pipe(link, f"{folder}/").wait()
    sender.wait()
    numbers = [int(file.stem.removeprefix("numbers-")) for file in sorted(Path(folder).glob("numbers-*.png"))]

print(f"{len(numbers)} frames, without a gap: {numbers == list(range(numbers[0], numbers[0] + 200))}")
