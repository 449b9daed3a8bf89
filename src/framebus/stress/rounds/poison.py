"""R3: some pictures crash their process, some hold it up for ever, and others are killed while innocent."""

from __future__ import annotations

import os
import signal
import time

import framebus as fb
from framebus.stress.numbered_pictures import Picture, check_inverted, make_pictures, name, number_of
from framebus.stress.striking import Striking
from framebus.stress.trial import Trial

PICTURES = 200
CRASHING = {17, 71, 144}
HANGING = {98}
PATIENCE = "3s"
KILLS = 12


def hurt(image: Picture) -> Picture:
    """The op."""
    number = number_of(image)
    if number in CRASHING:
        os.kill(os.getpid(), signal.SIGSEGV)
    while number in HANGING:
        time.sleep(1)
    time.sleep(0.002)
    return 255 - image


def attempt(trial: Trial) -> None:
    """Exactly the bad ones are put aside."""
    photos, results = trial.folder / "photos", trial.folder / "results"
    make_pictures(photos, PICTURES)
    bad = CRASHING | HANGING
    with Striking(trial.chance, KILLS, (signal.SIGKILL,)) as striking:
        report = fb.process(photos, results, [hurt], workers=3, encode="png", work_timeout=PATIENCE)
    trial.count("kills", striking.kills)
    trial.count("images", PICTURES)
    trial.count("put aside", len(report.quarantined))
    blamed = {os.path.basename(trouble.path) for trouble in (*report.quarantined, *report.failures)}
    expected = {name(number) for number in bad}
    trial.check(blamed == expected, f"blamed {sorted(blamed)}, but it was {sorted(expected)}")
    check_inverted(trial, results, set(range(PICTURES)) - bad)
