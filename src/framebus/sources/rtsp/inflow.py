"""One connection's bytes, taken apart into media and messages as they arrive.

Media is interleaved with the texts of RTSP (RFC 2326, 10.12): `$`, a channel, a length, that many bytes.
"""

from __future__ import annotations

from collections.abc import Callable

from framebus.core.errors import BadFrame
from framebus.sources.rtsp import messages
from framebus.sources.rtsp.messages import Request, Response, shown

_DOLLAR = 0x24
_HEAD = 4
_ROOM = 64 * 1024
"""Free bytes offered to each read; with one message or media frame before them (64 KiB each at most) all fits."""
_CAPACITY = messages.MAX_BYTES + _HEAD + 2 * _ROOM
_BLANK = b"\r\n"

OnMedia = Callable[[int, memoryview], None]
OnMessage = Callable[[Request | Response], None]


class Inflow:
    """Receive into `space()`, then say how many bytes came to `arrived`.

    Nothing is copied: media is shown as a view of the buffer that is good until the callback returns.
    """

    def __init__(self, on_media: OnMedia, on_message: OnMessage) -> None:
        self._on_media = on_media
        self._on_message = on_message
        self._buffer = bytearray(_CAPACITY)
        self._view = memoryview(self._buffer)
        self._start = 0
        self._end = 0

    def space(self) -> memoryview:
        """Where the next bytes go, 64 KiB or more."""
        if self._start == self._end:
            self._start = self._end = 0
        elif _CAPACITY - self._end < _ROOM:
            rest = self._end - self._start
            self._buffer[:rest] = self._buffer[self._start : self._end]
            self._start, self._end = 0, rest
        return self._view[self._end :]

    def arrived(self, count: int) -> None:
        """`count` bytes are in `space()` now: hand out all that is complete. Raises `BadFrame`."""
        self._end += count
        end, buffer, view, media = self._end, self._buffer, self._view, self._on_media
        while end - (at := self._start) >= _HEAD:
            if buffer[at] != _DOLLAR:
                if not self._message():
                    return
                continue
            stop = at + _HEAD + (buffer[at + 2] << 8 | buffer[at + 3])
            if stop > end:
                return
            self._start = stop
            media(buffer[at + 1], view[at + _HEAD : stop])

    def _message(self) -> bool:
        """Take one message from the front; False while it is not whole."""
        if self._buffer[self._start] in _BLANK:  # between messages, as some cameras end them
            self._start += 1
            return True
        self._check_beginning()
        stop = self._end_of_head()
        if not stop:
            self._check_length(self._end - self._start)
            return False
        head = bytes(self._view[self._start : stop])
        length = messages.body_length(head)
        self._check_length(len(head) + length)
        if self._end < stop + length:
            return False
        self._start = stop + length
        self._on_message(messages.decode(head, bytes(self._view[stop : stop + length])))
        return True

    def _end_of_head(self) -> int:
        ends = [(self._buffer.find(mark, self._start, self._end), len(mark)) for mark in (b"\r\n\r\n", b"\n\n")]
        return min((at + length for at, length in ends if at >= 0), default=0)

    def _check_beginning(self) -> None:
        first = bytes(self._view[self._start : min(self._end, self._start + 16)])
        if not first[:1].isalpha() or not first[:1].isupper():
            raise BadFrame(f"{shown(first.decode('latin-1'))} is neither media nor a message of RTSP")
        if first.startswith(b"HTTP/"):
            raise BadFrame("this is a web server: give the port of the camera's RTSP server (554 where not changed)")

    def _check_length(self, length: int) -> None:
        if length > messages.MAX_BYTES:
            raise BadFrame(f"a message of {length} bytes is refused: {messages.MAX_BYTES} at most")
