"""The parts of `multipart/x-mixed-replace`, as cameras send pictures over HTTP: bytes in, parts out, no I/O.

Bears what cameras do: boundaries with and without the dashes they were announced with, missing and wrong lengths,
line ends without a carriage return, text between the parts.
"""

from __future__ import annotations

import re
from email.message import Message
from typing import NamedTuple

from framebus.core.errors import BadFrame
from framebus.sources.cameras.jpeg_end import BEGINS, EndFinder

MAX_HEAD_BYTES = 16 * 1024
MAX_PART_BYTES = 64_000_000
_ANY_BOUNDARY = re.compile(rb"(?:^|\n)--+([!-~][ -~]{0,199}?)[ \t]*\r?\n")
_BLANK = re.compile(rb"\r?\n\r?\n")


class Part(NamedTuple):
    """One part: its type in lower case, its bytes, and when the first of them arrived (UTC and monotonic ns)."""

    kind: str
    data: bytes
    utc_ns: int
    mono_ns: int


def boundary_of(content_type: str) -> bytes:
    """The boundary announced in a `Content-Type`, without dashes and quotes; empty where it announces none."""
    message = Message()
    message["content-type"] = content_type
    boundary = message.get_param("boundary")
    return boundary.strip().lstrip("-").encode("latin-1", "replace")[:200] if isinstance(boundary, str) else b""


class Multipart:
    """Takes the body of the response in pieces of any size. `ended` once the sender said that no more will come."""

    def __init__(self, boundary: bytes) -> None:
        self.ended = False
        self._boundary = boundary
        self._data = bytearray()
        self._between = True
        self._head: dict[bytes, bytes] | None = None
        self._length = 0
        """Of the body as announced, 0 where it is not."""
        self._end = EndFinder()
        self._searched = 0
        self._since = (0, 0)

    def feed(self, data: bytes, utc_ns: int, mono_ns: int) -> list[Part]:
        """The parts that `data` completes, which arrived at this time.

        Raises `BadFrame` for heads and parts that are too long.
        """
        self._data += data
        parts: list[Part] = []
        while not self.ended and self._advance(parts, (utc_ns, mono_ns)):
            pass
        return parts

    def _advance(self, parts: list[Part], now: tuple[int, int]) -> bool:
        """One step; False when more bytes are needed."""
        if self._between:
            return self._find_boundary()
        if self._head is None:
            return self._read_head(now)
        part = self._read_body(now)
        if part is not None:
            parts.append(part)
        return part is not None

    # between parts -------------------------------------------------------------------------------------------

    def _find_boundary(self) -> bool:
        if not self._boundary and not self._learn_boundary():
            return False
        start = self._data.find(b"--" + self._boundary)
        if start < 0:
            self._keep_last(len(self._boundary) + 2)
            return False
        after = start + 2 + len(self._boundary)
        line = self._data.find(b"\n", after)
        if self._data.startswith(b"--", after):
            self.ended = True
            return False
        if line < 0:
            self._check_head(len(self._data) - start)
            return False
        del self._data[: line + 1]
        self._between, self._head = False, None
        return True

    def _learn_boundary(self) -> bool:
        """Nobody announced it: it is the first line that begins with dashes."""
        found = _ANY_BOUNDARY.search(self._data)
        if found is None:
            self._check_head(len(self._data))
            return False
        self._boundary = found[1]
        return True

    def _keep_last(self, count: int) -> None:
        if len(self._data) > count:
            del self._data[:-count]

    # a part --------------------------------------------------------------------------------------------------

    def _read_head(self, now: tuple[int, int]) -> bool:
        if self._data.startswith((b"\r\n", b"\n")):  # no head at all
            end = self._data.index(b"\n") + 1
            self._head = {}
        else:
            blank = _BLANK.search(self._data, 0, MAX_HEAD_BYTES + 4)
            if blank is None:
                self._check_head(len(self._data))
                return False
            end = blank.end()
            self._head = _fields(bytes(self._data[: blank.start()]))
        del self._data[:end]
        self._length = _length(self._head.get(b"content-length", b""))
        self._end, self._searched = EndFinder(), 0
        self._since = now if self._data else (0, 0)
        return True

    def _read_body(self, now: tuple[int, int]) -> Part | None:
        if not self._data:
            return None
        if self._since == (0, 0):
            self._since = now
        stop = self._body_end()
        if stop is None:
            if len(self._data) > MAX_PART_BYTES:
                raise BadFrame(f"a picture of more than {MAX_PART_BYTES} bytes is refused")
            return None
        body = bytes(self._data[:stop])
        del self._data[:stop]
        self._between = True
        kind = (self._head or {}).get(b"content-type", b"").partition(b";")[0].strip().lower().decode("latin-1")
        return Part(kind, body, *self._since)

    def _body_end(self) -> int | None:
        """Where the body ends: by its length, by the JPEG's own end, or where the next boundary begins."""
        if self._length:
            return self._length if len(self._data) >= self._length else None
        if len(self._data) < len(BEGINS):
            return None
        end = self._end.find(self._data)
        if end is not None or not self._end.lost:
            return end
        delimiter = b"\n--" + self._boundary
        found = self._data.find(delimiter, self._searched)
        self._searched = max(0, len(self._data) - len(delimiter))
        if found < 0:
            return None
        return found - 1 if found and self._data[found - 1] == 0x0D else found

    def _check_head(self, length: int) -> None:
        if length > MAX_HEAD_BYTES:
            raise BadFrame(f"{length} bytes without a picture: this is no stream of JPEG pictures")


def _fields(head: bytes) -> dict[bytes, bytes]:
    lines = (line.partition(b":") for line in head.splitlines())
    return {name.strip().lower(): value.strip() for name, colon, value in lines if colon}


def _length(text: bytes) -> int:
    if not text.isdigit() or len(text) > 12:
        return 0
    if int(text) > MAX_PART_BYTES:
        raise BadFrame(f"a picture of {int(text)} bytes is refused: {MAX_PART_BYTES} at most")
    return int(text)
