"""R13: Ctrl-C and SIGTERM at random moments of every command that runs for a while."""

from __future__ import annotations

import re
import signal
import time
from contextlib import suppress

from framebus.stress.numbered_pictures import make_pictures
from framebus.stress.trial import Trial
from framebus.testing.children import Child

TIMES = 8
_OURS = r"framebus/(?!__init__\.py)\S*\.py"
LIVE, FINITE = (0,), (0, 130, 143)
"""What a command that goes on for ever, and one that has an end, may exit with."""
SYSTEM = """
[streams]
cam = "synthetic:"
[pipes.look]
source = "cam"
op = "framebus.stress.rounds.workers_killed:invert"
"""


def attempt(trial: Trial) -> None:
    """Start one, wait a random while, signal, look at its end."""
    make_pictures(trial.folder / "photos", 60)
    (trial.folder / "system.toml").write_text(SYSTEM)
    for number in range(TIMES):
        words, codes = trial.chance.choice(_commands(number))
        command = trial.framebus(*words)
        time.sleep(trial.chance.uniform(0.0, 2.5))
        ended_before = command.process.poll() is not None
        _signal(trial, command)
        began = time.monotonic()
        code = command.wait(20.0)
        trial.measure("signal to exit", (time.monotonic() - began) * 1e3, "ms", most=5000)
        early = _before_it_could_listen(command, code)
        trial.count("too early" if early else "signals")
        said = f"framebus {' '.join(words)} ended with {code}\n{command.stderr[-3000:]}"
        trial.check(early or "Traceback" not in command.stderr, said)
        trial.check(ended_before or early or code in codes, said)
        trial.check(not _left_half_made(trial), f"half-made files: {_left_half_made(trial)}")


def _commands(number: int) -> list[tuple[list[str], tuple[int, ...]]]:
    op = ("--op", "framebus.stress.rounds.workers_killed:invert")
    return [
        (["pipe", "synthetic:", "null:"], LIVE),
        (["pipe", "synthetic:", f"shm://cam{number}", *op, "--workers", "2"], LIVE),
        (["pipe", "synthetic:", f"kept{number}/"], LIVE),
        (["run", "system.toml"], LIVE),
        (["serve", op[1], f"ipc://service{number}", "--workers", "2"], LIVE),
        (["process", "photos", f"results{number}", *op, "--workers", "2"], FINITE),
        (["process", "photos", f"results{number}", *op, "--workers", "0"], FINITE),
        (["pipe", "photos/", f"copied{number}/"], FINITE),
    ]


def _signal(trial: Trial, command: Child) -> None:
    with suppress(ProcessLookupError):  # it was finished
        if trial.chance.random() < 0.5:
            command.process.send_signal(signal.SIGTERM)
        else:
            command.interrupt()


def _before_it_could_listen(command: Child, code: int) -> bool:
    """Python itself ends by a signal that comes before the command runs: while it looks for the package and begins to
    import it. Its traceback is none of ours then: it names no file of the package but the first."""
    return code in (-signal.SIGTERM, -signal.SIGINT, 130) and not re.search(_OURS, command.stderr)


def _left_half_made(trial: Trial) -> list[str]:
    return [path.name for path in trial.folder.rglob("*.partial*")]
