"""Readers that want the newest frame only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from framebus.session.group import Deliver, Group
from framebus.session.member import Mark, Member
from framebus.session.outgoing import Entry
from framebus.session.stream_progress import StreamProgress


class LatestGroup(Group):
    """One newest frame per stream, replaced and counted while nobody may take it; coded video by groups of
    pictures: once one packet is dropped, all up to the next key are."""

    keep = "latest"
    MAX_HELD_PACKETS: ClassVar[int] = 300

    def __init__(self, name: str, deliver: Deliver) -> None:
        super().__init__(name, deliver)
        self.held: dict[str, list[Entry]] = {}
        self._flowing: set[str] = set()
        """Packet streams whose current group of pictures this group has from its key on."""
        self._open_at: dict[str, float] = {}
        self._begun: dict[tuple[str, int], Mark] | None = None
        """Where its reader began before it came another way."""

    @property
    def waits(self) -> bool:
        return bool(self.held)

    @property
    def owed(self) -> int:
        return sum(map(len, self.held.values()))

    def inherit(self, before: Member) -> None:
        """Go on for a reader that was in another group, where nothing was sent to it, from where it began there."""
        if isinstance(before.group, LatestGroup):
            self.held, self._flowing = before.group.held, before.group._flowing
            self._begun = before.marks

    def begin(self, progress: StreamProgress) -> Mark:
        if self._begun is not None and not self.members:
            begun = self._begun.get((progress.name, progress.run))
            return Mark(begun.last, begun.thinned) if begun else Mark(progress.first - 1, progress.first)
        gop = [] if self.members else progress.gop
        return Mark(gop[0].identity.seq - 1, gop[0].thinned) if gop else Mark(progress.next - 1, progress.thinned)

    def start_with(self, progress: StreamProgress) -> None:
        if progress.gop and progress.name not in self.held:
            self.held[progress.name] = list(progress.gop)
            self._flowing.add(progress.name)

    def offer(self, entry: Entry, now: float) -> None:
        stream = entry.identity.stream
        if entry.packet:
            self._offer_packet(stream, entry)
        else:
            self._offer_frame(stream, entry, now)
        self.pump(now)

    def _offer_frame(self, stream: str, entry: Entry, now: float) -> None:
        replaced = self.held.get(stream)
        if replaced and self._open_at.get(stream, now) <= now:
            self.lose(stream)
        elif replaced:
            self.leave_out(replaced[0])
        self.held[stream] = [entry]

    def _offer_packet(self, stream: str, entry: Entry) -> None:
        held = self.held.setdefault(stream, [])
        if entry.starts:
            self.lose(stream, len(held))
            held[:] = [entry]
            self._flowing.add(stream)
        elif stream not in self._flowing:
            self.lose(stream)
        elif len(held) >= self.MAX_HELD_PACKETS:
            self.lose(stream, len(held) + 1)
            held.clear()
            self._flowing.discard(stream)
        else:
            held.append(entry)

    def pump(self, now: float) -> None:
        progress = True
        while progress:
            progress = False
            for stream in list(self.held):
                progress |= self._pump_stream(stream, now)

    def _pump_stream(self, stream: str, now: float) -> bool:
        held = self.held.get(stream)
        if not held or self._open_at.get(stream, now) > now:
            return False
        member = self.free_member(held[0])
        if member is None:
            return False
        entry = held.pop(0)
        if not held:
            del self.held[stream]
            if self.max_fps:
                self._close_gate(stream, now)
        self.send(member, entry)
        return True

    def _close_gate(self, stream: str, now: float) -> None:
        period = 1.0 / self.max_fps
        opened = self._open_at.get(stream, now)
        self._open_at[stream] = (opened if now - opened < period else now) + period

    def drop_held(self) -> None:
        """The end: what nobody took yet is given up."""
        for stream, held in self.held.items():
            self.lose(stream, len(held))
        self.held.clear()

    def leave(self, member: Member) -> None:
        member.break_off()
        self.members.pop(member.session, None)

    def deadline(self, now: float) -> float | None:
        if not self.max_fps:
            return None
        later = [at for stream, at in self._open_at.items() if at > now and self.held.get(stream)]
        return min(later, default=None)


def shown(groups: Iterable[Group], streams: Iterable[StreamProgress]) -> set[Entry]:
    """Frames that readers of the newest, or newcomers to coded video, may still be given."""
    held = [entries for group in groups if isinstance(group, LatestGroup) for entries in group.held.values()]
    return {entry for entries in (*held, *(stream.gop for stream in streams)) for entry in entries}
