"""What one process left in a spool, as the next one finds it."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections import defaultdict

from msgspec import structs

from framebus.links.spool import notes
from framebus.links.spool.notes import Label, Share
from framebus.links.spool.owed_journal import Journal
from framebus.links.spool.records import Record
from framebus.links.spool.segments import Place, Segments

log = logging.getLogger("framebus")


class Marks:
    """How far groups are in runs: the last number acknowledged, and how many before were not meant for the group."""

    def __init__(self) -> None:
        self._marks: defaultdict[str, dict[tuple[str, int], tuple[int, int]]] = defaultdict(dict)

    def advance(self, group: str, stream: str, run: int, mark: tuple[int, int]) -> bool:
        """`group` is there at least; False where it was before."""
        marks = self._marks[group]
        before = marks.get((stream, run))
        if before is not None and before >= mark:
            return False
        marks[stream, run] = mark
        return True

    def of(self, group: str) -> dict[tuple[str, int], tuple[int, int]]:
        """Where it is in each run."""
        return self._marks[group]

    def rename(self, before: str, group: str) -> None:
        """What was known of `before` is known of `group`."""
        for (stream, run), mark in self._marks.pop(before, {}).items():
            self.advance(group, stream, run, mark)

    def lines(self) -> list[notes.Line]:
        """All of them, to be written down."""
        return [
            notes.Mark(group, stream, run, *mark)
            for group, marks in self._marks.items()
            for (stream, run), mark in marks.items()
        ]

    def keep(self, runs: set[tuple[str, str, int]]) -> None:
        """Forget all but these runs of these groups."""
        for group, marks in self._marks.items():
            self._marks[group] = {run: mark for run, mark in marks.items() if (group, *run) in runs}


class Left:
    """Read once, when the spool is opened. Frames whose lines are lost are owed again: better twice than never."""

    def __init__(self, journal: Journal, segments: Segments) -> None:
        self.session = ""
        self.groups: dict[str, notes.Group] = {}
        self.marks = Marks()
        self.renamed: list[notes.Renamed] = []
        self.later: dict[int, list[Share]] = {}
        """By order: groups that a frame was owed to after it was written."""
        self.done: defaultdict[str, set[int]] = defaultdict(set)
        """Frames that are still there and that a group has."""
        self.frames: list[tuple[Label, Place]] = []
        """In the order of sending; the shares are those still owed."""
        self.next_order = 0
        self._gone: set[str] = set()
        self._ranges: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        self._seen: set[int] = set()
        journal.load(self._note)
        self._finished = {group: _Ranges(ranges) for group, ranges in self._ranges.items()}
        segments.load(self._take_in)
        self.frames.sort(key=lambda found: found[0].order)
        self.later = {order: shares for order, shares in self.later.items() if order in self._seen}
        self.renamed = [renamed for renamed in self.renamed if self.frames and self.frames[0][0].order < renamed.until]
        self.marks.keep({(s.group, label.stream, label.run) for label, _ in self.frames for s in label.shares})

    def _note(self, line: notes.Line) -> None:
        match line:
            case notes.Session(id=id):
                self.session = id
            case notes.Group(name=name):
                self.groups[name] = line
                self._gone.discard(name)
            case notes.Gone(group=group):
                self.groups.pop(group, None)
                self._gone.add(group)
            case notes.Renamed():
                self._rename(line)
            case notes.Owed(order=order, share=share):
                self.later.setdefault(order, []).append(share)
            case notes.Done(group=group, ranges=ranges):
                self._ranges[group].extend(ranges)
                self.next_order = max([self.next_order, *(last + 1 for _, last in ranges)])
            case notes.Mark(group=group, stream=stream, run=run, last=last, thinned=thinned):
                self.marks.advance(group, stream, run, (last, thinned))

    def _rename(self, line: notes.Renamed) -> None:
        self.renamed.append(line)
        self.groups.pop(line.before, None)
        self.marks.rename(line.before, line.group)
        self._ranges[line.group].extend(self._ranges.pop(line.before, []))

    def _take_in(self, record: Record, place: Place) -> bool:
        """One frame; True where somebody is owed it."""
        try:
            label = notes.label(record.label)
        except notes.BadLine as error:
            log.error("spool: %s, byte %d: %s; left out", place.segment.path, record.offset, error)
            return False
        if label.order in self._seen:
            return False
        self._seen.add(label.order)
        self.next_order = max(self.next_order, label.order + 1)
        place.segment.orders.append(label.order)
        shares = self._shares(label)
        for share in shares:
            self.marks.advance(share.group, label.stream, label.run, (share.last, share.last_thinned))
        owed = tuple(share for share in shares if self._is_owed(label.order, share.group))
        if owed:
            self.frames.append((structs.replace(label, shares=owed), place))
        return bool(owed)

    def _shares(self, label: Label) -> list[Share]:
        """Whom it is or was owed to, under the names of today."""
        shares: dict[str, Share] = {}
        for share in (*label.shares, *self.later.get(label.order, ())):
            for renamed in self.renamed:
                if share.group == renamed.before and label.order < renamed.until:
                    share = structs.replace(share, group=renamed.group)
            shares[share.group] = share
        return list(shares.values())

    def _is_owed(self, order: int, group: str) -> bool:
        if group in self._gone:
            return False
        self.groups.setdefault(group, notes.Group(group))
        if order in self._finished.get(group, ()):
            self.done[group].add(order)
            return False
        return True


class _Ranges:
    """A set of numbers given as ranges that may overlap."""

    def __init__(self, ranges: list[tuple[int, int]]) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in sorted(ranges):
            if self._lasts and first <= self._lasts[-1] + 1:
                self._lasts[-1] = max(self._lasts[-1], last)
            else:
                self._firsts.append(first)
                self._lasts.append(last)

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._firsts, number)
        return at > 0 and number <= self._lasts[at - 1]
