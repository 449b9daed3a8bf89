"""R1: a folder of pictures is worked on while workers are killed and crash; then everything is compared."""

from __future__ import annotations

import os
import secrets
import signal
import time

import framebus as fb
from framebus.stress.numbered_pictures import Picture, check_inverted, make_pictures
from framebus.stress.striking import Striking
from framebus.stress.trial import Trial

PICTURES = 400
KILLS = 40
WORKERS = 3
BLOWS = (signal.SIGKILL, signal.SIGTERM)
CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS)
ONE_IN = 120
"""So often the op itself crashes, whatever the picture."""


def invert(image: Picture) -> Picture:
    """Takes long enough for its worker to be met at it."""
    time.sleep(0.003)
    return 255 - image


def invert_or_crash(image: Picture) -> Picture:
    """The same, in a library with a flaw."""
    if secrets.randbelow(ONE_IN) == 0:
        os.kill(os.getpid(), secrets.choice(CRASHES))
    return invert(image)


def attempt(trial: Trial) -> None:
    """Work, strike, compare."""
    photos, results = trial.folder / "photos", trial.folder / "results"
    make_pictures(photos, PICTURES)
    with Striking(trial.chance, KILLS, BLOWS) as striking:
        report = fb.process(photos, results, [invert_or_crash], workers=WORKERS, encode="png")
    trial.count("kills", striking.kills)
    trial.count("deaths", report.lost_workers)
    trial.count("images", PICTURES)
    trial.check(not report.failures, f"blamed without reason: {report.failures[:3]}")
    trial.check(report.done == PICTURES, f"{report.done} of {PICTURES} are said to be done")
    check_inverted(trial, results, set(range(PICTURES)))
