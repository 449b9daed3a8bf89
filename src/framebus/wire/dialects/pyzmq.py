"""What pyzmq scripts send: pickled arrays, alone or behind a topic, and the array recipe of pyzmq's documentation.

    object   [pickle(array)]
    topic    [b"camera_frame", pickle(array)]      the array alone, in a list, or in a mapping
    recipe   [{"dtype": "uint8", "shape": [480, 640, 3]}, bytes]
    end      the pickled text "stop", alone or behind a topic

Pickles are read by `framebus.wire.pickles`, which can make nothing but arrays, text, numbers and containers. Only an
address that asks for this dialect by name (`pyzmq+tcp://`) leads here.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.wire import limits
from framebus.wire.dialects import foreign, imagezmq
from framebus.wire.dialects.foreign import End
from framebus.wire.layout import Array, Buffer, bytes_of
from framebus.wire.meta import jsonable
from framebus.wire.pickles import loads

READ = b"read"
"""What the camera tutorial's client asks for each frame."""
STOP = b"stop"
"""What it sends to end the server, which answers `STOPPING`."""
STOPPING = b"Stopping server"
_PROTOCOL = 4


def recognise(parts: Sequence[Buffer]) -> bool:
    """Whether these parts may be a pickle, a topic and a pickle, or the array recipe; `decode` knows for sure."""
    if not 1 <= len(parts) <= 2:
        return False
    return imagezmq.recognise(parts) or bytes(memoryview(parts[-1])[:1]) in (b"\x80", b"c", b"(", b"V", b"S")


def decode(parts: Sequence[Buffer], *, default: str = "pyzmq", max_bytes: int = limits.MAX_FRAME_BYTES) -> Frame | End:
    """The frame, or `End` for the text "stop"; raises `BadFrame` for anything else.

    The topic names the stream and is `meta["msg"]`; `default` names it where there is none. Of a list the first
    array is the picture; of a mapping too, and what else JSON can carry goes into `meta`.
    """
    if imagezmq.recognise(parts):
        return imagezmq.decode(parts, default=default, max_bytes=max_bytes)
    if not 1 <= len(parts) <= 2:
        raise BadFrame(f"a pyzmq message has one or two parts, {len(parts)} arrived")
    topic = _topic(parts[0]) if len(parts) == 2 else ""
    value = loads(parts[-1], max_bytes=max_bytes)
    if isinstance(value, str) and value == "stop":
        return End()
    array, meta = _picture(value)
    stream = foreign.name_for(topic or None, default)
    return foreign.frame_of(array, None, stream, {"msg": topic, **meta} if topic else meta)


def encode(frame: Frame, *, topic: str | None = None) -> list[Buffer]:
    """The array as `send_pyobj` sends it, behind a topic if one is given; colour goes out as BGR."""
    array = foreign.as_sent(frame)
    body: list[Buffer] = [pickle.dumps(array, _PROTOCOL)]
    return body if topic is None else [topic.encode(), *body]


def encode_recipe(frame: Frame) -> list[Buffer]:
    """The array as in pyzmq's documentation, without any pickle."""
    array = foreign.as_sent(frame)
    return [foreign.write_header(foreign.describe(array)), bytes_of(array)]


def encode_end(*, topic: str | None = None) -> list[Buffer]:
    """What ends subscribers."""
    body: list[Buffer] = [pickle.dumps("stop", _PROTOCOL)]
    return body if topic is None else [topic.encode(), *body]


def subscriptions(pattern: str) -> list[bytes]:
    """What to subscribe to for the streams chosen by `pattern`: topics that become such names, and some more."""
    if pattern in ("", "*"):
        return [b""]
    stem = pattern.removesuffix("*")
    others = [bytes((code,)) for code in (*range(32), 127, *range(0xC2, 0xF5))] + foreign.not_in_names()
    return [stem.encode(), *(stem[:at].encode() + other for at in foreign.dashes(stem) for other in others)]


def _topic(part: Buffer) -> str:
    if len(part) > limits.MAX_HEADER_BYTES:
        raise BadFrame(f"topic of {len(part)} bytes: the limit is {limits.MAX_HEADER_BYTES}")
    try:
        return bytes(part).decode()
    except UnicodeDecodeError as error:
        raise BadFrame(f"topic that is no text: {error}") from error


def _picture(value: Any) -> tuple[Array, Mapping[str, Any]]:
    if isinstance(value, np.ndarray):
        return value, {}
    if isinstance(value, list | tuple):
        for item in value:
            if isinstance(item, np.ndarray):
                return item, {}
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, np.ndarray):
                return item, _rest(value, key)
    raise BadFrame(f"pickled {type(value).__name__} without an array: there is no frame in it")


def _rest(value: dict[Any, Any], picture: Any) -> dict[str, Any]:
    rest = {}
    for key, item in value.items():
        if key != picture and isinstance(key, str):
            try:
                rest[key] = jsonable(item, key)
            except BadFrame:  # another array, bytes, a type: not something meta can carry
                continue
    return rest
