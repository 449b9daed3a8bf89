"""ZMTP 3.1 without keys as a pure state machine: bytes in; messages, and bytes to send back, out.

Specification: rfc.zeromq.org 23 (ZMTP 3.0) and 37 (3.1), mechanism NULL. No sockets and no clock. Everything the
other side says is untrusted: a length is compared with the limit before memory is taken, and whatever breaks the
rules ends the connection with a reason instead of raising.

Two things differ from what the specification suggests:

- The last byte of our greeting waits until the other side has named its mechanism. libzmq hangs up without naming
  it as soon as it has read a whole greeting of another mechanism, and nobody could tell people about the keys.
- A listening end waits for the other's READY and takes the socket type that fits, so that one port serves them all.
"""

from __future__ import annotations

import numpy as np

from framebus.links.connection import MAX_PARTS, Parts

MORE, LONG, COMMAND = 1, 2, 4
GREETING_BYTES = 64
MAX_HANDSHAKE_BYTES = 8 * 1024
MAX_COMMAND_BYTES = 64 * 1024
PART_COST_BYTES = 32
"""What a part costs of the limit besides its length, so that empty parts are not free."""

_MECHANISM = slice(12, 32)
_WITH_KEYS = ("CURVE", "PLAIN")
_GREETING = b"\xff" + bytes(8) + b"\x7f" + b"\x03\x01" + b"NULL".ljust(20, b"\0") + bytes(32)
_ENVELOPE = b"\x01\x00"
_CORRELATION_BYTES = 4
_MAX_CONTEXT_BYTES = 16
_REACHES = frozenset({"ROUTER", "DEALER", "REP"})
_FITS = {
    "DEALER": "ROUTER",
    "REQ": "ROUTER",
    "ROUTER": "DEALER",
    "REP": "DEALER",
    "PUSH": "PULL",
    "PULL": "PUSH",
    "PUB": "SUB",
    "XPUB": "SUB",
    "SUB": "PUB",
    "XSUB": "PUB",
    "PAIR": "PAIR",
}
_OURS = b"X-Framebus"
"""The property of a READY by which framebus knows its own kind; others ignore it."""
_SUBSCRIBE_ALL = b"\x00\x01\x01"


def frame_start(flags: int, length: int) -> bytes:
    """The 2 or 9 bytes before the `length` bytes of a frame."""
    if length < 256:
        return bytes((flags, length))
    return bytes((flags | LONG,)) + length.to_bytes(8, "big")


def one_part(message: bytes) -> bytes:
    """A message of one part, as it is sent."""
    return frame_start(0, len(message)) + message


def before_payload(head: bytes, payload_bytes: int) -> bytes:
    """Everything of a message of two parts up to the payload."""
    return frame_start(MORE, len(head)) + head + frame_start(0, payload_bytes)


class _Broken(Exception):  # noqa: N818  (why, in words; never leaves this file)
    """The other side broke the rules, or cannot be talked to."""


class Zmtp:
    """One connection's protocol. `initiator`: this side connected, and speaks as a DEALER.

    Give it what was received with `feed`, or read straight into `hole` and say so with `filled`; then send
    `outgoing()` and take `messages()`. Nothing here raises: look at `over`.
    """

    def __init__(self, *, initiator: bool, limit: int) -> None:
        self.limit = limit
        """How many bytes a message may have, 32 more counted for each of its parts."""
        self.ready = False
        """True once both sides know what the other is."""
        self.peer_type = ""
        """The other side's socket type as it says (`"REQ"`); empty before it is ready."""
        self.peer_is_framebus = False
        """True when the other side says that it is framebus, too."""
        self.wants_keys = False
        """True when the connection is over because the other side speaks with keys only."""
        self.over: str | None = None
        """Why nothing more can come, for people; None while the connection is fine."""
        self.envelope = b""
        """What is sent before every message: what a REQ or REP must find there, else nothing."""
        self.hole: memoryview | None = None
        """Where the next bytes belong: the rest of a part that has begun. None between parts."""
        self._initiator = initiator
        self._step = self._greeting
        self._rest = b""
        self._named = False
        self._whole: memoryview | None = None
        self._flags = 0
        self._parts: Parts = []
        self._spent = 0
        self._messages: list[Parts] = []
        self._outgoing: list[bytes] = [_GREETING[:-1]]

    def feed(self, data: memoryview) -> None:
        """Understand what was received; `data` may be used again afterwards. Ignored when it is over."""
        if self.over is not None:
            return
        try:
            if self.hole is not None:
                count = min(len(self.hole), len(data))
                self.hole[:count] = data[:count]
                self._filled(count)
                data = data[count:]
            self._understand(data)
        except _Broken as broken:
            self._end(str(broken))

    def filled(self, count: int) -> None:
        """`count` bytes were read straight into `hole`."""
        try:
            self._filled(count)
        except _Broken as broken:
            self._end(str(broken))

    @property
    def unfinished(self) -> int:
        """What is held of a message that is not complete, in bytes as `limit` counts them."""
        begun = 0 if self._whole is None or self.hole is None else len(self._whole) - len(self.hole)
        return self._spent + begun

    def messages(self) -> list[Parts]:
        """The messages that became complete since the last call."""
        taken, self._messages = self._messages, []
        return taken

    def outgoing(self) -> list[bytes]:
        """What is to be sent, each of it in one piece and not within a message.

        Until `ready` in this order; later on, answers to heartbeats, in any.
        """
        taken, self._outgoing = self._outgoing, []
        return taken

    # from bytes to frames -----------------------------------------------------------------------------------------

    def _understand(self, data: memoryview) -> None:
        if self._rest:
            data = memoryview(self._rest + data)
            self._rest = b""
        while len(data):
            used = self._step(data)
            if not used:
                self._rest = bytes(data)
                return
            data = data[used:]

    def _frames(self, data: memoryview) -> int:
        at, end = 0, len(data)
        while end - at >= 2:
            flags = data[at]
            if flags & LONG:
                if end - at < 9:
                    break
                length, body = int.from_bytes(data[at + 1 : at + 9], "big"), at + 9
            else:
                length, body = data[at + 1], at + 2
            self._check(flags, length)
            if end - body < length:
                self._begin(flags, length, data[body:])
                return end
            at = body + length
            self._frame(flags, memoryview(bytes(data[body:at])))
        return at

    def _check(self, flags: int, length: int) -> None:
        if flags & ~(MORE | LONG | COMMAND) or flags & (MORE | COMMAND) == MORE | COMMAND:
            raise _Broken(f"it sent bytes that are no ZeroMQ frame (flags {flags:#04x})")
        if not self.ready:
            self._check_handshake(flags, length)
        elif flags & COMMAND:
            if length > MAX_COMMAND_BYTES:
                raise _Broken(f"it sent a command of {length} bytes; {MAX_COMMAND_BYTES} are allowed")
        elif len(self._parts) >= MAX_PARTS + (2 if self.envelope else 0):
            raise _Broken(f"it sent a message of more than {MAX_PARTS} parts")
        elif length + PART_COST_BYTES > self.limit - self._spent:
            raise _Broken(f"it sent a message of at least {self._spent + length} bytes; {self.limit} are allowed")

    def _check_handshake(self, flags: int, length: int) -> None:
        if not flags & COMMAND:
            raise _Broken("it sent a message before it had introduced itself")
        if length > MAX_HANDSHAKE_BYTES - GREETING_BYTES:
            raise _Broken(f"its introduction is longer than {MAX_HANDSHAKE_BYTES} bytes")

    def _begin(self, flags: int, length: int, start: memoryview) -> None:
        """A frame of which only the start is here gets memory of its own; pages that nobody wrote cost nothing."""
        self._flags = flags
        try:
            self._whole = np.empty(length, np.uint8).data
        except MemoryError:
            raise _Broken(f"there is no memory for a part of {length} bytes that it sends") from None
        self._whole[: len(start)] = start
        self.hole = self._whole[len(start) :]

    def _filled(self, count: int) -> None:
        assert self.hole is not None  # noqa: S101
        assert self._whole is not None  # noqa: S101
        if count < len(self.hole):
            self.hole = self.hole[count:]
            return
        whole, self.hole, self._whole = self._whole, None, None
        self._frame(self._flags, whole.toreadonly())

    def _frame(self, flags: int, body: memoryview) -> None:
        if flags & COMMAND:
            self._command(bytes(body))
            return
        self._parts.append(body)
        self._spent += len(body) + PART_COST_BYTES
        if not flags & MORE:
            parts, self._parts, self._spent = self._parts, [], 0
            self._message(parts)

    def _message(self, parts: Parts) -> None:
        if self.envelope:
            parts = self._opened(parts)
        elif not parts[0] and len(parts) > 1 and self.peer_type == "DEALER":  # it talks like a REQ
            self.envelope, parts = _ENVELOPE, parts[1:]
        if self.peer_type in ("SUB", "XSUB") and bytes(parts[0][:1]) in (b"\x00", b"\x01"):
            return  # a subscription in the words of ZMTP 3.0
        self._messages.append([] if len(parts) == 1 and not parts[0] else parts)

    def _opened(self, parts: Parts) -> Parts:
        """The message without the envelope, which a REQ that correlates wants back as it was."""
        skip = next((at for at, part in enumerate(parts[:-1][:2]) if not part), None)
        if skip == 1 and len(parts[0]) == _CORRELATION_BYTES:
            self.envelope = frame_start(MORE, _CORRELATION_BYTES) + bytes(parts[0]) + _ENVELOPE
        elif skip == 0:
            self.envelope = _ENVELOPE
        else:
            raise _Broken(f"it is a {self.peer_type} socket, and sent a message without the empty part that begins one")
        if len(parts) - skip - 1 > MAX_PARTS:
            raise _Broken(f"it sent a message of more than {MAX_PARTS} parts")
        return parts[skip + 1 :]

    def _end(self, reason: str) -> None:
        self.over = reason
        self.hole = self._whole = None
        self._parts, self._rest, self._outgoing = [], b"", []

    # greeting and commands ----------------------------------------------------------------------------------------

    def _greeting(self, data: memoryview) -> int:
        """Each byte is judged as soon as it is here: some never say more."""
        if data[0] != 0xFF or (len(data) > 9 and not data[9] & 1):
            raise _Broken("it does not speak ZeroMQ; is this the right port?")
        if len(data) > 10 and data[10] < 3:
            raise _Broken("it speaks a ZeroMQ protocol of before 2013; it needs libzmq 4.0 or newer")
        if len(data) >= _MECHANISM.stop and not self._named:
            self._mechanism(_words(bytes(data[_MECHANISM]).rstrip(b"\0")))
        if len(data) < GREETING_BYTES:
            return 0
        self._step = self._frames
        return GREETING_BYTES

    def _mechanism(self, name: str) -> None:
        self._named = True
        if name in _WITH_KEYS:
            self.wants_keys = True
            raise _Broken(f"it wants keys ({name}) and this side speaks without; give both sides keys, or neither")
        if name != "NULL":
            raise _Broken(f"it wants to be spoken to with {name or 'no mechanism'}, which is not known here")
        self._outgoing.append(_GREETING[-1:])
        if self._initiator:
            self._outgoing.append(_ready("DEALER"))

    def _command(self, body: bytes) -> None:
        length = body[0] if body else 0
        name, rest = body[1 : 1 + length], body[1 + length :]
        if not name or len(name) < length:
            raise _Broken("it sent a command without a name")
        if name == b"ERROR":
            raise _Broken(f"it refused: {_words(rest[1:256]) or 'no reason given'}")
        if not self.ready:
            if name != b"READY":
                raise _Broken(f"it sent {_words(name)} before it had introduced itself")
            said = _properties(rest)
            self.peer_is_framebus = _OURS.lower() in said
            self._meet(_words(said.get(b"socket-type", b"")) or "nameless")
        elif name == b"PING":
            if len(rest) < 2:
                raise _Broken("it sent a PING without its two bytes of time")
            pong = b"\x04PONG" + rest[2 : 2 + _MAX_CONTEXT_BYTES]
            self._outgoing.append(frame_start(COMMAND, len(pong)) + pong)

    def _meet(self, kind: str) -> None:
        if self._initiator and kind not in _REACHES:
            raise _Broken(f"it is a {kind} socket; only {', '.join(sorted(_REACHES))} can be connected to")
        if kind not in _FITS:
            raise _Broken(f"it is a {kind} socket, which nothing here talks to")
        if not self._initiator:
            self._outgoing.append(_ready(_FITS[kind]))
        if kind in ("PUB", "XPUB"):
            self._outgoing.append(_SUBSCRIBE_ALL)
        self.envelope = _ENVELOPE if kind in ("REQ", "REP") else b""
        self.peer_type = kind
        self.ready = True


def _ready(kind: str) -> bytes:
    body = b"\x05READY" + _property(b"Socket-Type", kind.encode()) + _property(_OURS, b"1")
    if kind in ("DEALER", "ROUTER"):
        body += _property(b"Identity", b"")
    return frame_start(COMMAND, len(body)) + body


def _property(name: bytes, value: bytes) -> bytes:
    return bytes((len(name),)) + name + len(value).to_bytes(4, "big") + value


def _properties(said: bytes) -> dict[bytes, bytes]:
    """What a READY says, by names in lower case: they are not case sensitive."""
    found, at = {}, 0
    while at < len(said):
        name_end = at + 1 + said[at]
        value_end = name_end + 4 + int.from_bytes(said[name_end : name_end + 4], "big")
        if value_end > len(said) or name_end == at + 1:
            raise _Broken("its introduction cannot be read")
        found[said[at + 1 : name_end].lower()] = said[name_end + 4 : value_end]
        at = value_end
    return found


def _words(raw: bytes) -> str:
    """What a stranger wrote, safe to show."""
    return "".join(chr(byte) if 32 <= byte < 127 else "?" for byte in raw[:100])
