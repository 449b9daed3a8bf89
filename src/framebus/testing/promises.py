"""What a publisher promises its readers, checked against everything that was made, given and told.

memory      retained bytes stay within the budget, but for one frame of each group that is owed every frame
credit      no connection carries more than was granted, no reader holds more than its window
lossless    a group that is owed every frame gets each, unless it is counted as missed; nothing is missed where
            the publisher waits; no session is given a frame twice; one reader's frames come in order
live        what one reader was given, and was told it missed, is what was made since it came
patience    a publisher waits only for groups that it allows to stop it
end         a reader ends only when its publisher closed; a death is no end
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from framebus.core.contracts import Item
from framebus.core.frame import Identity
from framebus.session.latest import LatestGroup
from framebus.session.lossless import LosslessGroup
from framebus.session.outgoing import Action, Delivery, Peer
from framebus.session.publisher import PublisherSession
from framebus.session.reader import ReaderSession
from framebus.testing.network import Network
from framebus.wire.control import End, Welcome

Run = tuple[str, int]


class Made:
    """One life of a publisher: what it made, and from where on its groups are owed it."""

    def __init__(self, session: PublisherSession) -> None:
        self.session = session
        self.frames: dict[Run, list[int]] = defaultdict(list)
        self.founded: dict[str, dict[Run, int]] = {name: {} for name in session.rules.wait_for_groups}
        self.largest = 0
        self.dead = False


class Given:
    """One life of a reader: what its user got, and was told."""

    def __init__(self, session: ReaderSession) -> None:
        self.session = session
        self.frames: dict[Run, list[int]] = defaultdict(list)
        self.missed: dict[Run, int] = defaultdict(int)
        self.begun: dict[Run, int] = {}
        self.known: set[str] = set()
        self.welcomes: list[Welcome] = []
        self.dead = False
        self.window = 0
        self.ends: dict[Run, int] = {}
        """How many frames there were, of runs that ended."""

    def told(self, run: Run) -> int:
        """How many frames of `run` it was told it missed; a dead one's user may not have come to know of all."""
        if not self.dead:
            return self.missed[run]
        of_others = sum(count for other, count in self.missed.items() if other[0] == run[0] and other != run)
        return max(self.missed[run], self.session.missed.get(run[0], 0) - of_others)

    @property
    def alone(self) -> bool:
        """True when nobody shares this reader's frames: it can account for every number."""
        return all(welcome.exclusive for welcome in self.welcomes)


class Ledger:
    """Everything that matters, as it happens; `close` checks what can only be said at the end."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.lives: list[Made] = []
        self.readers: dict[ReaderSession, Given] = {}
        self._runs: dict[Run, Made] = {}
        self._answers: set[tuple[int, Identity, str]] = set()

    # publishers --------------------------------------------------------------------------------------------

    def publisher_starts(self, session: PublisherSession) -> None:
        """A process publishes."""
        self.lives.append(Made(session))

    def publisher_dies(self, session: PublisherSession) -> None:
        """It is killed; what it retained is lost."""
        self._life(session).dead = True

    def overheard_by_publisher(self, session: PublisherSession) -> Callable[[Peer, Action], None]:
        """Watches what a publisher is told, and that it keeps within its limits."""
        return lambda peer, action: self._check_limits(self._life(session))

    def blocked(self, session: PublisherSession, by: str | None) -> None:
        """The publisher is about to send, or to wait."""
        if by is not None:
            assert session.audience.groups[by].may_stop_publisher, f"waits for {by!r}, which may not stop it"

    def made(self, session: PublisherSession, item: Item) -> None:
        """The publisher sent a frame."""
        life = self._life(session)
        life.frames[(item.stream, item.run)].append(item.seq)
        life.largest = max(life.largest, item.nbytes)
        self._runs[(item.stream, item.run)] = life
        self._check_limits(life)

    def _check_limits(self, life: Made) -> None:
        audience = life.session.audience
        for group in audience.groups.values():
            for stream, held in group.held.items() if isinstance(group, LatestGroup) else ():
                newest = life.session.audience.streams[stream].next - 1
                assert held[-1].identity.seq == newest, f"frame {held[-1].identity.seq} is held, {newest} is newer"
        owed = [g for g in audience.groups.values() if isinstance(g, LosslessGroup) and g.owed]
        limit = life.session.rules.retain_bytes + len(owed) * life.largest
        assert audience.retention.nbytes <= limit, f"{audience.retention.nbytes} bytes retained, {limit} allowed"
        for member in audience.members.values():
            assert member.sent <= member.granted, "more was sent than granted"

    def answered(self, session: PublisherSession, identity: Identity, group: str) -> None:
        """The publisher's user gets an answer to a frame."""
        answer = (id(session), identity, group)
        assert answer not in self._answers, f"two answers to frame {identity.seq} of {identity.stream}"
        self._answers.add(answer)

    def _life(self, session: PublisherSession) -> Made:
        return next(life for life in self.lives if life.session is session)

    # readers -----------------------------------------------------------------------------------------------

    def reader_starts(self, session: ReaderSession) -> None:
        """A process reads."""
        self.readers[session] = Given(session)

    def reader_dies(self, session: ReaderSession) -> None:
        """It is killed, or leaves; what lies in its inbox is lost."""
        self.readers[session].dead = True

    def overheard_by_reader(self, session: ReaderSession) -> Callable[[Peer, Action], None]:
        """Watches how a reader is welcomed."""

        def overheard(peer: Peer, action: Action) -> None:
            given = self.readers[session]
            if isinstance(action, Welcome) and action.role == "publisher" and _awaits(session, peer, action):
                self._welcomed(given, action)
            elif isinstance(action, End) and action.session in session.feeds:
                given.ends.update({(state.name, int(state.run, 16)): state.next for state in action.streams})
            elif isinstance(action, Delivery) and session.knows(peer):
                given.known.add(action.entry.identity.stream)

        return overheard

    def _welcomed(self, given: Given, welcome: Welcome) -> None:
        given.welcomes.append(welcome)
        feed = given.session.feeds.get(welcome.session)
        first = feed is None or not feed.begun
        for state in welcome.streams:
            run = (state.name, int(state.run, 16))
            new = first and state.name not in given.known
            given.begun.setdefault(run, state.next if new else 0)
            given.known.add(state.name)
        if welcome.group and welcome.keep == "all" and not welcome.resumed:
            runs = {(state.name, int(state.run, 16)): state.next for state in welcome.streams}
            for life in self.lives:
                if life.session.party.host == welcome.party.host and not life.dead:
                    life.founded.setdefault(welcome.group, runs)

    def given(self, session: ReaderSession, item: Item, *, works: bool) -> None:
        """The user gets a frame; one who works gets it again when the answer was lost."""
        given = self.readers[session]
        run = (item.stream, item.run)
        before = given.frames[run]
        given.begun.setdefault(run, 0)
        again = item.seq in before
        assert works or not again, f"frame {item.seq} of {item.stream} was given twice to one session"
        assert works or not given.alone or not before or item.seq > before[-1], (
            f"frame {item.seq} came after {before[-1]}"
        )
        if not again:
            before.append(item.seq)
        given.missed[run] += item.missed
        for feed in session.feeds.values():
            given.window = max(given.window, feed.window)
            assert feed.held <= given.window, f"{feed.held} frames held, {given.window} allowed"
        assert session.uninvited == 0, "a frame came without credit"

    def reader_ends(self, session: ReaderSession) -> None:
        """The user's loop ends."""
        assert any(life.session.closing for life in self.lives), "a death was taken for the end"

    # at the end --------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Everything was sent, given and acknowledged."""
        for session, given in self.readers.items():
            assert session.uninvited == 0, "a frame came without credit"
            for run in given.ends:
                if given.dead:
                    break
                given.missed[run] += session.missed_at_end.get(run[0], 0)
                given.begun.setdefault(run, 0)
            if given.alone and not session.rules.max_fps:
                self._check_account(given)
        for life in self.lives:
            if not life.dead:
                assert life.session.audience.retention.nbytes == 0, "acknowledged frames are still retained"
                for name, runs in life.founded.items():
                    self._check_group(life, name, runs)

    def _check_account(self, given: Given) -> None:
        """All that was made since the reader came was given, or told as missed; up to its last frame, or the end."""
        for run, begun in given.begun.items():
            frames, missed = given.frames[run], given.missed[run]
            so_far = frames[-1] + 1 if frames else begun
            made = (so_far if given.dead else given.ends.get(run, so_far)) - begun
            who = f"{given.session.party.host}: of {made} frames of {run[0]}"
            got = sum(seq >= begun for seq in frames)  # earlier ones were others', who did not finish them
            assert got + missed == made, f"{who}, {got} were given and {missed} told"

    def _check_group(self, life: Made, name: str, founded: dict[Run, int]) -> None:
        members = [given for given in self.readers.values() if given.session.rules.group == name]
        if any(given.session.rules.max_fps for given in members):
            return
        for run, made in life.frames.items():
            owed = set(made[founded.get(run, 0) :])
            got = {seq for given in members for seq in given.frames[run]}
            told = sum(given.told(run) for given in members)
            lost = owed - got
            assert len(lost) <= told, f"group {name} lost {sorted(lost)} of {run[0]} and was told of {told}"
            waits = life.session.rules.when_full == "wait"
            before = founded.get(run, 0) * len(
                members
            )  # made by a dead publisher's successor before its readers came back
            assert not waits or told <= before, (
                f"group {name} was told of {told} missed frames of {run[0]}, not {before}"
            )


def _awaits(session: ReaderSession, peer: Peer, welcome: Welcome) -> bool:
    if session.calling is not None:
        return session.calling.awaits(session.calling.peer, welcome)
    feed = session.feeds.get(welcome.session)
    return feed is not None and feed.peer == peer and not feed.open and feed.attempt == welcome.attempt
