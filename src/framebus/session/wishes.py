"""What a reader asks of publishers: in its hello where it calls, in its welcome where it is called."""

from __future__ import annotations

from typing import Any

from framebus.core.names import matches
from framebus.session.handshake import Calling
from framebus.session.rules import ReaderRules
from framebus.wire.control import Hello, Party, Welcome

Wishes = Hello | Welcome
"""Whichever side connected."""


def hello(rules: ReaderRules, party: Party, calling: Calling) -> Hello:
    """To the publisher that is called."""
    return Hello(session=calling.session, attempt=calling.attempt, **_wishes(rules, party))


def welcome(rules: ReaderRules, party: Party, answered: Hello) -> Welcome:
    """To a publisher that called."""
    return Welcome(session=answered.session, attempt=answered.attempt, **_wishes(rules, party))


def _wishes(rules: ReaderRules, party: Party) -> dict[str, Any]:
    return {
        "role": "reader",
        "party": party,
        "want": rules.want,
        "keep": rules.keep,
        "group": rules.group,
        "exclusive": rules.exclusive,
        "max_fps": rules.max_fps,
        "packets": rules.packets,
        "window_bytes": rules.window_bytes,
    }


def include(wishes: Wishes, stream: str) -> bool:
    """True when a reader's wishes include `stream`."""
    return not wishes.want or any(matches(pattern, stream) for pattern in wishes.want)
