"""The process of one round: `python -m framebus.stress.round MODULE SEED FOLDER SECONDS`.

The account is left in the folder; a lasting round takes so many seconds.
"""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from pathlib import Path

import msgspec

from framebus.stress.outcomes import Round
from framebus.stress.trial import Breach, NotHere, Trial
from framebus.supervise.lifeline import die_with

ACCOUNT = "round.json"


def play(module: str, seed: int, folder: Path, seconds: float) -> Round:
    """One round; whatever it raises is its account."""
    trial = Trial(seed, folder, seconds)
    breach = missing = ""
    try:
        import_module(module).attempt(trial)
    except NotHere as reason:
        missing = str(reason)
    except Breach as broken:
        breach = str(broken)
    except Exception:  # whatever went wrong: a round that fails has not shown the promise
        breach = traceback.format_exc()
    orphans = trial.finish()
    if orphans and not breach:
        breach = "processes outlived the one that started them:\n  " + "\n  ".join(orphans)
    return trial.result(breach=breach, missing=missing)


def main(arguments: list[str]) -> int:
    """Play, and write the account; ends with whoever asked for it."""
    die_with(os.getppid())
    module, seed, folder, seconds = arguments
    place = Path(folder) / "work"
    place.mkdir()
    played = play(module, int(seed), place, float(seconds))
    (Path(folder) / ACCOUNT).write_bytes(msgspec.json.encode(played))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
