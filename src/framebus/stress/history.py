"""What came out of earlier runs, in a file of lines: each is what one run saw of one claim. They add up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from framebus.core.errors import Unavailable
from framebus.core.not_json import NOT_JSON
from framebus.stress.claims import Claim
from framebus.stress.outcomes import Breached, Figure, Outcome, Round

MOST_VALUES = 400
"""So many values of a figure are kept of a run: of more, as many as stand for them."""


class Run(msgspec.Struct):
    """Which run it was."""

    began: str
    """`2026-11-22 10:00`, UTC."""
    version: str
    """Of framebus."""
    machine: str
    seed: int


class Line(msgspec.Struct):
    """What one run saw of one claim."""

    claim: str
    run: Run
    rounds: int
    seconds: float
    counts: dict[str, int]
    figures: dict[str, Figure]
    breaches: list[Breached]


def add(path: Path, run: Run, outcome: Outcome) -> None:
    """Write one line more; the file is made where it is not there. Several runs may write at once."""
    figures = {name: Figure(one.unit, one.most, _fewer(one.values)) for name, one in outcome.figures.items()}
    line = Line(
        outcome.claim.key,
        run,
        outcome.rounds,
        round(outcome.seconds, 1),
        dict(outcome.counts),
        figures,
        outcome.breaches,
    )
    with path.open("ab", buffering=0) as file:  # one write: lines of several runs do not mix
        file.write(msgspec.json.encode(line) + b"\n")


def read(path: Path) -> list[Line]:
    """All lines; none where there is no file. Raises `Unavailable` where it is another kind of file."""
    try:
        return [msgspec.json.decode(line, type=Line) for line in path.read_bytes().splitlines()]
    except FileNotFoundError:
        return []
    except (OSError, *NOT_JSON) as error:
        raise Unavailable(
            f"{path} is no history of `framebus stress`: {error}. Name another file, or one that is not there yet."
        ) from None


def sums(claims: Iterable[Claim], lines: Sequence[Line]) -> list[Outcome]:
    """What came out of each of `claims`, all runs together; a claim that no run tried is left out."""
    outcomes = [_sum(claim, [line for line in lines if line.claim == claim.key]) for claim in claims]
    return [outcome for outcome in outcomes if outcome.rounds]


def _sum(claim: Claim, lines: Sequence[Line]) -> Outcome:
    outcome = Outcome(claim)
    for line in lines:
        outcome.add_rounds(Round(line.counts, line.figures), line.rounds, line.seconds)
        outcome.breaches += line.breaches
    return outcome


def described(lines: Sequence[Line]) -> str:
    """`7 runs from 2026-11-22 to 2026-11-23, with framebus 0.2.0, 2 cores …`; all machines are named."""
    runs = sorted({(line.run.began, line.run.seed) for line in lines})
    days = list(dict.fromkeys(began[:10] for began, _ in runs))
    when = f"on {days[0]}" if len(days) == 1 else f"from {days[0]} to {days[-1]}"
    known = sorted({line.run.version for line in lines}, key=lambda version: (len(version), version))
    versions = known[0] if len(known) == 1 else f"{known[0]} to {known[-1]}"
    machines = "; ".join(dict.fromkeys(line.run.machine for line in lines))
    return f"{len(runs)} {'run' if len(runs) == 1 else 'runs'} {when}, with framebus {versions}, {machines}"


def _fewer(values: Sequence[float]) -> list[float]:
    """At most `MOST_VALUES` of them, the least and the largest among them, to four digits."""
    ordered = sorted(values)
    if (many := len(ordered)) > MOST_VALUES:
        ordered = [ordered[index * (many - 1) // (MOST_VALUES - 1)] for index in range(MOST_VALUES)]
    return [float(f"{value:.4g}") for value in ordered]
