"""One publisher as its reader sees it: credit given, frames held, where each stream stands, what was missed."""

from __future__ import annotations

from collections import OrderedDict

from framebus.core.contracts import Item
from framebus.core.frame import Identity, Packet
from framebus.session.outgoing import Peer
from framebus.wire.control import Credit, FrameRange, Party, StreamCondition, StreamState, parse_run

LATEST_WINDOW_OFF_HOST = 2
LATEST_WINDOW_ON_HOST = 1
LARGE_BYTES = 1_000_000
AHEAD_FRAMES = 32
AHEAD_BYTES = 4_000_000
"""So many small frames, of so many bytes together, may be on their way where that takes longer than a few of them do:
from another machine, or encrypted."""
REMEMBERED = 64
MAX_RUNS = 4096


class Progress:
    """The last number seen in one run of one stream, and how many before it were never meant for this reader."""

    __slots__ = ("last", "thinned", "untold")

    def __init__(self, last: int, thinned: int) -> None:
        self.last = last
        self.thinned = thinned
        self.untold = 0
        """Frames missed since the last one that the user was given."""

    def advance(self, seq: int, thinned: int) -> None:
        """Move on to number `seq`."""
        if seq > self.last:
            self.untold += max(0, seq - self.last - 1 - (thinned - self.thinned))
            self.last, self.thinned = seq, thinned

    def repeat(self, seq: int, thinned: int) -> None:
        """Number `seq` came again: what is told with it was told when it first came."""
        if seq > self.last:
            self.last, self.thinned = seq, thinned

    def begin(self, next: int, thinned: int) -> None:
        """The publisher goes on at number `next`: what was made meanwhile and is not behind us already, is missed."""
        if next > self.last:
            self.untold += max(0, next - self.last - 1 - max(0, thinned - self.thinned))
            self.last, self.thinned = next - 1, thinned

    def tell(self) -> int:
        """How many frames were missed since the last time this was asked."""
        missed, self.untold = self.untold, 0
        return missed


class Feed:
    """What one reader knows about one publisher. It outlives connections: the session id is what stays."""

    def __init__(self, session: str) -> None:
        self.session = session
        self.peer: Peer | None = None
        self.attempt = 0
        self.open = False
        """True while the publisher takes credit from this reader."""
        self.party = Party()
        self.address = ""
        self.group = ""
        """The name under which publishers share their streams."""
        self.runs: set[int] = set()
        """The runs of which this publisher has frames."""
        self.lossless = False
        self.window = LATEST_WINDOW_OFF_HOST
        self.ahead = False
        """True where many small frames may be on their way: that takes long, and nobody else could have them."""
        self.away_since: float | None = None
        self.ended = False
        self.granted = 0
        self.received = 0
        self.held = 0
        """Frames in the inbox or in the user's hands."""
        self.batch = 1
        """How many acknowledgements travel together: half a window of small frames, every one of large ones."""
        self.unacknowledged: set[Identity] = set()
        self.to_acknowledge: list[Identity] = []
        self.names: dict[str, str] = {}
        """What each stream of this publisher is called here."""
        self.conditions: dict[str, StreamCondition] = {}
        """How its streams are that do not come, as it told."""
        self.conditions_at = 0.0
        self.begun = False
        """True once this reader has been welcomed: what is made from then on, and does not come, is missed."""
        self.known: set[str] = set()
        """Streams that this reader read before, from a publisher whose place this one took."""
        self._progress: dict[tuple[str, int], Progress] = {}
        self._settled: OrderedDict[Identity, None] = OrderedDict()

    def shares_with(self, other: Feed) -> bool:
        """True where both pass on frames of one publisher, each what the other does not: they are one stream."""
        return bool(self.group) and self.group == other.group and not self.runs.isdisjoint(other.runs)

    def announce(self, *runs: int) -> None:
        """Frames of these runs are about to come."""
        if self.group:
            if len(self.runs) > 2 * MAX_RUNS:
                self.runs = {run for _, run in self._progress}
            self.runs.update(runs)

    # connections -------------------------------------------------------------------------------------------

    def meet(self, peer: Peer) -> None:
        """A connection begins: credit starts over."""
        self.peer = peer
        self.open = False
        self.away_since = None
        self.granted = self.received = 0

    def begin(self, states: tuple[StreamState, ...], *, rebase: bool) -> None:
        """The publisher says where this reader begins. `rebase`: others went on reading for its group meanwhile."""
        self.open = True
        self.ended = False
        for state in states:
            self._begin_stream(state, rebase=rebase)
        self.begun = True

    def _begin_stream(self, state: StreamState, *, rebase: bool) -> None:
        run = parse_run(state.run)
        seen = self._progress.get((state.name, run))
        if seen is None:
            missed = (self.begun or state.name in self.known) and not rebase
            self._remember(state.name, run, Progress(-1, 0) if missed else Progress(state.next - 1, state.thinned))
        elif rebase:
            seen.last, seen.thinned = state.next - 1, state.thinned
        else:
            seen.begin(state.next, state.thinned)

    def _remember(self, stream: str, run: int, progress: Progress) -> None:
        self._progress[(stream, run)] = progress
        self.runs.add(run)
        if len(self._progress) > MAX_RUNS:
            del self._progress[next(iter(self._progress))]
            self.runs = {run for _, run in self._progress}

    def learn(self, conditions: tuple[StreamCondition, ...] | None, now: float) -> None:
        """The publisher told how its streams are, if anything: those that are not named come."""
        if conditions is not None:
            self.conditions, self.conditions_at = {one.name: one for one in conditions}, now

    def break_off(self, now: float) -> None:
        """The connection is gone; what is held stays held."""
        self.conditions = {}
        self.peer = None
        self.open = False
        self.away_since = now

    # frames ------------------------------------------------------------------------------------------------

    def over_credit(self) -> bool:
        """Count a frame in; True when the publisher had no permission to send it."""
        self.received += 1
        return self.received > self.granted

    def progress(self, item: Item) -> Progress:
        """Where this reader is in the run of `item`; a run that begins unannounced begins at its first frame."""
        return self._progress_of(item.stream, item.run)

    def _progress_of(self, stream: str, run: int) -> Progress:
        progress = self._progress.get((stream, run))
        if progress is None:
            progress = Progress(-1, 0)
            self._remember(stream, run, progress)
        return progress

    def is_repeated(self, item: Item) -> bool:
        """True for a frame sent again although this reader has it; one it acknowledged is acknowledged again."""
        if not self.lossless:
            return isinstance(item, Packet) and item.seq <= self.progress(item).last
        identity = item.identity
        if identity in self._settled:
            self.to_acknowledge.append(identity)
            return True
        return identity in self.unacknowledged

    def finish(self, states: tuple[StreamState, ...]) -> dict[str, int]:
        """The publisher said how many frames there were: what is missing at the end, per stream."""
        self.ended = True
        tail = {}
        for state in states:
            progress = self._progress_of(state.name, parse_run(state.run))
            progress.advance(state.next, state.thinned)  # as if one more frame came, the one after the last
            missed = progress.tell()
            if missed:
                tail[state.name] = missed
        return tail

    # credit and acknowledgements ---------------------------------------------------------------------------

    def hold(self, identity: Identity, nbytes: int = 0) -> None:
        """A frame came in and takes a place in the window."""
        self.held += 1
        if self.lossless:
            self.unacknowledged.add(identity)
            self._look_at_size(nbytes)

    def _look_at_size(self, nbytes: int) -> None:
        if self.ahead and self.window < AHEAD_FRAMES:
            self.window = max(self.window, min(AHEAD_FRAMES, AHEAD_BYTES // max(1, nbytes)))
        self.batch = 1 if nbytes >= LARGE_BYTES else max(1, self.window // 2)

    def settle(self, identity: Identity) -> None:
        """The user is done with a frame."""
        self.release(identity)
        if self.lossless:
            self.to_acknowledge.append(identity)
            self._settled[identity] = None
            while len(self._settled) > max(REMEMBERED, 2 * self.window):
                self._settled.popitem(last=False)

    def release(self, identity: Identity) -> None:
        """A frame no longer takes a place. Not acknowledged here: should it come again, it is new."""
        self.held -= 1
        self.unacknowledged.discard(identity)

    def due(self) -> int:
        """How many more frames this publisher could be allowed to send."""
        return self.received + self.window - self.held - self.granted

    def credit(self, *, grant: bool) -> Credit:
        """The message that acknowledges what is settled and, with `grant`, allows what is due."""
        if grant:
            self.granted = max(self.granted, self.received + self.window - self.held)
        frames, self.to_acknowledge = ranges(self.to_acknowledge), []
        return Credit(session=self.session, credit=self.granted, frames=frames)


def ranges(identities: list[Identity]) -> tuple[FrameRange, ...]:
    """Consecutive identities joined, in the order they came."""
    joined: list[tuple[str, int, int, int]] = []
    for identity in identities:
        if joined:
            stream, run, first, last = joined[-1]
            if (stream, run, last + 1) == (identity.stream, identity.run, identity.seq):
                joined[-1] = (stream, run, first, identity.seq)
                continue
        joined.append((identity.stream, identity.run, identity.seq, identity.seq))
    return tuple(FrameRange(stream, f"{run:016x}", first, last) for stream, run, first, last in joined)
