"""What came out, in words: lines for a terminal, a page, and what to type to see a breach again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from framebus.stress.outcomes import Figure, Outcome

QUOTED = 25
"""Lines of a breach that are shown, its last ones."""
_HEAD = """\
# Reliability

What framebus promises, and what came out when everything was done to break it. This page is what
`framebus stress --report` writes: run it on your machine and compare.

{origin}

*Held* means that no round broke the promise. Times are measured and shown, with the limit they are judged by where
`--strict` is given; whether a machine is fast is no promise of ours. `--seed` with the number above repeats a round.

| claim | promise | tried by | came out | again |
| :-- | :-- | :-- | :-- | :-- |
"""


def account(outcome: Outcome) -> str:
    """`12 rounds, 612 kills, 12,000 images, 0 lost · kill to result 41 ms (99 %: 88)`, or why it was not tried."""
    if not outcome.rounds:
        return f"not tried: {outcome.missing}"
    rounds = "1 round" if outcome.rounds == 1 else f"{outcome.rounds:,} rounds"
    counts = [rounds, *(f"{number:,} {what}" for what, number in outcome.counts.items())]
    return " · ".join([", ".join(counts), *(_figure(name, one) for name, one in outcome.figures.items())])


def complaints(outcome: Outcome, *, strict: bool) -> Iterator[str]:
    """Lines that say how a promise was broken, and the command that shows it again."""
    for breached in outcome.breaches[:1]:
        yield f"{outcome.claim.key} is broken in {len(outcome.breaches)} of {outcome.rounds} rounds:"
        yield from (f"  {line}" for line in breached.text.strip().splitlines()[-QUOTED:])
        yield f"  again: framebus stress --only {outcome.claim.key} {_again(outcome)}"
    if strict:
        yield from (f"{outcome.claim.key} is too slow: {line}" for line in outcome.too_slow)


def page(outcomes: Sequence[Outcome], origin: str) -> str:
    """Markdown: what this is and where it comes from (a sentence), and one row for each claim."""
    return _HEAD.format(origin=origin) + "".join(_row(outcome) + "\n" for outcome in outcomes)


def _row(outcome: Outcome) -> str:
    claim = outcome.claim
    mark = {"held": "✓ held: ", "broken": "✗ **broken**: ", "not tried": ""}[outcome.state()]
    again = f"`framebus stress --only {claim.key} {_again(outcome)}`"
    cells = (claim.key, claim.promise, claim.tried_by, mark + account(outcome), again)
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _again(outcome: Outcome) -> str:
    often = (
        f"--minutes {outcome.seconds / 60:.0f}"
        if outcome.claim.lasting and outcome.seconds > 60
        else f"--rounds {1 if outcome.breaches else max(1, outcome.rounds)}"
    )
    return f"--seed {outcome.breaches[0].seed} {often}" if outcome.breaches else often


def _figure(name: str, figure: Figure) -> str:
    limits = [] if figure.most is None else [f"at most {figure.most:g}"]
    if len(figure.values) > 1:
        limits.insert(0, f"99 %: {figure.p99:.4g}")
    return f"{name} {figure.p50:.4g} {figure.unit}" + (f" ({', '.join(limits)})" if limits else "")
