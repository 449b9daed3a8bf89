"""A picture with its text, as a program hands it over, on its way to a hub of either kind."""

from __future__ import annotations

import itertools
import json
import os
import secrets
import socket
from functools import lru_cache
from typing import Any

import numpy as np

from framebus.core import clock
from framebus.core.errors import BadFrame
from framebus.core.formats import guess_format
from framebus.core.frame import Array, Coded, Frame, Identity
from framebus.core.names import MAX_LENGTH, to_name
from framebus.session.texts import Texts
from framebus.wire import limits
from framebus.wire.dialects import foreign, origin
from framebus.wire.encodings import from_bytes
from framebus.wire.layout import bytes_of
from framebus.wire.meta import jsonable

Jpg = bytes | bytearray | memoryview | Array

KEPT_BEGINNINGS = 64
"""Beginnings of headers that are kept, of short texts."""

_counter = itertools.count(1)


class Letter:
    """One picture: an array, or bytes that are a JPEG as a rule. Stamped with the time it was handed over."""

    def __init__(self, text: Any, content: Array | memoryview) -> None:
        self.text = text
        self.content = content
        self.captured_ns = clock.utc_ns()
        self.captured_mono_ns = clock.mono_ns()

    @property
    def payload(self) -> memoryview:
        """The bytes, the program's own memory where they lie in one piece."""
        return bytes_of(self.content) if isinstance(self.content, np.ndarray) else self.content

    def header(self, postmark: Identity) -> bytes:
        """imageZMQ's header; capture time and identity follow as keys that unmodified hubs ignore.

        It begins as theirs does, to the letter: subscribers may choose by that.
        """
        text, content = self.text, self.content
        of = (content.dtype, content.shape) if isinstance(content, np.ndarray) else ()
        begin = _kept_beginning if type(text) is str and len(text) <= foreign.SHORT_TEXT else _beginning
        return begin(text, *of) + origin.text(postmark, self.captured_ns, self.captured_mono_ns, clock.boot_id())

    def frame(self, postmark: Identity) -> Frame:
        """The same as a frame; raises `BadFrame` for what a link does not carry."""
        content: Array | Coded = self.content if isinstance(self.content, np.ndarray) else _coded(self.content)
        return Frame(
            content=content,
            stream=postmark.stream,
            run=postmark.run,
            seq=postmark.seq,
            captured_ns=self.captured_ns,
            captured_mono_ns=self.captured_mono_ns,
            clock=clock.boot_id(),
            format=guess_format(content.shape, content.dtype, getattr(content, "format", None)),
            meta=self._meta(),
        )

    def _meta(self) -> dict[str, Any]:
        """The text, as JSON in itself where it is deeper than a link carries."""
        try:
            return {"msg": jsonable(self.text, "msg", 2)}
        except BadFrame:
            return {"msg_json": json.dumps(self.text)}


class Postmarks:
    """Names and numbers what one sender sends: a stream for each of its texts, unless they change all the time."""

    def __init__(self, stream: str = "") -> None:
        self._fixed = stream
        self._suffix = ""
        self._run = secrets.randbits(64) or 1
        self._counts: dict[str, int] = {}
        self._host = to_name(socket.gethostname(), "sender")
        self._texts = Texts(self._host)

    def next(self, text: Any) -> Identity:
        """For the next letter that says `text`."""
        stream = self._stream(text)
        number = self._counts.get(stream, 0)
        self._counts[stream] = number + 1
        return Identity(stream, self._run, number)

    def rename(self) -> None:
        """Another sender has such a name: from now on names tell which process and sender this is."""
        self._suffix = f".{os.getpid()}-{next(_counter)}"
        self._counts.clear()

    def _stream(self, text: Any) -> str:
        name = self._fixed or self._texts.stream(foreign.name_for(text, self._host))
        return name[: MAX_LENGTH - len(self._suffix)] + self._suffix


def image_letter(text: Any, image: Any) -> Letter:
    """A letter with an array of numbers; raises `BadFrame` for anything else, `TypeError` where JSON has no `text`."""
    array = np.asarray(image)
    if image is None or array.dtype.kind not in "biufc":
        what = "None: the camera gave no picture" if image is None else f"{type(image).__name__}"
        raise BadFrame(f"send_image takes a numpy array of numbers, this is {what}")
    return Letter(as_json(text), array)


def jpg_letter(text: Any, jpg: Jpg) -> Letter:
    """A letter with encoded bytes (`cv2.imencode` returns them as an array)."""
    view = bytes_of(jpg) if isinstance(jpg, np.ndarray) else memoryview(jpg)
    return Letter(as_json(text), view if view.ndim == 1 and view.format == "B" else view.cast("B"))


def as_json(text: Any) -> Any:
    """`text` as it arrives: tuples as lists, keys as text; raises `TypeError` for what JSON does not have."""
    return text if type(text) is str else json.loads(json.dumps(text))


def _beginning(text: Any, dtype: np.dtype[Any] | None = None, shape: tuple[int, ...] = ()) -> bytes:
    """The part of a header that hubs know, up to where ours begins."""
    described = {} if dtype is None else foreign.description(dtype, shape)
    return foreign.write_header({"msg": text, **described})[:-1] + b", "


_kept_beginning = lru_cache(KEPT_BEGINNINGS)(_beginning)


def _coded(data: memoryview) -> Array | Coded:
    """Bytes that are no picture travel as they are."""
    try:
        return from_bytes(data, max_pixels=limits.MAX_PIXELS)
    except BadFrame:
        return np.frombuffer(data, np.uint8)
