"""R10: every writer on a file system of one megabyte, and on one that may only be read."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from framebus.stress.apart import system
from framebus.stress.numbered_pictures import make_pictures
from framebus.stress.trial import Trial

NO_SPACE = 4
WRITERS = {
    "folder": (["pipe", "synthetic:", "full/frames/", "--frames", "400", "--size", "320x240"], None),
    "h5": (["pipe", "synthetic:", "full/run.h5", "--frames", "400", "--size", "320x240"], "h5py"),
    "mp4": (["pipe", "synthetic:", "full/run.mp4", "--frames", "200", "--size", "640x480", "--quality", "100"], "av"),
    "mkv": (["pipe", "synthetic:", "full/run.mkv", "--frames", "200", "--size", "640x480", "--quality", "100"], "av"),
    "process": (["process", "photos", "full/results", "--workers", "2", "--encode", "png"], None),
}
"""What writes, and the package that it needs."""


def attempt(trial: Trial) -> None:
    """Full: a clean stop that says so. Room again: the same command goes on. Read-only: refused at once."""
    full = trial.folder / "full"
    full.mkdir()
    make_pictures(trial.folder / "photos", 400)
    names = [name for name, (_, package) in WRITERS.items() if package is None or find_spec(package)]
    for name in trial.chance.sample(names, 2):
        _mount(full, "size=1m")
        _stopped(trial, WRITERS[name][0], "full")
        _remount(full, "size=200m")
        _finishes(trial, WRITERS[name][0])
        _remount(full, "ro")
        _stopped(trial, [word.replace("full/", "full/new-") for word in WRITERS[name][0]], "read-only")
        system("umount", str(full))


def _stopped(trial: Trial, words: list[str], how: str) -> None:
    command = trial.framebus(*words)
    code = command.wait(60)
    said = f"{how}: framebus {' '.join(words)} ended with {code}\n{command.stderr[-2000:]}"
    trial.count(f"{how} disks")
    trial.check(code == NO_SPACE, said)
    trial.check("Traceback" not in command.stderr, said)
    trial.check(how != "full" or "No space" in command.stderr or "bytes" in command.stderr, said)
    half = [path.name for path in (trial.folder / "full").rglob("*") if path.name.endswith(".partial")]
    trial.check(not half, f"half-made files: {half}\n{said}")


def _finishes(trial: Trial, words: list[str]) -> None:
    command = trial.framebus(*words)
    code = command.wait(60)
    trial.count("went on")
    trial.check(code == 0, f"with room again, framebus {' '.join(words)} ended with {code}\n{command.stderr[-2000:]}")


def _mount(folder: Path, options: str) -> None:
    system("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder))


def _remount(folder: Path, options: str) -> None:
    system("mount", "-o", f"remount,{options}", str(folder))
