"""R14: processes sleep longer than anybody's patience, and the wall clock jumps."""

from __future__ import annotations

import time

from framebus.memory.pool import supported
from framebus.stress.trial import Trial

FRAMES = 1500
ASLEEP_S = (3.6, 5.0)
"""Longer than links take to call somebody away."""


def attempt(trial: Trial) -> None:
    """Sender, then saver sleep; the sender's clock jumps back and forth; every frame arrives, in order."""
    address = "shm://cam" if supported() and trial.chance.random() < 0.5 else f"tcp://localhost:{trial.port()}/cam"
    file = trial.folder / "numbers"
    saver = trial.python("-m", "framebus.stress.players", "save", address, "saver", file)
    sender = trial.python("-m", "framebus.stress.players", "jump", address, str(FRAMES), "saver")
    for sleeper in trial.chance.sample([sender, saver], 2)[: trial.chance.randint(1, 2)]:
        trial.wait_until(lambda: file.exists() and len(file.read_text()) > 100, "frames came")
        sleeper.stop()
        time.sleep(trial.chance.uniform(*ASLEEP_S))
        sleeper.cont()
        trial.count("sleeps")
    for one in (sender, saver):
        trial.check(one.wait(60) == 0, f"{one.arguments[3:5]} ended badly\n{one.stderr}")
    numbers = [int(line) for line in file.read_text().split()]
    trial.count("frames", FRAMES)
    trial.count("clock jumps", FRAMES // 100)
    trial.check(numbers == list(range(FRAMES)), f"{len(numbers)} frames came, {len(set(numbers))} different ones")
