"""Everybody a publisher serves: readers in their groups, with what each group is owed."""

from __future__ import annotations

import re
from typing import NamedTuple

from framebus.core.frame import Identity
from framebus.core.names import matches
from framebus.session.group import Group
from framebus.session.guests import Guests
from framebus.session.latest import LatestGroup
from framebus.session.lossless import LosslessGroup
from framebus.session.member import Member
from framebus.session.outgoing import Action, Delivery, Entry, Peer, Rights
from framebus.session.retention import Retention
from framebus.session.rules import ANONYMOUS_PATIENCE_S, LEISURE_NEWEST_S, LEISURE_S, MAX_GROUPS, PublisherRules
from framebus.session.streams import StreamProgress
from framebus.wire.control import Code, Credit, End, FrameRange, Hello, Refuse, StreamState, Welcome, identities

Wishes = Hello | Welcome
"""What a reader asks for, whichever side connected."""
ANONYMOUS = "session:"
SINK_SUFFIX = re.compile("[0-9a-f]{8}")
NO_THINNING = "max_fps cannot thin coded video: packets depend on those before them; leave max_fps out"


class Objection(NamedTuple):
    """Why a reader cannot be served, and whether it may ask again."""

    code: Code
    message: str
    retry: bool = False

    def refuse(self, session: str) -> Refuse:
        """The message that says so."""
        return Refuse(session=session, code=self.code, message=self.message, retry=self.retry)


class Admission(NamedTuple):
    """How an admitted reader is served, and where it begins in each stream."""

    group: Group
    positions: tuple[StreamState, ...]
    resumed: bool


class Absent(NamedTuple):
    """A reader that went without a goodbye, and until when it is waited for at the end."""

    group: str
    told_end: bool = False
    until: float = 0.0


class Audience:
    """Groups and members, credit and acknowledgements. Everything to be sent is appended to `out`."""

    def __init__(self, rules: PublisherRules, retention: Retention, out: list[tuple[Peer, Action]]) -> None:
        self.rules = rules
        self.retention = retention
        self.out = out
        self.streams: dict[str, StreamProgress] = {}
        self.groups: dict[str, Group] = {}
        self.members: dict[Peer, Member] = {}
        self._sessions: dict[str, Peer] = {}
        self._joined: set[str] = set()
        self._absent: dict[str, Absent] = {}
        """Readers that went without a goodbye: they may return, to be told the end."""
        for name in rules.wait_for_groups:
            self.groups[name] = self._lossless(name, named=True)

    def _lossless(self, name: str, *, named: bool) -> LosslessGroup:
        group = LosslessGroup(name, self._deliver, self.retention)
        group.may_stop_publisher = self.rules.may_stop(named=named)
        return group

    # frames ------------------------------------------------------------------------------------------------

    def progress(self, stream: str, run: int, first: int, *, packets: bool) -> StreamProgress:
        """Where `stream` stands; a new stream begins at number `first`."""
        progress = self.streams.get(stream)
        if progress is None:
            progress = self.streams[stream] = StreamProgress(stream, run, first)
        if packets and not progress.packets:
            progress.packets = True
            self._refuse_thinning(stream)
        return progress

    def _refuse_thinning(self, stream: str) -> None:
        """`stream` turns out to be coded video: who came before that was known may have asked too much."""
        for peer, member in list(self.members.items()):
            group = member.group
            if group.wants(stream) and (group.max_fps or len(group.members) > 1):
                text = NO_THINNING if group.max_fps else _one_member(group)
                self.out.append((peer, Objection("packets", text).refuse(member.session)))
                self.leave(peer, 0.0, for_good=True)

    def offer(self, entry: Entry, gap: int, now: float) -> bool:
        """Send `entry` to whoever may have it now, keep it for who is owed it; False when nobody is there.

        `gap` frames before it never reached this publisher.
        """
        stream = entry.identity.stream
        reached = False
        entry.fits = self.retention.room_for(entry.nbytes)
        for group in tuple(self.groups.values()):
            if group.wants(stream):
                reached |= bool(group.members)
                group.note_gap(stream, gap)
                group.offer(entry, now)
        return reached or entry.owners > 0

    def blocked_by(self, nbytes: int, stream: str | None = None) -> str | None:
        """The group that keeps a frame of `nbytes` from being sent now, and is allowed to; None to go ahead.

        Groups that are not allowed to give up their oldest unsent frames instead, and count them. Nothing is in
        the way of a `stream` that no lossless group wants.
        """
        if self.retention.room_for(nbytes):
            return None
        lossless = [group for group in self.groups.values() if isinstance(group, LosslessGroup)]
        if not any(stream is None or group.wants(stream) for group in lossless):
            return None
        stopper = max((g for g in lossless if g.owed and g.may_stop_publisher), key=_bytes, default=None)
        while not self.retention.room_for(nbytes):
            alone = stopper is not None and stopper.owed_bytes + nbytes > self.rules.retain_bytes
            if alone or not self._give_up_one(lossless):
                return stopper.name if stopper else None
        return None

    def _give_up_one(self, lossless: list[LosslessGroup]) -> bool:
        patient = sorted((g for g in lossless if not g.may_stop_publisher), key=_bytes, reverse=True)
        return any(group.drop_oldest() for group in patient)

    def owing(self, *, stoppers_only: bool = False) -> list[str]:
        """The lossless groups that have not acknowledged everything yet."""
        owed = [g for g in self.groups.values() if isinstance(g, LosslessGroup) and g.owed]
        return [g.name for g in owed if g.may_stop_publisher or not stoppers_only]

    def _deliver(self, group: Group, member: Member, entry: Entry) -> None:
        progress = self.streams[entry.identity.stream]
        first = progress.first if progress.run == entry.identity.run else 0
        assert member.peer is not None  # noqa: S101  (a member without a connection has no credit)
        self.out.append((member.peer, Delivery(entry, group.thinned_for(member, entry, first))))
        if member.one_shot and member.sent >= member.granted:
            self.leave(member.peer, 0.0, for_good=True)

    @property
    def waits(self) -> bool:
        """True while a group has a frame that none of its members may be sent."""
        return any(group.waits for group in self.groups.values())

    def leisure_s(self) -> float:
        """How soon credit should be noticed: at once where a newest frame is held for it."""
        leisure_s = LEISURE_S
        for group in self.groups.values():
            if isinstance(group, LatestGroup):
                if group.held:
                    return 0.0
                leisure_s = LEISURE_NEWEST_S
        return leisure_s

    # readers come and go -----------------------------------------------------------------------------------

    def missing(self) -> list[str]:
        """Which groups of `wait_for` have not been there yet."""
        return [name for name in self.rules.wait_for_groups if name not in self._joined]

    def admit(self, peer: Peer, wishes: Wishes, guests: Guests, now: float) -> Objection | Admission:
        """A reader introduces itself, for the first time or again after a break."""
        before = self.members.get(self._sessions.get(wishes.session))
        for old in {peer, self._sessions.get(wishes.session)} & self.members.keys():
            self.leave(old, now, for_good=False)
        key = wishes.group or ANONYMOUS + wishes.session
        awaited = self._awaited(key)
        group = self.groups.get(key) or self.groups.get(awaited)
        objection = self._objection(group, wishes, guests.rights(peer))
        if objection is not None:
            return objection
        if awaited in self.rules.wait_for_groups:
            self._joined.add(awaited)
        resumed = group is not None
        if group is None:
            group = self._found(wishes)
            if before is not None and not before.sent and isinstance(group, LatestGroup):
                group.inherit(before)  # it came by another way and has been sent nothing yet
        elif key not in self.groups:
            del self.groups[group.name]
        self.groups[key] = group
        group.name = key
        return Admission(group, self._join(peer, group, wishes, guests, resumed=resumed), resumed)

    def knows(self, peer: Peer, hello: Hello) -> bool:
        """True when that very hello has been answered."""
        member = self.members.get(peer)
        return member is not None and (member.session, member.attempt) == (hello.session, hello.attempt)

    def _awaited(self, key: str) -> str:
        """Which name in `wait_for` means group `key`, if any: `run.h5` is the sink `run.h5.1a2b3c4d` of any folder."""
        base, _, suffix = key.rpartition(".")
        if key not in self.rules.wait_for_groups and SINK_SUFFIX.fullmatch(suffix) and base in self.groups:
            return base if base in self.rules.wait_for_groups else key
        return key

    def _objection(self, group: Group | None, wishes: Wishes, rights: Rights | None) -> Objection | None:
        wanted = wishes.want or ("*",)
        denied = [want for want in wanted if rights is not None and not rights.reaches("read", want)]
        if denied:
            what = "any stream" if {"", "*"} & set(denied) else ", ".join(denied)
            return Objection("rights", f"this key may not read {what}")
        if wishes.max_fps and any(s.packets and wishes_for(wishes, s.name) for s in self.streams.values()):
            return Objection("packets", NO_THINNING)
        if group is not None:
            return self._cannot_join(group, wishes)
        if len(self.groups) >= MAX_GROUPS:
            return Objection("request", f"{MAX_GROUPS} readers are here already: try again later", retry=True)
        return None

    def _cannot_join(self, group: Group, wishes: Wishes) -> Objection | None:
        if wishes.keep not in (None, group.keep):
            text = f"group {group.name!r} is read with keep={group.keep!r}: say the same, or name another group"
            return Objection("request", text)
        if not group.members:
            return None
        if any(s.packets for s in self._streams_of(group)):
            return Objection("packets", _one_member(group), retry=True)
        if group.exclusive or wishes.exclusive:
            first = next(iter(group.members.values())).party
            who = f"{first.command or 'a reader'} (pid {first.pid} on {first.hostname or 'this machine'})"
            return Objection("member", f"group {group.name!r} takes one member and has one: {who}", retry=True)
        if (wishes.want, wishes.max_fps) != (group.want, group.max_fps):
            text = f"members of group {group.name!r} share frames: ask for the same streams and max_fps as the others"
            return Objection("request", text)
        return None

    def _found(self, wishes: Wishes) -> Group:
        newest = (wishes.keep or ("latest" if self.rules.live else "all")) == "latest"
        return LatestGroup("", self._deliver) if newest else self._lossless("", named=False)

    def _join(
        self, peer: Peer, group: Group, wishes: Wishes, guests: Guests, *, resumed: bool
    ) -> tuple[StreamState, ...]:
        """Make `peer` a member; where it begins in each stream."""
        member = Member(wishes.session, peer, group, wishes.window_bytes)
        member.attempt, member.party = wishes.attempt, wishes.party
        member.rights, member.address = guests.rights(peer), guests.address(peer)
        if not group.members:
            exclusive = wishes.exclusive or not wishes.group
            group.shape(wishes.want, wishes.max_fps, exclusive=exclusive, rights=member.rights)
        states = []
        for s in self._streams_of(group):
            if not resumed:
                group.start_with(s)
            mark = member.marks[(s.name, s.run)] = group.begin(s)
            if resumed and not group.exclusive:  # what was before was others'; some may turn out to be lost
                mark.thinned = mark.last + 1
            begin = StreamState(
                name=s.name, run=f"{s.run:016x}", next=mark.last + 1, thinned=mark.thinned, packets=s.packets
            )
            states.append(begin)
        group.forget_at = None
        group.members[wishes.session] = self.members[peer] = member
        self._sessions[wishes.session] = peer
        self._absent.pop(wishes.session, None)
        return tuple(states)

    def _streams_of(self, group: Group) -> list[StreamProgress]:
        return [progress for progress in self.streams.values() if group.wants(progress.name)]

    def one_shot(self, peer: Peer, message: Credit, guests: Guests, now: float) -> Objection | None:
        """A live read without a hello: `credit` more frames of the wanted stream, newest only.

        The reader is here as long as it has credit: it may be a plain socket that can neither answer nor say goodbye.
        """
        rights = guests.rights(peer)
        if message.want and rights is not None and not rights.allows("read", message.want):
            return Objection("rights", f"this key may not read {message.want!r}")
        if message.credit <= 0:
            return None
        member = self.members.get(peer)
        if member is None:
            if len(self.groups) >= MAX_GROUPS:
                return Objection("request", f"{MAX_GROUPS} readers are here already: try again later", retry=True)
            group = LatestGroup(f"one-shot:{peer!r}", self._deliver)
            member = Member("", peer, group, one_shot=True)
            member.address = guests.address(peer)
            group.members[""] = self.members[peer] = member
            self.groups[group.name] = group
        want = (message.want,) if message.want else ()
        member.group.shape(want, 0.0, exclusive=True, rights=rights)
        member.granted += message.credit
        return None

    def leave(self, peer: Peer, now: float, *, for_good: bool) -> None:
        """A reader is gone: for good, or perhaps to return within its group's patience."""
        member = self.members.pop(peer, None)
        if member is None:
            return
        self._sessions.pop(member.session, None)
        group = member.group
        if for_good:
            self.goodbye(group.name)
            member.told_at_end.clear()
        elif member.told_end or isinstance(group, LosslessGroup):
            self._absent[member.session] = Absent(group.name, member.told_end, now + ANONYMOUS_PATIENCE_S)
        group.leave(member)
        if not isinstance(group, LosslessGroup):
            if not group.members:
                del self.groups[group.name]
            return
        if group.name.startswith(ANONYMOUS):
            group.forget_at = now if for_good else now + min(self.rules.patience_s, ANONYMOUS_PATIENCE_S)
        self._look_after(group, now)

    def goodbye(self, who: str) -> bool:
        """A group, or a session that lost its connection before it could answer, need not be waited for.

        True for one that was told the end before it went.
        """
        gone = self._absent.get(who, Absent(who))
        self._absent = {session: absent for session, absent in self._absent.items() if absent.group != gone.group}
        return gone.told_end

    def _look_after(self, group: Group, now: float) -> None:
        if isinstance(group, LosslessGroup) and group.forget_at is not None and now >= group.forget_at:
            group.forget()
            del self.groups[group.name]
        elif group.members:
            group.pump(now)

    # credit and acknowledgements ---------------------------------------------------------------------------

    def credit(self, member: Member, total: int, now: float) -> None:
        """`member` may have been sent `total` frames since its last hello."""
        member.granted = max(member.granted, total)
        member.group.pump(now)

    def acknowledge(self, member: Member, ranges: tuple[FrameRange, ...]) -> None:
        """`member` has these frames where they belong."""
        group = member.group
        if isinstance(group, LosslessGroup):
            for frames in ranges:
                for identity in identities(frames):
                    group.acknowledge(identity)

    def answer(self, member: Member, identity: Identity) -> bool:
        """`member` answered that frame; False when somebody already did."""
        group = member.group
        if not isinstance(group, LosslessGroup) or not group.is_owed(identity):
            return False
        group.acknowledge(identity)
        return True

    # time and the end --------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Release what nobody came back for; send what a frame-rate limit held back."""
        for group in list(self.groups.values()):
            self._look_after(group, now)
        if self._absent:
            self._absent = {session: absent for session, absent in self._absent.items() if now < absent.until}

    def deadline(self, now: float) -> float | None:
        """When `tick` should be called at the latest, or None."""
        times = [at for g in self.groups.values() for at in (g.forget_at, g.deadline(now)) if at is not None]
        return min([*times, *(absent.until for absent in self._absent.values())], default=None)

    def end_readers(self, *, at_once: bool) -> None:
        """Tell every reader that has all it is owed that the streams ended, and how many frames there were.

        A newest frame that a reader had no time for yet is waited for, unless `at_once`.
        """
        for group in self.groups.values():
            if at_once and isinstance(group, LatestGroup):
                group.drop_held()
            for member in [] if group.owed else group.members.values():
                if member.peer is not None and not member.told_end and not member.one_shot:
                    member.told_end = True
                    counts = tuple(self._count(group, member, s) for s in self._streams_of(group))
                    self.out.append((member.peer, End(session=member.session, streams=counts)))

    def _count(self, group: Group, member: Member, s: StreamProgress) -> StreamState:
        return StreamState(name=s.name, run=f"{s.run:016x}", next=s.next, thinned=group.thinned_at_end(member, s))

    @property
    def settled(self) -> bool:
        """True when nobody is owed anything, and every reader that heard the end, or should, has confirmed it."""
        lossless = [group for group in self.groups.values() if isinstance(group, LosslessGroup)]
        waiting = any(not member.one_shot for member in self.members.values())
        return not waiting and not self._absent and not any(group.owed for group in lossless)


def wishes_for(wishes: Wishes, stream: str) -> bool:
    """True when a reader's wishes include `stream`."""
    return not wishes.want or any(matches(pattern, stream) for pattern in wishes.want)


def _one_member(group: Group) -> str:
    return f"group {group.name!r} carries coded video, which cannot be shared: it takes one member"


def _bytes(group: LosslessGroup) -> int:
    return group.owed_bytes
