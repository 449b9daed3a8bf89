"""What is published on this machine, as far as the page wants to know."""

from __future__ import annotations

from typing import NamedTuple

from framebus.core.contracts import SourceState


class Here(NamedTuple):
    """The streams of this machine, and how their cameras are."""

    streams: frozenset[str]
    states: dict[str, SourceState]


def look_around(asking: bool) -> Here:
    """Look now; with `asking`, publishers are asked how their cameras are, which takes longer."""
    from framebus.links import directory
    from framebus.verbs.streams import streams

    publishers = [record for record in directory.entries() if record.kind == "publisher"]
    names = frozenset(name for record in publishers for name in record.streams)
    found = streams() if asking and publishers else []
    return Here(names, {info.name: info.state for info in found if info.state is not None})
