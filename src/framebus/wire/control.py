"""Control messages: one JSON part each, `fb` the protocol version and `op` the kind.

`docs/reference/protocol.md` lists every op and field; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from framebus.core.errors import BadFrame
from framebus.core.frame import Identity
from framebus.core.not_json import NOT_JSON
from framebus.wire import limits

VERSION = 1
MAX_CONTROL_BYTES = 64 * 1024
MAX_RANGE = 4096
MAX_WHY = 200
MAX_CONDITIONS = 40
"""So many of the longest fit into a control message, whatever they are written in."""

Keep = Literal["latest", "all"]
Role = Literal["publisher", "reader", "observer"]
Code = Literal["version", "rights", "name", "member", "packets", "request"]

# \Z and not $, which lets a newline pass
_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
Name = Annotated[str, Meta(pattern=rf"^{_NAME}\Z")]
Group = Annotated[str, Meta(pattern=rf"^({_NAME})?\Z")]
Pattern = Annotated[str, Meta(pattern=rf"^({_NAME})?\*?\Z")]
Session = Annotated[str, Meta(pattern=r"^([0-9a-f]{16})?\Z")]
Run = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
Count = Annotated[int, Meta(ge=0, le=limits.MAX_EXACT_INT)]
Rate = Annotated[float, Meta(ge=0, le=1e6)]


class FrameRange(msgspec.Struct, frozen=True, array_like=True):
    """Frames `first` to `last` (both included) of one run of one stream, as they appear in acknowledgements."""

    stream: Name
    run: Run
    first: Count
    last: Count


class StreamState(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Where one stream of a publisher stands.

    `next` is the number of its next frame: for this reader in a welcome, of all in a hello and at the end. `thinned`
    counts the frames before it that were not meant for this reader, like `thinned` in the header of a frame.
    """

    name: Name
    run: Run
    next: Count = 0
    thinned: Count = 0
    packets: bool = False


class StreamCondition(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A stream that should come by itself, from a camera or over a link, and does not; why, and for how long by now."""

    name: Name
    state: Literal["stalled", "away"]
    why: Annotated[str, Meta(max_length=MAX_WHY)] = ""
    for_s: Annotated[float, Meta(ge=0, le=1e10)] = 0


class Party(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Who is at one end: for messages to people, and to tell one host and user from another.

    `local` is the path of a socket through which processes of the same host and user share memory with it.
    """

    host: str = ""
    hostname: str = ""
    user: int = -1
    pid: int = 0
    command: str = ""
    local: str = ""


class Control(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="op"):
    """Base of all control messages. `session` is the 16 hex digits the connecting side chose."""

    fb: int = msgspec.field(default_factory=lambda: VERSION)  # a factory, so that it is always written
    session: Session = ""


class Hello(Control, tag="hello", frozen=True):
    """First message of the connecting side, repeated after every break with the same `session` and a new `attempt`;
    credit starts over with each."""

    role: Role
    versions: tuple[int, int] = (VERSION, VERSION)
    attempt: Count = 0
    party: Party = Party()
    # a reader's wishes; `exclusive`: the group takes this one member. A publisher's `group` shares its streams' names
    want: tuple[Pattern, ...] = ()
    keep: Keep | None = None
    group: Group = ""
    exclusive: bool = False
    max_fps: Rate = 0.0
    packets: bool = False
    window_bytes: Count = 0
    # a publisher's offer
    live: bool = True
    streams: tuple[StreamState, ...] = ()


class Welcome(Control, tag="welcome", frozen=True):
    """Accepted; `attempt` is that of the hello. From a reader that was called: its wishes, as in a hello.

    From a publisher, whoever called: how the reader is served (`keep`, `exclusive` and `max_fps` as they are in its
    group), and where it begins.
    """

    role: Role
    version: int = VERSION
    attempt: Count = 0
    party: Party = Party()
    want: tuple[Pattern, ...] = ()
    keep: Keep | None = None
    group: Group = ""
    exclusive: bool = False
    max_fps: Rate = 0.0
    packets: bool = False
    window_bytes: Count = 0
    live: bool = True
    streams: tuple[StreamState, ...] = ()
    resumed: bool = False


class Refuse(Control, tag="refuse", frozen=True):
    """No, and why; final for the receiver unless `retry`."""

    code: Code
    message: str
    retry: bool = False


class Credit(Control, tag="credit", frozen=True):
    """Permission to send. With a `session`, `credit` is the total granted since the last hello and `frames` are
    acknowledged; without one, `want` names a stream and `credit` more frames of it are read, newest only."""

    credit: Count
    want: Pattern = ""
    frames: tuple[FrameRange, ...] = ()


class Reply(Control, tag="reply", frozen=True):
    """An acknowledgement of one frame with an answer; arrays follow as a second part, described by `arrays`."""

    frame: FrameRange
    data: Any = None
    arrays: tuple[dict[str, Any], ...] = ()
    error: str = ""


class End(Control, tag="end", frozen=True):
    """From a publisher: no more frames, `streams[].next` were made in all. From a reader: it leaves."""

    streams: tuple[StreamState, ...] = ()


class Ping(Control, tag="ping", frozen=True):
    """I am here; answered by a ping with `answer` so that silence means absence."""

    answer: bool = False
    conditions: Annotated[tuple[StreamCondition, ...], Meta(max_length=MAX_CONDITIONS)] | None = None


class Reset(Control, tag="reset", frozen=True):
    """I know no such session: say hello."""


class Observe(Control, tag="observe", frozen=True):
    """An observer asks for, and gets, what the publisher knows about its streams and readers."""

    status: Any = None


Message = Hello | Welcome | Refuse | Credit | Reply | End | Ping | Reset | Observe

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def speaks(versions: tuple[int, int]) -> bool:
    """True when this side's protocol version is within `versions` (lowest, highest)."""
    return versions[0] <= VERSION <= versions[1]


def conflict(versions: tuple[int, int], caller: Party, called: Party) -> str:
    """The sentence for two ends that speak different versions, read at both: which one to upgrade.

    `versions` are those of the one that calls; the one that is called is this side.
    """
    first, second = _named(caller, "the side that connects"), _named(called, "the side that listens")
    older = second if versions[0] > VERSION else first
    return (
        f"protocol versions do not meet: {first} speaks {versions[0]} to {versions[1]}, {second} {VERSION}; "
        f"upgrade framebus for {older}"
    )


def _named(party: Party, otherwise: str) -> str:
    return f"{party.command or 'a process'} on {party.hostname}" if party.hostname else otherwise


def identities(frames: FrameRange) -> Iterator[Identity]:
    """The frames of a range, at most `MAX_RANGE` of them; raises `BadFrame` for a range that is none."""
    if not 0 <= frames.last - frames.first < MAX_RANGE or frames.first < 0:
        raise BadFrame(f"frames {frames.first} to {frames.last} of {frames.stream!r} are no range")
    run = parse_run(frames.run)
    return (Identity(frames.stream, run, seq) for seq in range(frames.first, frames.last + 1))


def parse_run(text: str) -> int:
    """The 64-bit number that `text` (16 hex digits) spells; raises `BadFrame`."""
    try:
        run = int(text, 16) if len(text) <= 16 else -1
    except ValueError:
        run = -1
    if run < 0:
        raise BadFrame(f"run {text[:40]!r} is not a number of 16 hexadecimal digits")
    return run


def encode(message: Message) -> bytes:
    """The one JSON part of a control message."""
    return _encoder.encode(message)


def decode(data: bytes | memoryview) -> Message:
    """The message in `data`; raises `BadFrame` for anything else, before building objects of unbounded size."""
    if len(data) > MAX_CONTROL_BYTES:
        raise BadFrame(f"control message of {len(data)} bytes: the limit is {MAX_CONTROL_BYTES}")
    try:
        message = _decoder.decode(data)
    except NOT_JSON as error:
        raise BadFrame(f"not a framebus control message: {error}") from error
    if message.fb != VERSION and not isinstance(message, Hello | Refuse):
        raise BadFrame(f"control message of protocol version {message.fb}: this side speaks {VERSION}")
    if isinstance(message, Reply):
        _check_depth([message.data, *message.arrays])
    elif isinstance(message, Observe):
        _check_depth([message.status])
    return message


def _check_depth(values: list[Any]) -> None:
    for _ in range(limits.MAX_DEPTH):
        inside = [value for value in values if isinstance(value, dict | list)]
        values = [item for value in inside for item in (value.values() if isinstance(value, dict) else value)]
    if any(isinstance(value, dict | list) for value in values):
        raise BadFrame(f"control message nested deeper than {limits.MAX_DEPTH} levels: flatten it")
