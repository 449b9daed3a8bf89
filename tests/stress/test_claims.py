"""A short version of every claim about robustness holds here, with a seed that is always the same."""

from __future__ import annotations

import pytest

from framebus.stress.claims import CLAIMS, Claim
from framebus.stress.rounds import leaks
from framebus.stress.runner import played

SEED = 20


@pytest.mark.parametrize(
    "claim", [claim for claim in CLAIMS if not claim.key.startswith("S")], ids=lambda claim: claim.key
)
def test_it_holds(claim: Claim) -> None:
    account = played(claim, SEED)
    if account.missing:
        pytest.skip(f"NOT TESTED: {account.missing}")
    assert not account.breach, account.breach
    assert account.counts


def test_what_is_held_is_sampled_evenly_however_many_turns_there_are() -> None:
    samples = leaks.Samples()
    for turn in range(5 * leaks.MOST_SAMPLES):
        samples.add(1_000_000 + 7 * turn, 12, 3)
    memory, descriptors, threads = samples.settled
    assert samples.slope(memory) == pytest.approx(7)
    assert len(memory) <= leaks.MOST_SAMPLES
    assert memory[-1] == pytest.approx(1_000_000 + 7 * samples.turns, rel=0.01), "the last turns are among them"
    assert (set(descriptors), set(threads)) == ({12.0}, {3.0})
