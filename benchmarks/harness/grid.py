"""A grid of measurements: every transport in every kind of measurement at every size."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from benchmarks.harness.cells import one_to_many, there_and_back, until_taken
from benchmarks.harness.flow import Budget
from benchmarks.harness.frames import FRAME_SIZES, SIZES, Frames
from benchmarks.harness.program import Options
from benchmarks.harness.rounds import Cells, Values
from benchmarks.peers import Catalogue
from benchmarks.peers.base import Peer

_MOST_TRIPS, _MOST_FRAMES = 300, 4000


@dataclass(frozen=True)
class Cell:
    """One transport at one size: `seconds` long where frames go one at a time, twice that where `window` flow."""

    peer: Peer
    frames: Frames
    seconds: float
    window: int

    def one_way(self, readers: int = 1, pause_s: float = 0.0) -> Values:
        """One frame at a time to each of `readers` readers, the sender resting `pause_s` before each."""
        budget = Budget(self.seconds, _MOST_TRIPS, window=1, pause_s=pause_s)
        return one_to_many(self.peer, self.frames, readers, budget, lossless=False)

    def flow(self, readers: int = 1) -> Values:
        """As many frames as there can be, none lost."""
        budget = Budget(self.seconds * 2, _MOST_FRAMES, self.window)
        return one_to_many(self.peer, self.frames, readers, budget, lossless=True)

    def round_trip(self) -> Values:
        """The whole frame there, and back over a second link."""
        return there_and_back(self.peer, self.frames, Budget(self.seconds, _MOST_TRIPS, window=1))

    def until_taken(self) -> Values:
        """The frame there, and only the word that it was taken back."""
        return until_taken(self.peer, self.frames, Budget(self.seconds, _MOST_TRIPS, window=1))


Kinds = Mapping[str, Callable[[Cell], Values]]


def options(name: str, about: str, catalogue: Catalogue, kinds: Iterable[str]) -> Options:
    """The command line of a benchmark that measures `kinds` with the transports of `catalogue`."""
    told = Options(name, about, quick="the main transports, three short rounds")
    told.add_argument("--sizes", nargs="+", choices=SIZES, default=list(FRAME_SIZES))
    told.add_argument("--kinds", nargs="+", choices=kinds, default=list(kinds))
    told.add_either(
        "--only", catalogue.usual, catalogue.quick, nargs="+", choices=catalogue.makers, help="default: most of them"
    )
    add_lengths(told)
    return told


def add_lengths(told: Options) -> None:
    """The options that say how much is measured in each cell, and how often."""
    told.add_length("--rounds", 7, 3, "paired rounds")
    told.add_length("--seconds", 0.12, 0.08, "length of a measurement one at a time; the others take twice that")
    told.add_argument("--window", type=int, default=4, help="frames in flight where it matters (default 4)")


def frames_of(told: argparse.Namespace) -> dict[str, Frames]:
    """The frames of each size."""
    return {size: Frames(SIZES[size], told.window) for size in told.sizes}


def cells(
    found: Mapping[str, Peer],
    frames: Mapping[str, Frames],
    kinds: Kinds,
    told: argparse.Namespace,
    fits: Callable[[str, str], bool],
) -> Cells:
    """What to do with the transports `found`: blocks of a size and a kind, where `fits(kind, transport)`."""
    return {
        f"{size} {kind}": {
            name: partial(kinds[kind], Cell(peer, frames[size], told.seconds, told.window))
            for name, peer in found.items()
            if fits(kind, name)
        }
        for size in told.sizes
        for kind in told.kinds
    }
