"""The publishing side of the link protocol, without any I/O: messages, time and frames in, actions out.

Whoever drives it calls `received`, `disconnected`, `offer`, `tick` and `close`, and then does what stands in
`out`. Nothing here blocks, reads a clock or touches a socket.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from framebus.core.contracts import Item
from framebus.core.errors import BadFrame
from framebus.core.frame import Identity, Packet
from framebus.session.audience import ANONYMOUS, Admission, Audience
from framebus.session.guests import Guests
from framebus.session.handshake import Calling
from framebus.session.joining import NO_THINNING
from framebus.session.member import Member
from framebus.session.objection import Objection
from framebus.session.outgoing import Action, Entry, Peer
from framebus.session.pulse import Pulse
from framebus.session.retention import MemoryRetention, Retention, settle
from framebus.session.rules import PublisherRules
from framebus.session.status import publisher_status
from framebus.session.tidings import Tidings
from framebus.wire.control import (
    Credit,
    End,
    Hello,
    Message,
    Observe,
    Party,
    Ping,
    Refuse,
    Reply,
    Reset,
    StreamState,
    Welcome,
    conflict,
    identities,
    speaks,
)

OnReply = Callable[[Identity, Reply, memoryview | None], None]
BOTH_PUBLISH = "both sides publish: one of them should read"
LAST_FRAME_S = 0.5
"""At the end, for so long a reader of newest frames may still take the last one."""


class PublisherSession:
    """All readers of one publisher, whoever of the two connects. Not thread-safe: drive it under one lock."""

    def __init__(
        self,
        rules: PublisherRules,
        party: Party,
        *,
        calling: Calling | None = None,
        retention: Retention | None = None,
        on_reply: OnReply | None = None,
    ) -> None:
        self.rules = rules
        self.party = party
        self.calling = calling
        self.guests = Guests()
        self.out: list[tuple[Peer, Action]] = []
        self.audience = Audience(rules, retention or MemoryRetention(rules.retain_bytes), self.out)
        self.tidings = Tidings(self.audience, self.out)
        self.unseen = 0
        self.closing = False
        self._end_at = 0.0
        self._pulse = Pulse()
        self._observers: set[Peer] = set()
        self._offered = self.audience.retention.next_index
        self._started = not rules.waits_to_start
        self.on_reply = on_reply
        self.on_status: Callable[[], dict[str, dict[str, Any]]] | None = None
        """What the carrier knows about each stream besides (rate, age), for observers."""
        self.on_leases: Callable[[Peer], int] | None = None
        """What the carrier knows about a reader: how many pictures in shared memory it holds."""

    # what the owner does -----------------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """True when nobody is there and nobody is owed anything: plain frames need only be counted."""
        return self._started and not self.audience.groups

    @property
    def leisure_s(self) -> float:
        """For how long nobody need drive: not at all while a newest frame is held, since its reader may ask now, and
        where answers are waited for."""
        return 0.0 if self.on_reply is not None else self.audience.leisure_s()

    @property
    def waits(self) -> bool:
        """True while a frame waits for somebody to be ready for it: credit may have come that nobody looked at."""
        return self.audience.waits

    def started(self) -> bool:
        """True once everybody in `wait_for` has been there (and ever after)."""
        if not self._started:
            nobody_missing = self.rules.spools or not self.audience.missing()
            self._started = len(self.audience.members) >= self.rules.wait_for and nobody_missing
        return self._started

    def next_number(self, stream: str, run: int) -> int:
        """The number the next frame of `stream` gets."""
        return self.audience.progress(stream, run, 0, packets=False).next

    def skip(self, stream: str, run: int) -> None:
        """A frame nobody is there to take: counted, with its number used up."""
        self.audience.progress(stream, run, 0, packets=False).next += 1
        self.unseen += 1

    def offer(self, item: Item, now: float, done: Callable[[], None] | None = None) -> None:
        """Send `item`, which carries its identity, to whoever may have it now and keep it for who is owed it.

        Ask `audience.blocked_by` first. `done` is called once no lossless group is owed it any more.
        """
        if item.nbytes > self.rules.max_bytes:
            raise BadFrame(
                f"frame {item.seq} of stream {item.stream!r} has {item.nbytes} bytes: "
                f"the limit of a link is {self.rules.max_bytes}; send a smaller or encoded picture"
            )
        packet = isinstance(item, Packet)
        progress = self.audience.progress(item.stream, item.run, max(0, item.seq - item.missed), packets=packet)
        gap = progress.pass_on(item)
        entry = Entry(
            item.identity,
            self._offered,
            item.nbytes,
            packet=packet,
            starts=not isinstance(item, Packet) or item.key,
            thinned=progress.thinned,
            first=progress.first,
            item=item,
            done=done,
        )
        self._offered += 1
        progress.remember(entry)
        self.unseen += not self.audience.offer(entry, gap, now)
        if not entry.owners:
            settle(entry)
        calling = self.calling
        if calling is not None and calling.welcomed and calling.peer not in self.audience.members:
            calling.refused(NO_THINNING, now, retry=False)

    def put_away(self) -> None:
        """What was to be sent has been sent: what waits for a reader need not stay in memory."""
        self.audience.put_away()

    def close(self, now: float) -> None:
        """No more frames will come; readers are told once they have what they are owed."""
        if not self.closing:
            self.closing = True
            self._end_at = now + LAST_FRAME_S
            self._end_readers(now)
            self.nudge()

    def nudge(self) -> None:
        """Ask those who hold frames: a reader answers at once with the acknowledgements it kept back."""
        for peer, member in self.audience.members.items():
            if member.in_flight:
                self.out.append((peer, Ping(session=member.session)))

    def _end_readers(self, now: float) -> None:
        if self.closing:
            self.audience.end_readers(at_once=now >= self._end_at)

    @property
    def finished(self) -> bool:
        """True when, after `close`, nobody is owed anything and every reader has confirmed the end."""
        return self.closing and self.audience.settled

    # what the carrier tells --------------------------------------------------------------------------------

    def received(self, peer: Peer, message: Message, payload: memoryview | None, now: float) -> None:
        """A control message from `peer`."""
        member = self.audience.members.get(peer)
        if (member is not None and not member.one_shot) or peer in self._observers:
            self._pulse.heard(peer, now)
        match message:
            case Credit() | Reply():
                self._from_member(peer, member, message, payload, now)
            case Ping():
                self._on_ping(peer, message, known=member is not None or peer in self._observers)
            case Hello():
                self._on_hello(peer, message, now)
            case End():
                self._on_end(peer, member, message, now)
            case Observe():
                self._on_observe(peer, message)
            case Welcome() | Refuse() | Reset():
                self._from_called(peer, message, now)
        self._end_readers(now)

    def disconnected(self, peer: Peer, now: float) -> None:
        """The connection to `peer` is gone."""
        self.guests.forget(peer)
        self._lose(peer, now)

    def _lose(self, peer: Peer, now: float) -> None:
        """`peer` is silent or gone; a silent one that returns over the same connection is still who it was."""
        self._pulse.forget(peer)
        self._observers.discard(peer)
        member = self.audience.members.get(peer)
        self.audience.leave(peer, now, for_good=member is not None and member.one_shot)
        if self.calling is not None and peer == self.calling.peer:
            self.calling.lost(now)

    def unexpected(self, peer: Peer, now: float) -> None:
        """`peer` sent something a publisher does not take, or a probe: ask who it is."""
        self.out.append((peer, Reset()))

    def tick(self, now: float) -> None:
        """Time has passed."""
        asked, silent = self._pulse.check(now)
        for peer in asked:
            member = self.audience.members.get(peer)
            self.out.append((peer, Ping(session=member.session if member else "")))
        for peer in silent:
            self._lose(peer, now)
        self.audience.tick(now)
        self.tidings.tell(now)
        if self.calling is not None and self.calling.hello_due(now):
            self.out.append((self.calling.peer, self._hello()))
        self._end_readers(now)

    def deadline(self, now: float) -> float | None:
        """When `tick` should be called at the latest, or None."""
        times = [self._pulse.deadline(), self.audience.deadline(now)]
        if self.calling is not None:
            times.append(self.calling.deadline())
        if self.closing and now < self._end_at:
            times.append(self._end_at)
        return min((at for at in times if at is not None), default=None)

    # messages ----------------------------------------------------------------------------------------------

    def _on_hello(self, peer: Peer, hello: Hello, now: float) -> None:
        if not speaks(hello.versions):
            objection = Objection("version", conflict(hello.versions, hello.party, self.party))
            self.out.append((peer, objection.refuse(hello.session)))
        elif hello.role == "observer":
            self._observers.add(peer)
            self._pulse.heard(peer, now)
            self.out.append((peer, self._welcome(hello)))
        elif hello.role == "publisher":
            self.out.append((peer, Objection("request", BOTH_PUBLISH).refuse(hello.session)))
        elif not self.audience.knows(peer, hello):
            self._admit(peer, hello, now)

    def _admit(self, peer: Peer, wishes: Hello | Welcome, now: float) -> Objection | None:
        """Whoever connected: the publisher's welcome says how the reader is served, and where it begins."""
        admission = self.audience.admit(peer, wishes, self.guests, now)
        if isinstance(admission, Objection):
            self._pulse.forget(peer)
            self.out.append((peer, admission.refuse(wishes.session)))
            return admission
        self._pulse.heard(peer, now)
        self.out.append((peer, self._welcome(wishes, admission)))
        self.tidings.greet(peer)
        return None

    def _from_called(self, peer: Peer, message: Welcome | Refuse | Reset, now: float) -> None:
        calling = self.calling
        if calling is None or peer != calling.peer:
            return
        if isinstance(message, Reset):
            self.audience.leave(peer, now, for_good=False)
            calling.lost(now)
            if calling.hello_due(now):
                self.out.append((peer, self._hello()))
        elif isinstance(message, Refuse):
            self._lose(peer, now)
            calling.refused(message.message, now, retry=message.retry)
        elif calling.awaits(peer, message):
            if message.role != "reader":
                calling.refused(BOTH_PUBLISH, now, retry=False)
                return
            objection = self._admit(peer, message, now)
            if objection is None:
                calling.answered()
            else:
                calling.refused(objection.message, now, retry=objection.retry)

    def _from_member(
        self,
        peer: Peer,
        member: Member | None,
        message: Credit | Reply,
        payload: memoryview | None,
        now: float,
    ) -> None:
        if isinstance(message, Credit) and not message.session and (member is None or member.one_shot):
            objection = self.audience.one_shot(peer, message, self.guests, now)
            if objection is not None:
                self.out.append((peer, objection.refuse("")))
        elif member is None or member.session != message.session:
            self.out.append((peer, Reset(session=message.session)))
        elif isinstance(message, Reply):
            self._on_reply_message(peer, member, message, payload, now)
        else:
            self.audience.acknowledge(member, message.frames)
            self.audience.credit(member, message.credit, now)

    def _on_reply_message(
        self, peer: Peer, member: Member, message: Reply, payload: memoryview | None, now: float
    ) -> None:
        stream = message.frame.stream
        if member.rights is not None and not member.rights.allows("work", stream):
            objection = Objection("rights", f"this key may not work on {stream!r}")
            self.out.append((peer, objection.refuse(message.session)))
            return
        for identity in identities(message.frame):
            if self.audience.answer(member, identity) and self.on_reply is not None:
                self.on_reply(identity, message, payload)
        self.audience.credit(member, 0, now)

    def _on_end(self, peer: Peer, member: Member | None, message: End, now: float) -> None:
        self._pulse.forget(peer)
        told_end = self.audience.goodbye(message.session) if member is None else member.told_end
        self.audience.leave(peer, now, for_good=True)
        if self.calling is not None and member is not None and not member.told_end:
            self.out.append((peer, End(session=message.session)))  # heard: the hub may close the connection
        if self.calling is not None and message.session == self.calling.session:
            if self.closing and told_end:
                self.calling.end()
            self.calling.refused("the reader left", now, retry=True)

    def _on_ping(self, peer: Peer, message: Ping, *, known: bool) -> None:
        if not known:
            self.out.append((peer, Reset(session=message.session)))
        elif not message.answer:
            self.out.append((peer, Ping(session=message.session, answer=True)))

    def _on_observe(self, peer: Peer, message: Observe) -> None:
        rights = self.guests.rights(peer)
        if rights is not None and not rights.allows("observe", ""):
            self.out.append((peer, Objection("rights", "this key may not observe").refuse(message.session)))
        else:
            self.out.append((peer, Observe(session=message.session, status=publisher_status(self))))

    # what we say -------------------------------------------------------------------------------------------

    def _hello(self) -> Hello:
        assert self.calling is not None  # noqa: S101  (only a connecting side says hello)
        states = tuple(
            StreamState(name=s.name, run=f"{s.run:016x}", next=s.next, packets=s.packets)
            for s in self.audience.streams.values()
        )
        return Hello(
            session=self.calling.session,
            role="publisher",
            attempt=self.calling.attempt,
            party=self.party,
            group=self.rules.group,
            live=self.rules.live,
            streams=states,
        )

    def _welcome(self, answered: Hello | Welcome, admission: Admission | None = None) -> Welcome:
        session, attempt = answered.session, answered.attempt
        if admission is None:  # an observer
            return Welcome(session=session, role="publisher", attempt=attempt, party=self.party, live=self.rules.live)
        group = admission.group
        return Welcome(
            session=session,
            role="publisher",
            attempt=attempt,
            party=self.party,
            want=group.want,
            keep=group.keep,
            group=group.name if not group.name.startswith(ANONYMOUS) else "",
            exclusive=group.exclusive,
            max_fps=group.max_fps,
            live=self.rules.live,
            streams=admission.positions,
            resumed=admission.resumed,
        )
