"""The writing end of a link as a publisher."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core import clock
from framebus.core.contracts import Done, Item, SourceState
from framebus.core.errors import BadFrame, OptionError
from framebus.core.formats import guess_format
from framebus.core.frame import Frame, Packet
from framebus.core.names import check_name, fill_template
from framebus.core.publisher import Publisher, fillable
from framebus.core.snapshot import checked, snapshot
from framebus.core.statistics import Stats
from framebus.links.writing import WritingEnd
from framebus.wire.meta import carried


class LinkPublisher(Publisher):
    """Sends frames into a link; see `Publisher`."""

    def __init__(
        self,
        end: WritingEnd,
        *,
        name: str,
        fixed: bool = False,
        template: str = "",
        format: str | None = None,
        encode: Callable[[Frame], Frame] | None = None,
    ) -> None:
        self._end = end
        self._run = secrets.randbits(64) or 1
        self._name = name
        self._fixed = fixed
        self._template = template
        self._format = format
        self._encode = encode
        self._tried = False
        """Whether an array was found fit to travel."""
        self._names: dict[str | None, str] = {None: fill_template(template, name) if template else name}
        end.start()

    @property
    def where(self) -> str:
        """The address: where it listens, with the port the system chose, or what it connects to."""
        return self._end.address

    @property
    def listens(self) -> bool:
        """True when readers connect to it."""
        return self._end.listens

    def send(
        self, image: npt.NDArray[Any] | Item, stream: str | None = None, meta: Mapping[str, Any] | None = None
    ) -> None:
        if isinstance(image, np.ndarray):
            name = self._named(stream)
            known = self._tried and not image.dtype.hasobject
            if known and self._end.skip(name, self._run):
                return  # nobody is there, and what this program sends was looked at once
            image, meta, self._tried = checked(image, self._format), carried(meta), True
            if known or not self._end.skip(name, self._run):
                make = self._end.make_room if self._end.present() else np.empty  # who comes may want no shared memory
                self._send_array(image if self._encode else snapshot(image, make), name, meta, None)
        else:
            self._send_item(image, stream, meta, None)

    def fill(
        self,
        shape: tuple[int, ...],
        dtype: npt.DTypeLike = "uint8",
        *,
        stream: str | None = None,
        meta: Mapping[str, Any] | None = None,
        format: str | None = None,
    ) -> AbstractContextManager[npt.NDArray[Any]]:
        return _Filling(self, shape, dtype, stream, meta, format)

    def make_room(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """A writable array, in shared memory where that spares a copy."""
        return self._end.make_room(*fillable(shape, dtype))

    def send_filled(
        self, image: npt.NDArray[Any], stream: str | None, meta: Mapping[str, Any] | None, format: str | None
    ) -> None:
        """Send an array that `make_room` made; nobody writes to it any more."""
        image.flags.writeable = False
        name = self._named(stream)
        meta = carried(meta)
        if not self._end.skip(name, self._run):
            self._send_array(image, name, meta, format)

    def write(self, item: Item, done: Done) -> None:
        self._send_item(item, None, None, done)

    def readers_present(self) -> int:
        """How many readers (or services) are connected now."""
        return self._end.present()

    def _send_array(self, image: npt.NDArray[Any], name: str, meta: Mapping[str, Any], format: str | None) -> None:
        captured_ns, mono_ns = clock.utc_ns(), clock.mono_ns()
        format = guess_format(image.shape, image.dtype, format or self._format)

        def frame(number: int) -> Frame:
            return Frame(
                content=image,
                stream=name,
                run=self._run,
                seq=number,
                captured_ns=captured_ns,
                captured_mono_ns=mono_ns,
                clock=clock.boot_id(),
                format=format,
                meta=meta,
            )

        if self._encode is None:
            self._end.send(lambda session: frame(session.next_number(name, self._run)), None)
        else:
            coded = self._encode(frame(0))
            self._end.send(lambda session: coded.replace(seq=session.next_number(name, self._run)), None)

    def _send_item(self, item: Item, stream: str | None, meta: Mapping[str, Any] | None, done: Done | None) -> None:
        if not isinstance(item, Frame | Packet):
            raise BadFrame(f"a {type(item).__name__} cannot be sent: send a numpy array or a Frame")
        name = self._name_of(item, stream)
        changes: dict[str, Any] = {} if name == item.stream else {"stream": name}
        if meta is not None or item.meta:
            changes["meta"] = carried(item.meta if meta is None else meta)
        item = item.replace(**changes) if changes else item
        if self._encode is not None and isinstance(item, Frame):
            item = self._encode(item)
        ready = item
        if ready.run:
            self._end.send(lambda session: ready, done)
        else:
            self._end.send(lambda session: ready.replace(run=self._run, seq=session.next_number(name, self._run)), done)

    def _name_of(self, item: Item, stream: str | None) -> str:
        if stream is not None:
            return self._named(stream)
        if self._template:
            return fill_template(self._template, item.stream or self._name)
        return self._name if self._fixed else item.stream or self._name

    def _named(self, stream: str | None) -> str:
        try:
            return self._names.get(stream) or self._checked(stream)
        except TypeError as error:  # no hash: most likely `meta` by position
            raise OptionError(f"stream={stream!r} is no name: meta is given by name, send(image, meta=…)") from error

    def _checked(self, stream: str | None) -> str:
        name = self._names[stream] = check_name(stream or self._name, "stream")
        return name

    @property
    def descriptor(self) -> int:
        """See `Endpoint`."""
        return self._end.descriptor

    def expect(self) -> bool:
        """See `Endpoint`."""
        return self._end.expect()

    def met(self, now: float) -> None:
        """See `Endpoint`."""
        self._end.met(now)

    def tell_states(self, states: Callable[[], Mapping[str, SourceState]]) -> None:
        self._end.states = lambda: {self._passed_on_as(name): state for name, state in states().items()}

    def _passed_on_as(self, stream: str) -> str:
        if self._template:
            return fill_template(self._template, stream)
        return self._name if self._fixed else stream

    def stats(self) -> Stats:
        stats = self._end.stats
        stats.unseen = self._end.session.unseen
        stats.rejected = self._end.complaints.rejected
        stats.readers = self._end.readers()
        return stats

    def close(self) -> None:
        self._closed = True
        self._end.finish()

    def abandon(self) -> None:
        self._closed = True
        self._end.abandon()

    def _place(self) -> str:
        return self.where


class _Filling:
    """The block in which a frame is made in place."""

    __slots__ = ("_image", "_out", "_wishes")

    def __init__(
        self,
        out: LinkPublisher,
        shape: tuple[int, ...],
        dtype: npt.DTypeLike,
        *wishes: Any,
    ) -> None:
        self._out = out
        self._wishes = wishes
        self._image = out.make_room(shape, dtype)

    def __enter__(self) -> npt.NDArray[Any]:
        return self._image

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._out.send_filled(self._image, *self._wishes)
