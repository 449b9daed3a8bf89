"""Which frame it is, for frames of senders that do not say: a stream, a run, a number."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

from framebus.core.addresses import Link
from framebus.core.frame import Frame
from framebus.core.names import matches, to_name
from framebus.links.old_sockets import Parts, peer_address
from framebus.session.texts import Texts
from framebus.wire.dialects.foreign import End
from framebus.wire.layout import Buffer

MAX_STREAMS = 1024
"""Streams that are counted at all; the frames of others go by the name of their host."""

Decode = Callable[[Sequence[Buffer], str], Frame | End]


class Numbered:
    """Makes frames of messages. `missed` tells what senders that number their frames have sent besides."""

    def __init__(self, address: Link, decode: Decode) -> None:
        self.name = _name(address)
        self._pattern = address.streams
        self._single = len(address.peers) == 1
        self._decode = decode
        self._run = secrets.randbits(64) or 1
        self._next: dict[str, int] = {}
        self._last: dict[tuple[str, int], int] = {}
        self._texts: dict[str, Texts] = {}

    def frame(self, parts: Parts) -> Frame | End | None:
        """The frame in a message, its end, or None where it is of a stream nobody asked for.

        Raises `BadFrame` for messages that are none.
        """
        host = peer_address(parts)
        default = self.name if self._single else to_name(host, self.name)
        made = self._decode([part.buffer for part in parts], default)
        if isinstance(made, End):
            return made
        if not made.run:
            made = made.replace(stream=self._stream(made.stream, host, default))
        if not matches(self._pattern, made.stream):
            return None
        return self._with_gap(made) if made.run else self._counted(made)

    def _stream(self, name: str, host: str, default: str) -> str:
        """Never one stream per text, where texts are times or always new; who asks for streams by name means names."""
        if self._pattern:
            return name
        if host not in self._texts and len(self._texts) < MAX_STREAMS:
            self._texts[host] = Texts(default)
        return self._texts[host].stream(name) if host in self._texts else default

    def _counted(self, frame: Frame) -> Frame:
        name = frame.stream if frame.stream in self._next or len(self._next) < MAX_STREAMS else self.name
        seq = self._next.get(name, 0)
        self._next[name] = seq + 1
        return frame.replace(stream=name, run=self._run, seq=seq)

    def _with_gap(self, frame: Frame) -> Frame:
        key = (frame.stream, frame.run)
        last = self._last.get(key)
        if last is None and len(self._last) >= MAX_STREAMS:
            self._last.clear()
        self._last[key] = max(frame.seq, -1 if last is None else last)
        return frame if last is None else frame.replace(missed=max(0, frame.seq - last - 1))


def _name(address: Link) -> str:
    if address.streams and not address.streams.endswith("*"):
        return address.streams
    return to_name(address.peers[0].host, address.dialect)
