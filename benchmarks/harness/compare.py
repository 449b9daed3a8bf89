"""Medians, and ratios of paired rounds with a bootstrap interval: is the difference there, or is it the machine?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

Rounds = Mapping[int, float]
"""Round number to the value measured in that round."""

_RESAMPLES = 4000
_NOTHING = 1e-9


@dataclass(frozen=True)
class Ratio:
    """How many times better (above 1) or worse (below 1), with the 95 % interval."""

    middle: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """`ahead` or `behind` when the whole interval is on that side of 1, else `level`."""
        if self.low > 1:
            return "ahead"
        return "behind" if self.high < 1 else "level"

    def __str__(self) -> str:
        return f"{self.middle:.2f} [{self.low:.2f}–{self.high:.2f}]"


@dataclass(frozen=True)
class Spread:
    """The median of one value per round, with the 95 % interval."""

    middle: float
    low: float
    high: float

    def at_most(self, limit: float) -> str:
        """Whether a goal is `met` or `missed`; `open` when the interval holds both answers."""
        if self.high <= limit:
            return "met"
        return "missed" if self.low > limit else "open"

    def at_least(self, limit: float) -> str:
        """The same for a goal that more is better for."""
        if self.low >= limit:
            return "met"
        return "missed" if self.high < limit else "open"


def spread(values: Sequence[float]) -> Spread | None:
    """The median of `values`, one per round; None without any."""
    if not values:
        return None
    return Spread(median(values), *_limits(np.asarray(values)))


def better_by(ours: Rounds, theirs: Rounds, higher_is_better: bool) -> Ratio | None:
    """Ours against theirs, round by round; None without a round that both finished."""
    paired = [(ours[at], theirs[at]) for at in ours if at in theirs]
    if not paired:
        return None
    logs = np.log([(max(mine, _NOTHING) / max(other, _NOTHING)) for mine, other in paired])
    return _interval(logs if higher_is_better else -logs)


def _interval(logs: np.ndarray) -> Ratio:
    low, high = _limits(logs)
    return Ratio(float(np.exp(np.median(logs))), float(np.exp(low)), float(np.exp(high)))


def _limits(values: np.ndarray) -> tuple[float, float]:
    draws = np.random.default_rng(0).integers(0, len(values), (_RESAMPLES, len(values)))
    low, high = np.quantile(np.median(values[draws], axis=1), [0.025, 0.975])
    return float(low), float(high)


def middle(rounds: Rounds) -> float:
    """The median over all rounds."""
    return median(rounds.values())


def best(candidates: Mapping[str, Rounds], names: Sequence[str], higher_is_better: bool) -> str | None:
    """The name among `names` with the best median; None when none of them has a value."""
    there = [name for name in names if candidates.get(name)]
    choose = max if higher_is_better else min
    return choose(there, key=lambda name: middle(candidates[name])) if there else None
