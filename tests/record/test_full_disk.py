"""A disk that is really full: a clean stop that names the bytes, and nothing lost of what was written."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import StartChild

FILL = """
import os, sys
import numpy as np
from framebus.core.addresses import Path
from framebus.core.errors import Unavailable
from framebus.core.frame import Frame
from framebus.core.registry import SINKS, SOURCES

folder, extension = sys.argv[1:]
os.makedirs(folder, exist_ok=True)
assert os.system(f"mount -t tmpfs -o size=4m none {folder}") == 0
path = f"{folder}/a.{extension}"
noise = np.random.default_rng(1)
sink, done = SINKS.get(extension)(Path(path)), []
try:
    for seq in range(10_000):
        picture = noise.integers(0, 255, (240, 320), np.uint8)
        frame = Frame.of(picture, stream="cam", run=7, seq=seq, captured_ns=10**18 + seq * 10**7)
        sink.write(frame, lambda: done.append(seq))
except Unavailable as error:
    print("said:", error)
try:
    sink.close()
except Unavailable as error:
    print("closing:", error)
source = SOURCES.get(extension)(Path(path))
seen = [frame.seq for frame in source]
source.close()
print("done", len(done), "seen", len(seen), seen == list(range(len(seen))))
"""


def _can_mount() -> bool:
    tool = shutil.which("unshare")
    if tool is None:
        return False
    command = [tool, "-Urm", "sh", "-c", "mount -t tmpfs none /mnt"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _can_mount(), reason="no file system of our own can be mounted here")
@pytest.mark.parametrize("extension", ["h5", "mp4", "mkv", "tif", "zarr"])
def test_recording_stops_and_keeps_what_was_written(tmp_path: Path, child: StartChild, extension: str) -> None:
    inside = "import os, sys; os.execvp('unshare', ['unshare', '-Urm', sys.executable, '-c', *sys.argv[1:]])"
    filler = child("-c", inside, FILL, tmp_path / "small", extension)
    output = filler.succeed()
    filler_said = next(line for line in output.splitlines() if line.startswith("said:"))
    assert "the disk is full" in filler_said
    assert "bytes are needed" in filler_said
    words = output.splitlines()[-1].split()
    assert words[-1] == "True"
    assert int(words[3]) >= int(words[1]) > 5
