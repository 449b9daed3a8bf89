"""Claims: who may have a stream name at a hub, and what is asked of the one that has it."""

from __future__ import annotations

import pytest

from framebus.session.feed import Feed
from framebus.session.objection import Objection
from framebus.session.pulse import Pulse
from framebus.session.stream_names import PROOF_S, Claims, Names, Verdict
from framebus.wire.control import Party
from tests.session.desk import Key


class Hub:
    """Claims upon `cam`, which a publisher of this machine has."""

    def __init__(self) -> None:
        self.names = Names()
        self.pulse = Pulse()
        self.claims = Claims(self.names, self.pulse)
        self.owner = Feed("owner")
        self.second = Feed("second")
        for feed in (self.owner, self.second):
            feed.party = Party(host="here", hostname="desk", pid=1, command="camera")
        self.owner.meet("line 1")
        self.pulse.heard("line 1", 0.0)
        self.names.claim(self.owner, "cam")

    def judge(self, now: float, stream: str = "cam") -> Verdict:
        return self.claims.judge(self.second, stream, None, now)


@pytest.fixture
def hub() -> Hub:
    return Hub()


def test_a_free_name_may_be_had(hub: Hub) -> None:
    assert hub.judge(5.0, "other") == Verdict()
    assert hub.claims.judge(hub.owner, "cam", None, 5.0) == Verdict()


def test_an_owner_that_was_not_heard_since_is_asked(hub: Hub) -> None:
    objection, ask, lose = hub.judge(5.0)
    assert objection is not None
    assert (objection.code, objection.retry) == ("name", True)
    assert (ask, lose) == ("line 1", None)


def test_one_that_answers_keeps_the_name(hub: Hub) -> None:
    hub.judge(5.0)
    hub.pulse.heard("line 1", 5.5)
    objection, ask, lose = hub.judge(5.0 + PROOF_S)
    assert objection is not None
    assert (objection.code, objection.retry) == ("name", False)
    assert (ask, lose) == (None, None)


def test_one_that_does_not_is_given_up(hub: Hub) -> None:
    hub.judge(5.0)
    assert hub.judge(5.0 + PROOF_S) == Verdict(lose="line 1")


def test_an_owner_without_a_connection_need_not_be_asked(hub: Hub) -> None:
    hub.owner.break_off(1.0)
    assert hub.judge(5.0) == Verdict()


def test_a_key_that_does_not_cover_the_name_is_refused_first(hub: Hub) -> None:
    verdict = hub.claims.judge(hub.second, "cam", Key(publish={"other"}), 5.0)
    assert verdict == Verdict(Objection("rights", "this key may not publish 'cam'"))
