"""Readers that get every frame."""

from __future__ import annotations

from collections import deque

from framebus.core.frame import Identity
from framebus.session.group import Deliver, Group
from framebus.session.member import Mark, Member
from framebus.session.outgoing import Entry, Rights
from framebus.session.retention import Remembered, Retention
from framebus.session.stream_progress import StreamProgress
from framebus.wire.limits import MAX_NS

RECALL_BYTES = 1_000_000
"""So much is brought back into memory at a time, or one frame, before others have their turn."""


class LosslessGroup(Group):
    """Every frame, from `offer` until it is acknowledged; a lost member's frames go to another, in order."""

    keep = "all"

    def __init__(self, name: str, deliver: Deliver, retention: Retention) -> None:
        super().__init__(name, deliver)
        self.owed_bytes = 0
        self._retention = retention
        self._owed: dict[Identity, Entry] = {}
        self._thinned: dict[Identity, int] = {}
        self._holder: dict[Identity, Member] = {}
        self._unsent: deque[Entry] = deque()
        self._settled: dict[tuple[str, int], Mark] = {}
        """The last acknowledged frame of each run: a successor of a member begins after it."""
        self._opens_ns: dict[str, int] = {}
        self._waiting_for_key: set[str] = set()
        self._earlier: tuple[tuple[str, int], ...] = ()
        self._pausing = False
        """More could be sent at once, but has to be brought into memory."""

    @property
    def waits(self) -> bool:
        return bool(self._unsent)

    @property
    def owed(self) -> int:
        return len(self._owed)

    @property
    def owes_packets(self) -> bool:
        return any(entry.packet for entry in self._unsent)

    def restore(self, left: Remembered) -> None:
        """Go on for a group of that name that an earlier process left behind."""
        super().shape(left.want, left.max_fps, exclusive=left.exclusive, rights=None)
        self._settled = {run: Mark(*mark) for run, mark in left.marks.items()}
        self._earlier = tuple(self._settled)
        for entry, thinned in left.owed:
            self._note(entry, thinned)
            self._retention.hold(entry, self)

    def earlier(self) -> dict[tuple[str, int], Mark]:
        runs = {run: self._settled[run] for run in self._earlier if self.wants(run[0])}
        return {run: Mark(mark.last, mark.thinned) for run, mark in runs.items()}

    def shape(self, want: tuple[str, ...], max_fps: float, *, exclusive: bool, rights: Rights | None) -> None:
        """Frames of streams that it turns out not to want were kept in vain."""
        super().shape(want, max_fps, exclusive=exclusive, rights=rights)
        for entry in [entry for entry in self._owed.values() if not self.wants(entry.identity.stream)]:
            self._let_go(entry)

    def settled(self, stream: str, run: int) -> tuple[int, int] | None:
        """The last frame of that run that was acknowledged, and how many before were not meant for this group."""
        mark = self._settled.get((stream, run))
        return (mark.last, mark.thinned) if mark else None

    def begin(self, progress: StreamProgress) -> Mark:
        mark = self._settled.get((progress.name, progress.run))
        return Mark(mark.last, mark.thinned) if mark else Mark(progress.first - 1, progress.first)

    def start_with(self, progress: StreamProgress) -> None:
        gop = progress.gop if self._retention.room_for_all(progress.gop) else []
        begin = Mark(gop[0].identity.seq - 1, gop[0].thinned) if gop else Mark(progress.next - 1, progress.thinned)
        self._settled[(progress.name, progress.run)] = begin
        if progress.packets and not gop:
            self._waiting_for_key.add(progress.name)
        for entry in gop:
            entry.fits = True
            self._keep(entry)

    # frames come -------------------------------------------------------------------------------------------

    def offer(self, entry: Entry, now: float) -> None:
        if entry.identity not in self._owed and self._admits(entry):
            self._keep(entry)
            self.pump(now)

    def _admits(self, entry: Entry) -> bool:
        """False for frames thinned away by `max_fps` (by capture time) and packets after a dropped one."""
        stream = entry.identity.stream
        if stream in self._waiting_for_key:
            if not entry.starts:
                self.lose(stream)
                return False
            self._waiting_for_key.discard(stream)
        if self.max_fps and not self._gate_open(stream, entry.item.captured_ns):
            self.leave_out(entry)
            return False
        return True

    def _gate_open(self, stream: str, captured_ns: int) -> bool:
        period = int(min(1e9 / self.max_fps, MAX_NS))
        opens = self._opens_ns.get(stream, captured_ns)
        if captured_ns < opens and opens - captured_ns <= period:
            return False
        self._opens_ns[stream] = (opens if 0 <= captured_ns - opens < period else captured_ns) + period
        return True

    def _keep(self, entry: Entry) -> None:
        """One frame is always kept, however large; others where there is room."""
        if entry.fits or not self._owed:
            self._note(entry, super().thinned_before(entry))
            self._retention.hold(entry, self)
        else:
            self.lose(entry.identity.stream)
            if entry.packet:
                self._waiting_for_key.add(entry.identity.stream)

    def _note(self, entry: Entry, thinned: int) -> None:
        self._thinned[entry.identity] = thinned
        self._owed[entry.identity] = entry
        self.owed_bytes += entry.nbytes
        self._unsent.append(entry)

    def thinned_before(self, entry: Entry) -> int:
        return self._thinned[entry.identity]

    def pump(self, now: float) -> None:
        self._pausing = False
        recalled = 0
        while self._unsent:
            entry = self._unsent[0]
            if entry.identity in self._owed:
                member = self.free_member(entry)
                if member is None or (member.in_flight and not self._retention.may_send(entry)):
                    return
                if not entry.is_here:
                    if recalled >= RECALL_BYTES:
                        self._pausing = True
                        return
                    recalled += entry.nbytes
                self._unsent.popleft()
                self._lend(entry, member)
            else:
                self._unsent.popleft()

    def _lend(self, entry: Entry, member: Member) -> None:
        if not entry.is_here and not self._retention.recall(entry):
            self.give_up(entry)
            return
        member.lend(entry)
        entry.lent += 1
        self._holder[entry.identity] = member
        self.send(member, entry)

    def deadline(self, now: float) -> float | None:
        return now if self._pausing else None

    # frames go ---------------------------------------------------------------------------------------------

    def is_owed(self, identity: Identity) -> bool:
        """True when that frame has not been acknowledged yet."""
        return identity in self._owed

    def acknowledge(self, identity: Identity) -> None:
        """A member has that frame where it belongs; whoever was sent it too need not have it any more."""
        entry = self._owed.get(identity)
        if entry is not None:
            mark = self._settled.setdefault((identity.stream, identity.run), Mark(-1, 0))
            if identity.seq > mark.last:
                mark.last, mark.thinned = identity.seq, self._thinned[identity]
            self._let_go(entry)

    def _let_go(self, entry: Entry, *, lost: bool = False) -> None:
        del self._owed[entry.identity], self._thinned[entry.identity]
        self.owed_bytes -= entry.nbytes
        holder = self._holder.pop(entry.identity, None)
        if holder is not None:
            holder.settle(entry.identity)
            entry.lent -= 1
        self.told.pop(entry.identity, None)
        self._retention.release(entry, self, lost=lost)

    def leave(self, member: Member) -> None:
        self.members.pop(member.session, None)
        for stream, told in member.told_at_end.items():
            self.note_gap(stream, told)
        back = member.break_off()
        for entry in back:
            del self._holder[entry.identity]
            entry.lent -= 1
        self._unsent = deque(sorted((*back, *self._unsent), key=lambda entry: entry.index))

    def drop_oldest(self) -> bool:
        """Give up the oldest frame not yet sent (a whole group of pictures of packets); False if there is none."""
        while self._unsent:
            entry = self._unsent.popleft()
            if entry.identity in self._owed:
                self.give_up(entry)
                if entry.packet:
                    self._give_up_followers(entry.identity.stream)
                return True
        return False

    def _give_up_followers(self, stream: str) -> None:
        kept: deque[Entry] = deque()
        dropping = True
        for entry in self._unsent:
            if dropping and entry.identity.stream == stream:
                dropping = not entry.starts
            if dropping and entry.identity.stream == stream:
                self.give_up(entry)
            else:
                kept.append(entry)
        self._unsent = kept
        if dropping:
            self._waiting_for_key.add(stream)

    def give_up(self, entry: Entry) -> None:
        """This group will not get `entry`."""
        if entry.identity in self._owed:
            self.lose(entry.identity.stream)
            self.note_gap(entry.identity.stream, self.told.get(entry.identity, 0))
            self._let_go(entry, lost=True)

    def forget(self) -> None:
        """Nobody will ask for these frames again: release them all and count them."""
        self._unsent.clear()
        for entry in list(self._owed.values()):
            self.give_up(entry)
