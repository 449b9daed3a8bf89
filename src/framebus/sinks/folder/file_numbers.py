"""Which file number a frame has, so that frames sent again hit their own file and new ones never another's.

A *stretch* maps the frames of one run, from `seq` on, to the numbers from `first` up to `end` (not included). A new run
begins a new stretch behind the highest number in use. Pure: files are looked at and written elsewhere.
"""

from __future__ import annotations

import msgspec

from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.core.not_json import NOT_JSON

VERSION = 1


class Stretch(msgspec.Struct, omit_defaults=True):
    """Consecutive numbers of one run's frames."""

    stream: str
    run: str
    """16 hexadecimal digits."""
    seq: int
    """Which frame the first number belongs to."""
    first: int
    end: int | None = None
    """The number after the last one; None while the stretch is the newest."""

    def number_of(self, seq: int) -> int | None:
        """The number of frame `seq`, if it is in this stretch."""
        number = self.first + seq - self.seq
        return number if seq >= self.seq and (self.end is None or number < self.end) else None


class _Index(msgspec.Struct):
    framebus: int = VERSION
    templates: dict[str, list[Stretch]] = {}


class Numbers:
    """The numbers of all frames written with one `template` into a folder."""

    def __init__(self, template: str, saved: bytes | None) -> None:
        """`saved` is the folder's index, if it has one; raises `BadFrame` when it cannot be read."""
        self._template = template
        self._index = _Index() if saved is None else _loaded(saved)
        self._stretches = self._index.templates.setdefault(template, [])

    @property
    def known(self) -> bool:
        """True when files with this template were written here before."""
        return bool(self._stretches)

    def knows(self, stream: str | None) -> bool:
        """True when files of `stream` (None: of any) were written here before."""
        return any(stream in (None, stretch.stream) for stretch in self._stretches)

    def find(self, frame: Frame) -> int | None:
        """The number that is already the frame's, or the next of its run; None for frames of no stretch."""
        run = _run_text(frame)
        # Mostly it is the newest.
        for stretch in reversed(self._stretches):
            if stretch.run == run and stretch.stream == frame.stream:
                number = stretch.number_of(frame.seq)
                if number is not None:
                    return number
        return None

    def begin(self, frame: Frame, first: int, stream: str | None) -> None:
        """Begin a stretch at `first` with `frame`; those of the same `stream` (None: all) end before it."""
        kept = []
        for stretch in self._stretches:
            if stream in (None, stretch.stream) and (stretch.end is None or stretch.end > first):
                stretch.end = first
            if stretch.end is None or stretch.end > stretch.first:
                kept.append(stretch)
        self._stretches[:] = [*kept, Stretch(frame.stream, _run_text(frame), frame.seq, first)]

    def saved(self) -> bytes:
        """The index to be saved, as JSON that people can read."""
        return msgspec.json.format(msgspec.json.encode(self._index), indent=1) + b"\n"


_from_json = msgspec.json.Decoder(_Index).decode


def _loaded(saved: bytes) -> _Index:
    try:
        index = _from_json(saved)
    except NOT_JSON as error:
        raise BadFrame(str(error)) from error
    if index.framebus != VERSION:
        raise BadFrame(f"it is of version {index.framebus}, this framebus knows {VERSION}")
    return index


def _run_text(frame: Frame) -> str:
    return f"{frame.run:016x}"
