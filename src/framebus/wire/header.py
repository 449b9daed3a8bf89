"""Frames and packets as two parts: a JSON header whose first keys are imageZMQ's, then the bytes.

The header of a frame: `msg`, `dtype`, `shape` (an encoded picture: `msg` alone, then `encoding`, `image_dtype`,
`image_shape`), `fb` (version 1), then the names of Frame's attributes. `run` is 16 hex digits and times are
decimal text, because JSON readers round large integers. Nothing here copies pixels, except to join several arrays.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import UNSET, Meta, UnsetType

from framebus.core.contracts import Item
from framebus.core.errors import BadFrame
from framebus.core.frame import NO_META, Coded, Frame, Packet
from framebus.core.names import valid_name
from framebus.core.not_json import NOT_JSON
from framebus.wire import arrays, layout, limits
from framebus.wire.encodings import EncodedImage
from framebus.wire.layout import Array, Buffer
from framebus.wire.meta import check_depth, jsonable

VERSION = 1

_Count = Annotated[int, Meta(ge=0, le=limits.MAX_EXACT_INT)]
_Exact = Annotated[int, Meta(ge=-limits.MAX_EXACT_INT, le=limits.MAX_EXACT_INT)]
_Time = Annotated[int, Meta(ge=0, le=limits.MAX_NS)]
_Word = Annotated[str, Meta(max_length=limits.MAX_WORD)]
_Shape = Annotated[tuple[_Count, ...], Meta(max_length=limits.MAX_NDIM)]
_RUN = re.compile(r"[0-9a-f]{16}")


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON part as received; `UNSET` is what was not there."""

    fb: int
    stream: str
    run: str
    seq: _Count
    captured_ns: _Time = 0
    captured_mono_ns: _Time = 0
    clock: _Word = ""
    meta: dict[str, Any] | UnsetType = UNSET
    thinned: _Count = 0
    # a picture
    format: _Word = "array"
    dtype: _Word | UnsetType = UNSET
    shape: _Shape | UnsetType = UNSET
    encoding: _Word | UnsetType = UNSET
    image_dtype: _Word | UnsetType = UNSET
    image_shape: _Shape | UnsetType = UNSET
    image_bytes: _Count | UnsetType = UNSET
    """Length of an encoded picture, where further arrays follow it."""
    arrays: Annotated[list[arrays.Entry], Meta(max_length=limits.MAX_ARRAYS)] | UnsetType = UNSET
    # a packet
    codec: Annotated[str, Meta(min_length=1, max_length=limits.MAX_WORD)] | UnsetType = UNSET
    key: bool | UnsetType = UNSET
    pts: _Exact | UnsetType = UNSET
    dts: _Exact | UnsetType = UNSET
    config: bytes = b""


class _Probe(msgspec.Struct):
    fb: Any = None


_to_json = msgspec.json.Encoder().encode
_from_json = msgspec.json.Decoder(Header, strict=False).decode  # not strict: numbers may come as text
_probe = msgspec.json.Decoder(_Probe).decode
_THINNED_BYTES = 32
"""Room for `thin`."""


def is_native(header: Buffer) -> bool:
    """Whether a first part is JSON that says `fb`: for `decode` here, or for the control decoder."""
    if len(header) > limits.MAX_HEADER_BYTES:
        return False
    try:
        return _probe(header).fb is not None
    except NOT_JSON:
        return False


def encode(item: Item, thinned: int = 0) -> list[Buffer]:
    """Header and payload of a frame or packet; the payload is the item's own memory where it is contiguous.

    `thinned` counts the frames of this stream so far that were deliberately not meant for this reader. Raises
    `BadFrame` for what the other side would refuse: a stream without a valid name, a type that is not numeric,
    meta that JSON cannot carry, a header above 64 KiB.
    """
    if isinstance(item, Packet):
        head = {"msg": item.stream, **_stamp(item), **_coding(item)}
        payload = item.data
    elif isinstance(content := item.content, np.ndarray) and not (item.meta or item.extra):
        before, behind = _around(item.stream, item.run, item.clock, item.format, content.dtype, content.shape)
        plain = before, item.seq, item.captured_ns, item.captured_mono_ns, behind
        return [thin(_PLAIN % plain, thinned), layout.bytes_of(content)]
    else:
        head, payload = _picture(item)
    if item.meta:
        head["meta"] = jsonable(item.meta)
    return [thin(_pack(item.stream, head), thinned), payload]


def thin(header: bytes, thinned: int) -> bytes:
    """An encoded header that says `thinned`, made of one that does not."""
    return b'%b,"thinned":%d}' % (header[:-1], thinned) if thinned else header


def decode(header: Buffer, payload: Buffer, *, max_bytes: int = limits.MAX_FRAME_BYTES) -> tuple[Item, int]:
    """The frame or packet in two parts, and its `thinned` count; pixels stay views of `payload`, read-only.

    Raises `BadFrame` for anything that is not exactly that, before memory is touched; `missed` stays 0.
    """
    if len(header) > limits.MAX_HEADER_BYTES:
        raise BadFrame(f"frame header of {len(header)} bytes: the limit is {limits.MAX_HEADER_BYTES}")
    try:
        head = _from_json(header)
    except NOT_JSON as error:
        raise BadFrame(f"not a framebus frame header: {error}") from error
    if head.fb != VERSION:
        raise BadFrame(f"frame of protocol version {head.fb}, this side speaks {VERSION}: upgrade the older one")
    _check_name(head.stream)
    view = memoryview(payload).toreadonly()
    if view.nbytes > max_bytes:
        raise BadFrame(f"frame of {view.nbytes} bytes on stream {head.stream!r}: the limit is {max_bytes}")
    try:
        return (_frame(head, view) if head.codec is UNSET else _packet(head, view)), head.thinned
    except BadFrame as error:
        raise BadFrame(f"stream {head.stream!r}: {error}") from error


_PLAIN = b'%b,"seq":%d,"captured_ns":"%d","captured_mono_ns":"%d"%b'


@lru_cache(maxsize=256)
def _around(
    stream: str, run: int, clock: str, format: str, dtype: np.dtype[Any], shape: layout.Shape
) -> tuple[bytes, bytes]:
    """What the headers of a stream's plain arrays have in common, before and behind the numbers of each."""
    _check_name(stream)
    head: dict[str, Any] = {"msg": stream, "dtype": layout.sent(dtype, shape, format), "shape": shape}
    head |= {"fb": VERSION, "stream": stream, "run": _run_text(run)}
    behind = {"clock": clock, "format": format}
    return _to_json(head)[:-1], b"," + _to_json(behind)[1:]


def _stamp(item: Item) -> dict[str, Any]:
    _check_name(item.stream)
    return {
        "fb": VERSION,
        "stream": item.stream,
        "run": _run_text(item.run),
        "seq": item.seq,
        "captured_ns": str(item.captured_ns),
        "captured_mono_ns": str(item.captured_mono_ns),
        "clock": item.clock,
    }


def _coding(item: Packet) -> dict[str, Any]:
    coding = {"codec": item.codec, "key": item.key, "pts": item.pts, "dts": item.dts}
    return {**coding, "config": item.config} if item.config else coding


def _picture(item: Frame) -> tuple[dict[str, Any], memoryview]:
    content = item.content
    dtype = layout.sent(content.dtype, content.shape, item.format)
    head: dict[str, Any] = {"msg": item.stream}
    if isinstance(content, np.ndarray):
        payload = layout.bytes_of(content)
        head |= {"dtype": dtype, "shape": content.shape}
    else:
        payload = content.data
        head |= {"encoding": content.encoding, "image_dtype": dtype, "image_shape": content.shape}
    head |= _stamp(item)
    head["format"] = item.format
    return (head, payload) if not item.extra else _with_arrays(item, head, payload)


def _with_arrays(item: Frame, head: dict[str, Any], picture: memoryview) -> tuple[dict[str, Any], memoryview]:
    entries = arrays.plan(picture.nbytes, item.extra)
    head["arrays"] = entries
    if "encoding" in head:
        head["image_bytes"] = picture.nbytes
    return head, arrays.join(picture, entries, item.extra)


def _pack(stream: str, head: dict[str, Any]) -> bytes:
    try:
        data = _to_json(head)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadFrame(f"header of stream {stream!r} cannot be written as JSON: {error}") from error
    if len(data) > limits.MAX_HEADER_BYTES - _THINNED_BYTES:
        raise BadFrame(
            f"header of stream {stream!r} has {len(data)} bytes, the limit is {limits.MAX_HEADER_BYTES}: "
            "put less into `meta`, or send large data as `arrays`"
        )
    return data


def _frame(head: Header, view: memoryview) -> Frame:
    content, end = _array(head, view) if head.encoding is UNSET else _coded(head, view)
    extra: tuple[tuple[str, Array], ...] = ()
    if head.arrays is not UNSET:
        extra = arrays.split(view, end, head.arrays)
    elif end != view.nbytes:
        raise BadFrame(f"shape {content.shape} of {content.dtype} is {end} bytes, {view.nbytes} arrived")
    return Frame(
        content=content,
        stream=head.stream,
        run=_run_number(head.run),
        seq=head.seq,
        captured_ns=head.captured_ns,
        captured_mono_ns=head.captured_mono_ns,
        clock=head.clock,
        format=head.format,
        meta=NO_META if head.meta is UNSET else check_depth(head.meta),
        extra=extra,
    )


def _array(head: Header, view: memoryview) -> tuple[Array, int]:
    """The picture, as a view, and the byte where it ends."""
    if head.dtype is UNSET or head.shape is UNSET:
        raise BadFrame("a frame needs dtype and shape, or encoding, image_dtype and image_shape")
    dtype, end = layout.received(head.dtype, head.shape, head.format)
    if end > view.nbytes:
        raise BadFrame(f"shape {head.shape} of {dtype} is {end} bytes, {view.nbytes} arrived")
    return layout.array_in(view, dtype, head.shape), end


def _coded(head: Header, view: memoryview) -> tuple[Coded, int]:
    """The encoded picture and the byte where it ends."""
    if head.encoding is UNSET or head.image_dtype is UNSET or head.image_shape is UNSET:
        raise BadFrame("an encoded frame needs encoding, image_dtype and image_shape")
    dtype, _ = layout.received(head.image_dtype, head.image_shape, head.format)
    end = view.nbytes if head.image_bytes is UNSET else head.image_bytes
    if end > view.nbytes:
        raise BadFrame(f"encoded picture of {end} bytes, {view.nbytes} arrived")
    return EncodedImage(head.encoding, view[:end], head.image_shape, dtype, head.format), end


def _packet(head: Header, view: memoryview) -> Packet:
    if head.codec is UNSET or head.key is UNSET or head.pts is UNSET or head.dts is UNSET:
        raise BadFrame("a packet needs codec, key, pts and dts")
    if len(head.config) > limits.MAX_CONFIG_BYTES:
        raise BadFrame(f"codec configuration of {len(head.config)} bytes: the limit is {limits.MAX_CONFIG_BYTES}")
    return Packet(
        data=view,
        codec=head.codec,
        key=head.key,
        pts=head.pts,
        dts=head.dts,
        config=head.config,
        stream=head.stream,
        run=_run_number(head.run),
        seq=head.seq,
        captured_ns=head.captured_ns,
        captured_mono_ns=head.captured_mono_ns,
        clock=head.clock,
        meta=NO_META if head.meta is UNSET else check_depth(head.meta),
    )


@lru_cache(maxsize=1024)
def _check_name(stream: str) -> None:
    if not valid_name(stream):
        raise BadFrame(f"stream name {stream[:80]!r}: use 1 to 64 letters, digits, '.', '_' and '-'")


@lru_cache(maxsize=1024)
def _run_text(run: int) -> str:
    if not 0 <= run < 2**64:
        raise BadFrame(f"run {run}: a run is a 64-bit number")
    return f"{run:016x}"


@lru_cache(maxsize=1024)
def _run_number(run: str) -> int:
    if not _RUN.fullmatch(run):
        raise BadFrame(f"run {run[:40]!r}: a run is 16 hexadecimal digits")
    return int(run, 16)
