"""Whatever happens in whatever order: one publisher, readers of every kind, lines that break, freeze and heal.

Hypothesis chooses what happens; the model is a list of what was made and what each reader's user got and was told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.session.desk import RUN, Desk, Listener, frame

BUDGET = 1000
LARGEST = 400
KINDS: dict[str, dict[str, Any]] = {
    "file": {"keep": "all", "group": "file", "exclusive": True},
    "one": {"keep": "all", "group": "shared", "window_frames": 2},
    "two": {"keep": "all", "group": "shared", "window_frames": 2},
    "resumed": {"keep": "all"},
    "viewer": {"keep": "latest"},
    "thinned": {"keep": "latest", "max_fps": 5.0},
}
whom = st.sampled_from(sorted(KINDS))


class Life:
    """One process that reads: its user takes frames one by one."""

    def __init__(self, reader: Listener, begun: int) -> None:
        self.reader = reader
        self.begun = begun
        self.seen: list[int] = []
        self.missed = 0
        self.over = False

    def turn(self) -> bool:
        """The user is finished with one frame and gets the next; False when there is none."""
        item = self.reader.read()
        if item is None:
            return False
        self.seen.append(item.seq)
        self.missed += item.missed
        return True

    @property
    def told(self) -> int:
        """All it was told it missed."""
        return self.missed + sum(self.reader.session.missed_at_end.values())


class PublisherAndReaders(RuleBasedStateMachine):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()
        self.made = 0
        self.lives: dict[str, list[Life]] = {name: [] for name in KINDS}
        self.down: set[str] = set()

    @initialize(live=st.booleans(), when_full=st.sampled_from(["wait", "skip", None]))
    def begin(self, live: bool, when_full: str | None) -> None:
        self.publisher = self.desk.publisher(live=live, when_full=when_full, retain_bytes=BUDGET)
        self.waits = when_full == "wait" or (when_full is None and not live)
        for name in KINDS:
            self.start(name)

    def start(self, name: str) -> None:
        before = self.made
        reader = self.desk.reader(self.publisher, name, **KINDS[name])
        reader.ask()
        self.lives[name].append(Life(reader, before))

    def now(self, name: str) -> Life:
        """Who reads there now."""
        return self.lives[name][-1]

    # what happens ------------------------------------------------------------------------------------------

    @rule(count=st.integers(1, 4), nbytes=st.sampled_from([1, 100, LARGEST]))
    def send(self, count: int, nbytes: int) -> None:
        for _ in range(count):
            blocked_by = self.publisher.try_send(frame(self.made, nbytes=nbytes, at=self.desk.now))
            if blocked_by is not None:
                assert self.publisher.session.audience.groups[blocked_by].may_stop_publisher
                return
            self.made += 1

    @rule(name=whom, count=st.integers(1, 5))
    def read(self, name: str, count: int) -> None:
        for _ in range(count):
            self.now(name).turn()

    @rule(name=whom)
    def cut(self, name: str) -> None:
        if name not in self.down:
            self.down.add(name)
            self.now(name).reader.cut()

    @precondition(lambda self: self.down)
    @rule(data=st.data())
    def heal(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.down)))
        self.down.remove(name)
        self.now(name).reader.connect()

    @rule(name=whom, seconds=st.sampled_from([0.5, 4.0]))
    def freeze(self, name: str, seconds: float) -> None:
        if name not in self.down:
            self.now(name).reader.freeze(seconds)

    @rule(name=whom)
    def restart(self, name: str) -> None:
        self.down.discard(name)
        self.now(name).over = True
        self.now(name).reader.kill()
        self.start(name)

    @rule(seconds=st.sampled_from([0.01, 0.3, 1.0, 5.0, 12.0]))
    def wait(self, seconds: float) -> None:
        self.desk.wait(seconds)

    # what is always true -----------------------------------------------------------------------------------

    @invariant()
    def memory_stays_within_the_budget_and_one_frame_of_each_group(self) -> None:
        if self.made:
            owed = [group for group in self.publisher.session.audience.groups.values() if group.owed]
            assert self.publisher.retained <= BUDGET + len(owed) * LARGEST

    @invariant()
    def no_more_is_sent_than_granted_or_held_than_the_window(self) -> None:
        for lives in self.lives.values():
            for life in lives:
                assert life.reader.session.uninvited == 0
                for feed in life.reader.session.feeds.values():
                    assert 0 <= feed.held <= feed.window

    @invariant()
    def frames_come_in_order_and_never_twice_to_one_session(self) -> None:
        for name, lives in self.lives.items():
            for life in lives:
                assert len(set(life.seen)) == len(life.seen)
                assert name in ("one", "two") or life.seen == sorted(life.seen)

    @invariant()
    def one_reader_accounts_for_every_number(self) -> None:
        for name in ("file", "resumed", "viewer"):
            life = self.lives[name][-1] if self.lives[name] else None
            if life is not None and life.seen and len(self.lives[name]) == 1:
                assert len(life.seen) + life.missed == life.seen[-1] + 1

    # how it ends -------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        if not self.lives["file"]:
            return
        for name in sorted(self.down):
            self.now(name).reader.connect()
        self.desk.wait(6)
        self.publisher.close()
        self.drain(lambda: self.publisher.session.finished)
        self.check_lossless("file", ["file"])
        self.check_lossless("shared", ["one", "two"])
        for name in ("viewer", "resumed"):
            self.check_account(self.now(name))
        assert self.publisher.retained == 0

    def drain(self, over: Callable[[], bool]) -> None:
        for _ in range(200):
            if over() and all(self.now(name).reader.session.finished for name in KINDS):
                return
            for name in KINDS:
                while self.now(name).turn():
                    pass
            self.desk.wait(0.3)
        raise AssertionError("it never ends")

    def check_lossless(self, group: str, names: list[str]) -> None:
        """Everything made since the group began was seen, or counted as missed; nothing missed where it waits."""
        lives = [life for name in names for life in self.lives[name]]
        begun = min(life.begun for life in lives)
        lost = set(range(begun, self.made)) - {seq for life in lives for seq in life.seen}
        missed = self.publisher.session.audience.groups[group].missed
        in_hands_of_the_dead = sum(life.over for life in lives) * 8
        assert len(lost) <= missed
        assert not (self.waits and missed)
        told = sum(life.told for life in lives)
        assert told >= len(lost) - in_hands_of_the_dead

    def check_account(self, life: Life) -> None:
        assert len(life.seen) + life.told == self.made - life.begun


TestPublisherAndReaders = PublisherAndReaders.TestCase
TestPublisherAndReaders.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)

assert RUN  # frames of one run: the publisher lives throughout
