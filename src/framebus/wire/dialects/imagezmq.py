"""imageZMQ: a JSON header and an image or a JPEG, answered by one part; and pyzmq's array recipe, without the text.

    image   {"msg": "porch", "dtype": "uint8", "shape": [480, 640, 3]}   then the bytes, C order
    jpg     {"msg": "porch"}                                             then a JPEG, made by the caller

The message always has two parts: a third one would leave an unmodified hub unable to answer. Anything more goes into
the JSON object, whose other keys hubs ignore. Colours are BGR by convention.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.wire import limits
from framebus.wire.dialects import foreign
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


def decode(parts: Sequence[Buffer], *, default: str = "imagezmq", max_bytes: int = limits.MAX_FRAME_BYTES) -> Frame:
    """The frame in two parts; its stream is named by the text before `|`, or `default` where there is no text.

    The text as sent, and all other keys of the header, are in `meta`. A jpg stays encoded. Raises `BadFrame` for
    anything else; a REP socket still owes an answer then.
    """
    head, payload = foreign.two(parts, "an imageZMQ message", max_bytes)
    meta = {key: value for key, value in head.items() if key not in _DESCRIBES}
    stream = foreign.name_for(head.get("msg"), default)
    if any(key in head for key in _DESCRIBES):
        array = foreign.array_from(head.get("dtype"), head.get("shape"), payload)
        return foreign.frame_of(array, None, stream, meta)
    if "msg" not in head:
        raise BadFrame("neither an imageZMQ image nor a jpg: the header has no msg, dtype and shape")
    image = from_bytes(payload)
    return foreign.frame_of(image, image.format, stream, meta)


def encode(frame: Frame) -> list[Buffer]:
    """The two parts of a frame, a jpg where it carries a JPEG and an image otherwise.

    The text is `meta["msg"]`, or the stream's name. Colour goes out as BGR.
    """
    text = jsonable(frame.meta.get("msg", frame.stream), "meta.msg")
    content = frame.content
    if not isinstance(content, np.ndarray) and content.encoding == "jpeg":
        return [foreign.write_header({"msg": text}), content.data]
    array = foreign.as_sent(frame)
    return [foreign.write_header({"msg": text, **foreign.describe(array)}), bytes_of(array)]


def reply(answer: bytes = OK) -> list[Buffer]:
    """The answer to an image: exactly one part, or the sender cannot send again."""
    return [answer]


def filters(text: str) -> tuple[bytes, bytes]:
    """What to subscribe to at an unmodified publisher for texts beginning with `text`: old and new JSON spelling."""
    new = foreign.write_header({"msg": text})[:-2]
    return new, new.replace(b'"msg": ', b'"msg":', 1)
