"""What came out: of one round, and of all rounds of a claim."""

from __future__ import annotations

from collections import Counter
from statistics import quantiles

import msgspec

from framebus.stress.claims import Claim


class Figure(msgspec.Struct):
    """Something measured, one value for each time."""

    unit: str
    most: float | None = None
    """What 99 of 100 may not exceed, where times are judged."""
    values: list[float] = []

    @property
    def p50(self) -> float:
        """The median."""
        return _quantile(self.values, 50)

    @property
    def p99(self) -> float:
        """Of 100 values, 99 are not above it."""
        return _quantile(self.values, 99)

    @property
    def too_much(self) -> bool:
        """Whether there is a limit and it is exceeded."""
        return self.most is not None and bool(self.values) and self.p99 > self.most


class Round(msgspec.Struct):
    """One round."""

    counts: dict[str, int] = {}
    figures: dict[str, Figure] = {}
    breach: str = ""
    missing: str = ""
    """What this machine lacks to try it."""


class Breached(msgspec.Struct):
    """A round in which the promise was broken, and the seed that repeats it."""

    seed: int
    text: str


class Outcome:
    """All rounds of one claim so far. Used by one thread."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.rounds = 0
        self.seconds = 0.0
        self.counts: Counter[str] = Counter()
        self.figures: dict[str, Figure] = {}
        self.breaches: list[Breached] = []
        self.missing = ""

    def add(self, seed: int, played: Round, seconds: float) -> None:
        """Take in one more round."""
        if played.missing:
            self.seconds += seconds
            self.missing = played.missing
            return
        self.add_rounds(played, 1, seconds)
        if played.breach:
            self.breaches.append(Breached(seed, played.breach))

    def add_rounds(self, played: Round, rounds: int, seconds: float) -> None:
        """Take in what `rounds` of them counted and measured together."""
        self.seconds += seconds
        self.rounds += rounds
        self.counts.update(played.counts)
        for name, figure in played.figures.items():
            self.figures.setdefault(name, Figure(figure.unit, figure.most)).values.extend(figure.values)

    def state(self, *, strict: bool = False) -> str:
        """`held`, `broken`, or `not tried`; too slow is broken where times are judged."""
        if self.breaches or (strict and self.too_slow):
            return "broken"
        return "held" if self.rounds else "not tried"

    @property
    def too_slow(self) -> list[str]:
        """A line for each figure beyond its limit."""
        return [
            f"{name}: {figure.p99:.4g} {figure.unit} (99 %), at most {figure.most:g} are promised"
            for name, figure in self.figures.items()
            if figure.too_much
        ]

    def to_dict(self, *, strict: bool) -> dict[str, object]:
        """For JSON."""
        return {
            "claim": self.claim.key,
            "promise": self.claim.promise,
            "tried_by": self.claim.tried_by,
            "state": self.state(strict=strict),
            "rounds": self.rounds,
            "seconds": round(self.seconds, 1),
            "counts": dict(self.counts),
            "figures": {
                name: {"unit": one.unit, "p50": one.p50, "p99": one.p99, "most": one.most, "values": len(one.values)}
                for name, one in self.figures.items()
            },
            "breaches": msgspec.to_builtins(self.breaches),
            "missing": self.missing,
        }


def _quantile(values: list[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0]
