"""R2: the whole process tree of a job is killed, again and again; the same command goes on each time."""

from __future__ import annotations

import json
import os
import signal
import time

from framebus.stress.numbered_pictures import check_inverted, make_pictures
from framebus.stress.trial import Trial
from framebus.testing.children import Child

PICTURES = 300
KILLS = 4
OP = "framebus.stress.rounds.workers_killed:invert"


def attempt(trial: Trial) -> None:
    """Kill when some random part is done; let the last one finish."""
    make_pictures(trial.folder / "photos", PICTURES)
    for _ in range(KILLS):
        job = _begun(trial)
        _kill_when(job, trial)
        trial.count("kills")
    code = _begun(trial).wait()
    report = json.loads((trial.folder / "report.json").read_text())
    trial.check(code == 0, f"the resumed job ended with {code}: {report['failures'][:3]}")
    trial.check(report["done"] == PICTURES, f"{report['done']} of {PICTURES} are said to be done")
    trial.count("images", PICTURES)
    trial.count("found done", report["resumed"])
    check_inverted(trial, trial.folder / "results", set(range(PICTURES)))


def _begun(trial: Trial) -> Child:
    return trial.framebus(
        *("process", "photos", "results", "--op", OP),
        *("--workers", "2", "--encode", "png", "--report", "report.json"),
    )


def _kill_when(job: Child, trial: Trial) -> None:
    """At a random moment: while it starts, while it works, or at its end."""
    results = trial.folder / "results"
    already = len(list(results.glob("*.png")))
    wanted = already + trial.chance.randrange(PICTURES // KILLS)
    while job.process.poll() is None and len(list(results.glob("*.png"))) < wanted:
        time.sleep(trial.chance.uniform(0.001, 0.05))
    time.sleep(trial.chance.uniform(0.0, 0.3))
    if job.process.poll() is None:
        os.killpg(job.pid, signal.SIGKILL)
    job.wait()
