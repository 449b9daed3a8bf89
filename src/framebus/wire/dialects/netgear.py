"""vidgear's NetGear (not its asyncio sibling): frames plain or as JPEG, answers as text or as data, and an end.

    frame   {"terminate_flag": false, "compression": false, "message": null, "pattern": "1",
             "dtype": "uint8", "shape": [480, 640, 3]}                   then the bytes, C order
    jpeg    {…, "compression": {"dct": true, "ups": false, "colorspace": "BGR"}, …, "dtype": "", "shape": ""}
    end     {"terminate_flag": true}                                     one part

The receiver listens in every pattern. Patterns: 0 pair, 1 request/reply, 2 publish/subscribe; 0 and 1 are answered.
A request carries four bytes before its empty part: `split_envelope` keeps them, and the answer repeats them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.wire import limits
from framebus.wire.dialects import foreign
from framebus.wire.dialects.foreign import End
from framebus.wire.dialects.recognition import Kind
from framebus.wire.dialects.recognition import recognise as _recognise
from framebus.wire.encodings import from_bytes
from framebus.wire.layout import Buffer, bytes_of
from framebus.wire.meta import jsonable

PATTERNS = (0, 1, 2)
_COMPRESSION = {"dct": True, "ups": False}


def recognise(parts: Sequence[Buffer]) -> bool:
    """Whether these parts are a NetGear frame or its end."""
    return _recognise(parts) is Kind.NETGEAR


def decode(
    parts: Sequence[Buffer], *, default: str = "netgear", max_bytes: int = limits.MAX_FRAME_BYTES
) -> Frame | End:
    """The frame, or `End` when the sender terminates; raises `BadFrame` for anything else.

    NetGear does not name streams: `default`, followed by the sender's `port` where several share a receiver. The
    message sent along is `meta["msg"]`, the port `meta["port"]`. JPEG stays encoded.
    """
    head = foreign.read_header(parts[0]) if parts else {}
    if head.get("terminate_flag") is True:
        return End(head.get("port"))
    head, payload = foreign.two(parts, "a NetGear frame", max_bytes)
    if head.get("terminate_flag") is not False:
        raise BadFrame("not a NetGear frame: its terminate_flag is neither true nor false")
    meta = {ours: head[key] for key, ours in (("message", "msg"), ("port", "port")) if head.get(key) is not None}
    stream = foreign.name_for(f"{default}-{meta['port']}" if "port" in meta else default, default)
    if head.get("compression"):
        image = from_bytes(payload)
        return foreign.frame_of(image, image.format, stream, meta)
    array = foreign.array_from(head.get("dtype"), head.get("shape"), payload)
    return foreign.frame_of(array, None, stream, meta)


def encode(frame: Frame, *, pattern: int = 1, port: str | None = None) -> list[Buffer]:
    """The two parts of a frame; `meta["msg"]` goes along as its message, and a JPEG goes out as it is."""
    content = frame.content
    message = jsonable(frame.meta.get("msg"), "meta.msg")
    if not isinstance(content, np.ndarray) and content.encoding == "jpeg":
        described: dict[str, Any] = {"dtype": "", "shape": ""}
        colours = "GRAY" if frame.format == "gray8" else "BGR"
        compression: Any = {**_COMPRESSION, "colorspace": colours}
        payload = content.data
    else:
        array = foreign.as_sent(frame)
        described, compression, payload = foreign.describe(array), False, bytes_of(array)
    head = {"terminate_flag": False, "compression": compression, "message": message, "pattern": str(pattern)}
    return [foreign.sendable({**_port(port), **head, **described}), payload]


def encode_end(*, port: str | None = None) -> list[Buffer]:
    """The one part that says nothing follows."""
    return [foreign.write_header({**_port(port), "terminate_flag": True})]


def text_answer(receiver: str) -> list[Buffer]:
    """The usual answer to a frame, and to an end in pattern 1; senders ignore what it says."""
    return [f"Data received on device: {receiver} !".encode()]


def data_answer(data: Any, *, port: str | None = None) -> list[Buffer]:
    """The answer of a bidirectional receiver: JSON, or an array in a part of its own."""
    if isinstance(data, np.ndarray):
        described = {f"array_{key}": value for key, value in foreign.describe(data).items()}
        head = {"return_type": "ndarray", "compression": False, **described, "data": None}
        return [foreign.write_header({**_port(port), **head}), bytes_of(data)]
    value = jsonable(data, "answer")
    return [foreign.write_header({**_port(port), "return_type": type(value).__name__, "data": value})]


def decode_answer(parts: Sequence[Buffer], *, max_bytes: int = limits.MAX_FRAME_BYTES) -> Any:
    """What a receiver answered: the text line, the array, or the JSON value; raises `BadFrame` for anything else."""
    if len(parts) == 1 and bytes(memoryview(parts[0])[:1]) != b"{":
        return _text(parts[0])
    if len(parts) == 1:
        return foreign.read_header(parts[0]).get("data")
    head, payload = foreign.two(parts, "a NetGear answer", max_bytes)
    if head.get("return_type") != "ndarray":
        raise BadFrame("a NetGear answer of two parts is an array")
    if head.get("compression"):
        return from_bytes(payload).decode()
    return foreign.array_from(head.get("array_dtype"), head.get("array_shape"), payload)


def _text(part: Buffer) -> str:
    if len(part) > limits.MAX_HEADER_BYTES:
        raise BadFrame(f"answer of {len(part)} bytes: the limit is {limits.MAX_HEADER_BYTES}")
    try:
        return bytes(part).decode()
    except UnicodeDecodeError as error:
        raise BadFrame(f"answer that is no text: {error}") from error


def _port(port: str | None) -> dict[str, str]:
    return {} if port is None else {"port": port}
