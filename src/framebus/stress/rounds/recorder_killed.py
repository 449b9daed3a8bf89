"""R9: a recorder is killed at any moment; its file is opened by the software that everybody has."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from framebus.stress.trial import Trial

KILLS = 6
LONGEST = 80
"""Frames that are written at most before it dies."""
AT_ONCE = 3
"""Frames that may be in the file without having been called written."""


def attempt(trial: Trial) -> None:
    """Kill a recorder of each kind; what it called written must be there."""
    ways = [way for way, (package, _) in READERS.items() if find_spec(package) is not None]
    if not ways:
        trial.cannot("neither h5py nor av is installed: pip install 'framebus[hdf5,video]'")
    for number in range(KILLS):
        extension = trial.chance.choice(ways)
        file = trial.folder / f"{number}.{extension}"
        recorder = trial.python("-m", "framebus.stress.players", "record", file)
        recorder.wait_line(rf"^written {trial.chance.randrange(LONGEST)}$")
        recorder.kill()
        written = [int(number) for number in re.findall(r"^written (\d+)$", recorder.stdout, re.MULTILINE)]
        _check(trial, file, len(written))
        trial.count("kills")


def _check(trial: Trial, file: Path, written: int) -> None:
    try:
        found = READERS[file.suffix[1:]][1](file)
    except Exception as error:
        trial.check(False, f"{file.name}, {written} frames written, does not open: {error}")
    trial.count("frames", found)
    trial.count("lost", max(0, written - found))
    trial.check(found >= written, f"{file.name}: {written} frames were called written, {found} are there")
    trial.check(found <= written + AT_ONCE, f"{file.name}: {found} frames, but only {written} were written")
    left = [path.name for path in file.parent.iterdir() if path.name.startswith(".")]
    trial.check(not left, f"left behind: {left}")


def _in_hdf5(file: Path) -> int:
    import h5py

    with h5py.File(file, "r", swmr=True) as opened:
        return sum(int(part["index"]["there"].sum()) for part in opened.values())


def _in_video(file: Path) -> int:
    import av

    with av.open(str(file)) as opened:
        return sum(1 for _ in opened.decode(video=0))


READERS: dict[str, tuple[str, Callable[[Path], int]]] = {
    "h5": ("h5py", _in_hdf5),
    "mp4": ("av", _in_video),
    "mkv": ("av", _in_video),
}
"""By extension: the package that reads it, and how many frames it finds."""
