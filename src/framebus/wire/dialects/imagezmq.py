"""imageZMQ: a JSON header and an image or a JPEG, answered by one part; and pyzmq's array recipe, without the text.

    image   {"msg": "porch", "dtype": "uint8", "shape": [480, 640, 3]}   then the bytes, C order
    jpg     {"msg": "porch"}                                             then a JPEG, made by the caller

The message always has two parts: a third one would leave an unmodified hub unable to answer. Anything more goes into
the JSON object, whose other keys hubs ignore: there our own senders say which frame it is (`origin`). Colours are BGR
by convention.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.wire import limits
from framebus.wire.dialects import foreign, origin
from framebus.wire.dialects.recognition import Kind
from framebus.wire.dialects.recognition import recognise as _recognise
from framebus.wire.encodings import from_bytes
from framebus.wire.layout import Buffer, bytes_of
from framebus.wire.meta import jsonable

OK = b"OK"
_DESCRIBES = ("dtype", "shape")


def recognise(parts: Sequence[Buffer]) -> bool:
    """Whether these two parts are an image, a jpg or pyzmq's array recipe."""
    return _recognise(parts) is Kind.IMAGEZMQ


def decode(
    parts: Sequence[Buffer],
    *,
    default: str = "imagezmq",
    max_bytes: int = limits.MAX_FRAME_BYTES,
    loose: bool = False,
) -> Frame:
    """The frame in two parts; its stream is named by the text before `|`, or `default` where there is no text.

    The text as sent, and all other keys of the header, are in `meta`. A jpg stays encoded. A frame that one of our own
    senders stamped has its own stream, run, number and times; others have no run. `loose` takes what imageZMQ takes: a
    jpg that is no picture as a row of bytes (`array`), and a text deeper than links carry as JSON in `msg_json`. Raises
    `BadFrame` for anything else; a REP socket still owes an answer then.
    """
    head, payload = foreign.two(parts, "an imageZMQ message", max_bytes, packed="msg" if loose else "")
    stamped, rest = origin.take(head)
    meta = {key: value for key, value in rest.items() if key not in _DESCRIBES}
    stream = foreign.name_for(head.get("msg"), default)
    if any(key in head for key in _DESCRIBES):
        array = foreign.array_from(head.get("dtype"), head.get("shape"), payload)
        frame = foreign.frame_of(array, None, stream, meta)
    elif "msg" in head or "msg_json" in head:
        frame = _jpg(payload, stream, meta, loose=loose)
    else:
        raise BadFrame("neither an imageZMQ image nor a jpg: the header has no msg, dtype and shape")
    return frame.replace(**stamped) if stamped else frame


def _jpg(payload: memoryview, stream: str, meta: Mapping[str, Any], *, loose: bool) -> Frame:
    try:
        image = from_bytes(payload)
    except BadFrame:
        if not loose:
            raise
        return foreign.frame_of(np.frombuffer(payload, np.uint8), "array", stream, meta)
    return foreign.frame_of(image, image.format, stream, meta)


def encode(frame: Frame, *, stamped: bool = False) -> list[Buffer]:
    """The two parts of a frame, a jpg where it carries a JPEG and an image otherwise.

    The text is `meta["msg"]`, or the stream's name. Colour goes out as BGR. `stamped` adds which frame it is, when it
    was taken, and the rest of `meta`, in keys that unmodified hubs ignore.
    """
    text = jsonable(frame.meta.get("msg", frame.stream), "meta.msg")
    added = origin.stamp(frame) if stamped else {}
    content = frame.content
    if not isinstance(content, np.ndarray) and content.encoding == "jpeg":
        return [foreign.sendable({"msg": text, **added}), content.data]
    array = foreign.as_sent(frame)
    return [foreign.sendable({"msg": text, **foreign.describe(array), **added}), bytes_of(array)]


def reply(answer: bytes = OK) -> list[Buffer]:
    """The answer to an image: exactly one part, or the sender cannot send again."""
    return [answer]


def filters(text: str) -> tuple[bytes, bytes]:
    """What to subscribe to at an unmodified publisher for texts beginning with `text`: old and new JSON spelling."""
    new = foreign.write_header({"msg": text})[:-2]
    return _both(new)


def subscriptions(pattern: str) -> list[bytes]:
    """What to subscribe to for the streams chosen by `pattern`: a name, a beginning (`yard-*`), or nothing for all.

    A name has `-` where the text may have had anything that names cannot hold, so these are asked for, too. What comes
    may still be of other streams (`camA2` begins with `camA`), never the other way round.
    """
    if pattern in ("", "*"):
        return [b""]
    stem = pattern.removesuffix("*")
    starts = foreign.write_header({"msg": stem})[:-2]
    whole = [starts]
    for at in foreign.dashes(stem):
        before = foreign.write_header({"msg": stem[:at]})[:-2]
        whole += [before + other for other in _NOT_IN_NAMES]
    return [spelling for start in whole for spelling in _both(start)]


_NOT_IN_NAMES = [*foreign.not_in_names(b'"\\'), b"\\"]
"""How characters that names cannot hold begin in JSON: themselves, or with a backslash."""


def _both(start: bytes) -> tuple[bytes, bytes]:
    """The beginning of a header as new and as old releases of pyzmq write it."""
    return start, start.replace(b'"msg": ', b'"msg":', 1)
