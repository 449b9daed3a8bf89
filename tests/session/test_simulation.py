"""The promises hold on a network that goes wrong in every way, for every seed that is tried."""

from __future__ import annotations

import re

import pytest

from framebus.session.feed import Feed
from framebus.session.handshake import Calling
from framebus.session.latest import LatestGroup
from framebus.session.lossless import LosslessGroup
from framebus.session.outgoing import Entry
from framebus.session.publisher import PublisherSession
from framebus.session.retention import MemoryRetention
from framebus.testing.simulation import World, main

SEEDS = 2000
CHUNKS = 4


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_promises_are_kept(chunk: int, capsys: pytest.CaptureFixture[str]) -> None:
    size = SEEDS // CHUNKS
    assert main(["--first", str(chunk * size), "--seeds", str(size)]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("seed", [565195622, 565222541, 565228298, 565266640, 565286452])
def test_promises_that_were_broken_once_are_kept(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", str(seed)]) == 0, capsys.readouterr().out


def test_a_seed_is_the_same_story_every_time() -> None:
    stories: list[list[str]] = [[], []]
    for story in stories:
        World(7, story.append).run()
    assert stories[0] == stories[1]
    assert len(stories[0]) >= 3


def test_troubles_of_every_kind_happen() -> None:
    story: list[str] = []
    for seed in range(100):
        World(seed, story.append).run()
    text = "\n".join(story)
    for trouble in ("breaks for", "is frozen for", "sleeps for", "is killed for", "leaves"):
        assert len(re.findall(trouble, text)) > 10, trouble


def test_one_seed_tells_its_story(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "7"]) == 0
    assert "starts" in capsys.readouterr().out


def test_a_broken_promise_is_printed_with_the_command_that_shows_it_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def forget(group: LosslessGroup, entry: Entry) -> None:
        """Not kept."""

    monkeypatch.setattr(LosslessGroup, "_keep", forget)
    assert main(["--seeds", "50"]) == 3
    out = capsys.readouterr().out
    assert re.search(r"seed \d+: .+\nagain: python -m framebus.testing.simulation --seed \d+", out)


@pytest.mark.parametrize(
    ("where", "name", "broken"),
    [
        (Feed, "is_repeated", lambda feed, item: False),
        (LosslessGroup, "leave", lambda group, member: group.members.pop(member.session)),
        (LosslessGroup, "acknowledge", lambda group, identity: None),
        (LatestGroup, "_offer_frame", lambda group, stream, entry, now: group.held.setdefault(stream, [entry])),
        (PublisherSession, "_end_readers", lambda session, now: None),
        (Calling, "lost", lambda calling, now: None),
        (MemoryRetention, "room_for", lambda retention, nbytes: True),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_simulation_notices_what_is_broken(
    where: type, name: str, broken: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, name, broken)
    assert main(["--seeds", "300"]) == 3
