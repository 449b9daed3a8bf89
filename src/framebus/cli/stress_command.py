"""`framebus stress`."""

from __future__ import annotations

import argparse
import json
import math
import platform
import secrets
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from framebus.cli.colour import paint
from framebus.cli.console import console
from framebus.cli.figures import count, span
from framebus.cli.parser import Parser, Subparsers
from framebus.cli.stopping import Stopping

if TYPE_CHECKING:
    from framebus.stress.claims import Claim
    from framebus.stress.outcomes import Outcome

BROKEN = 3
_MARKS = {"held": ("✓", "green"), "broken": ("✗", "red"), "not tried": ("–", "dim")}

_DESCRIPTION = """\
Try to break framebus on this machine: kill its processes, cut its network, fill its disks, feed it rubbish, steal its
keys, and check afterwards that every promise held. Everything happens in processes, folders and networks of its own;
streams and files of yours are not touched.

Each claim is tried at least once and then as often as time allows. What happens follows from the seed, so that what
broke once can be seen again. The exit code is 3 when a promise was broken."""

_EXAMPLES = """\
examples
  framebus stress                                   every claim once: some minutes
  framebus stress --minutes 60 --report table.md    an hour, and the table as a page
  framebus stress --only R1,S1 --rounds 20
  framebus stress --strict                          judge times too, on a machine that does nothing else
  framebus stress --minutes 60 --history all.jsonl --report table.md
                                                    adds up: tonight's hour and those of other nights
  framebus stress --list                            what is promised, and how it is tried"""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add `framebus stress`."""
    parser = subparsers.add_parser("stress", description=_DESCRIPTION, epilog=_EXAMPLES)
    parser.add_argument(
        "--minutes", type=_minutes, default=0.0, metavar="N", help="how long in all; each claim at least once"
    )
    parser.add_argument("--only", action="append", default=[], metavar="CLAIM", help="R1, or several: R1,S2")
    parser.add_argument("--rounds", type=_rounds, metavar="N", help="so often each, whatever time it takes")
    parser.add_argument("--seed", type=int, metavar="N", help="what happens follows from it; one of chance otherwise")
    parser.add_argument("--strict", action="store_true", help="judge times too: the machine must do nothing else")
    parser.add_argument("--report", type=_report, metavar="FILE", help="write what came out: table.md or table.json")
    parser.add_argument(
        "--history", type=Path, metavar="FILE", help="add to what earlier runs saw, kept in FILE, and tell the sum"
    )
    parser.add_argument("--list", action="store_true", help="say what is promised and how it is tried")
    parser.add_argument("--json", action="store_true", help="print JSON: an object for each claim")


def run(arguments: argparse.Namespace) -> int:
    """Try them; the exit code."""
    from framebus.stress.claims import chosen
    from framebus.stress.runner import run as tried

    claims = chosen([key for words in arguments.only for key in words.split(",") if key])
    if arguments.list:
        return _list(arguments.json)
    seed = secrets.randbelow(10**6) if arguments.seed is None else arguments.seed
    seconds = math.inf if arguments.rounds else arguments.minutes * 60
    seen = _Seen(arguments.history, seed)
    with Stopping() as stopping:
        began = time.monotonic()
        going = _Going(stopping, len(claims), seed)
        for outcome in tried(claims, seed, seconds=seconds, rounds=arguments.rounds or sys.maxsize, going=going):
            all_of_it = seen.add(outcome)
            if not arguments.json:
                _tell(all_of_it, strict=arguments.strict)
        took_s = time.monotonic() - began
    console.clear()
    return _concluded(arguments, seen, f"seed {seed} · {span(took_s)}")


class _Seen:
    """What came out, of this run or with those before it."""

    def __init__(self, history: Path | None, seed: int) -> None:
        from framebus import __version__
        from framebus.stress.history import Run, read

        self.history = history
        self._run = Run(f"{datetime.now(UTC):%Y-%m-%d %H:%M}", __version__, _machine(), seed)
        self._outcomes: list[Outcome] = []
        if history is not None:
            read(history)  # refused now rather than after an hour

    def add(self, outcome: Outcome) -> Outcome:
        """Keep it; what is known of its claim now."""
        from framebus.stress.history import add, read, sums

        self._outcomes.append(outcome)
        if self.history is None or not outcome.rounds:
            return outcome
        add(self.history, self._run, outcome)
        return sums([outcome.claim], read(self.history))[0]

    def outcomes(self) -> list[Outcome]:
        """Of all claims, in their order."""
        from framebus.stress.claims import CLAIMS
        from framebus.stress.history import read, sums

        if self.history is None:
            return self._outcomes
        before = sums(CLAIMS, read(self.history))
        known = {outcome.claim.key for outcome in before}
        return before + [outcome for outcome in self._outcomes if outcome.claim.key not in known]

    def origin(self, typed: str, when: str) -> str:
        """Where the table comes from, a sentence."""
        from framebus.stress.history import described, read

        if self.history is None:
            return f"Written by `{typed}`, {when}, with framebus {self._run.version}, {self._run.machine}."
        return f"Written by `framebus stress --history`: {described(read(self.history))}."


class _Going:
    """Says what is tried now, and that it shall go on until somebody asks to stop."""

    def __init__(self, stopping: Stopping, claims: int, seed: int) -> None:
        self._stopping = stopping
        self._claims = claims
        self._seed = seed
        self._begun = 0

    def __call__(self, claim: Claim, number: int) -> bool:
        self._begun += number == 0
        where = f"{claim.key}, {self._begun} of {self._claims} · round {number + 1} · seed {self._seed + number}"
        console.status(f"{where} · {claim.tried_by}")
        return not self._stopping.asked


def _tell(outcome: Outcome, *, strict: bool) -> None:
    from framebus.stress.results_table import account, complaints

    mark, style = _MARKS[outcome.state(strict=strict)]
    console.clear()
    print(f"{paint(mark, style)} {outcome.claim.key:<4}{outcome.claim.promise}")
    print(f"      {account(outcome)}", flush=True)
    for line in complaints(outcome, strict=strict):
        print(paint(f"      {line}", "red"), flush=True)


def _concluded(arguments: argparse.Namespace, seen: _Seen, when: str) -> int:
    """The last line and the report; the exit code."""
    from framebus.stress.results_table import page

    outcomes = seen.outcomes()
    states = Counter(outcome.state(strict=arguments.strict) for outcome in outcomes)
    found = [outcome.to_dict(strict=arguments.strict) for outcome in outcomes]
    as_json = json.dumps(found, indent=2, ensure_ascii=False)
    if arguments.json:
        print(as_json)
    if arguments.report is not None:
        as_page = arguments.report.suffix == ".md"
        text = page(outcomes, seen.origin(_typed(arguments), when)) if as_page else as_json
        arguments.report.write_text(text, encoding="utf-8")
    said = " · ".join(f"{states[state]} {state}" for state in _MARKS if states[state])
    console.say(f"{count(len(outcomes), 'claim')} · {said} · {when}")
    return BROKEN if states["broken"] else 0


def _typed(arguments: argparse.Namespace) -> str:
    """The command, as somebody would type it to repeat this."""
    words = ["framebus stress"]
    words += [f"--minutes {arguments.minutes:g}"] if arguments.minutes else []
    words += [f"--only {','.join(arguments.only)}"] if arguments.only else []
    words += [f"--rounds {arguments.rounds}"] if arguments.rounds else []
    return " ".join(words)


def _machine() -> str:
    from framebus.core.cores import cores

    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{count(cores(), 'core')} ({platform.machine()}), {system}"


def _list(as_json: bool) -> int:
    from framebus.stress.claims import CLAIMS

    if as_json:
        print(json.dumps([{"claim": c.key, "promise": c.promise, "tried_by": c.tried_by} for c in CLAIMS], indent=2))
        return 0
    for claim in CLAIMS:
        print(f"{claim.key:<4}{claim.promise}\n    {paint(claim.tried_by, 'dim')}")
    return 0


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0 < minutes < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of minutes: 5, 0.5")
    return minutes


def _rounds(text: str) -> int:
    rounds = int(text)
    if rounds < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: at least 1")
    return rounds


def _report(text: str) -> Path:
    path = Path(text)
    if path.suffix not in (".md", ".json"):
        raise argparse.ArgumentTypeError(f"{text!r} ends in neither .md nor .json")
    return path
