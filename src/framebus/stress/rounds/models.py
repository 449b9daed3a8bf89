"""R15: publishers, readers and networks on a virtual clock, a new world for each number."""

from __future__ import annotations

from framebus.stress.trial import Trial
from framebus.testing.simulation import World

WORLDS = 250


def attempt(trial: Trial) -> None:
    """Some hundred worlds; each checks every promise about memory, credit, loss, gaps and ends."""
    for _ in range(WORLDS):
        world = trial.chance.randrange(10**9)
        try:
            World(world).run()
        except AssertionError as broken:
            trial.check(False, f"{broken}\nits story: python -m framebus.testing.simulation --seed {world}")
        trial.count("worlds")
