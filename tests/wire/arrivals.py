"""What the tests of this layer share: frames to send, ways to spoil messages, and what may come of them."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from framebus.core.errors import BadFrame
from framebus.core.frame import Frame

T = TypeVar("T")
Array = npt.NDArray[Any]

TYPES = ["?", "u1", "i1", "<u2", ">u2", "<i4", ">i8", "<f2", "<f4", ">f8", "<c8", "<c16"]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
"""Any JSON, and what only looks like it: NaN, infinities, integers of any size, deep nesting."""

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8)
)
metas = st.dictionaries(
    st.text(st.characters(codec="utf-8"), max_size=8),
    scalars | st.lists(scalars | st.dictionaries(st.text(max_size=3), scalars, max_size=2), max_size=3),
    max_size=4,
)
"""What `meta` takes."""

names = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
arrays = st.sampled_from(TYPES).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
)


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    """Any frame that may travel."""
    extra = draw(st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1, max_size=9), arrays, max_size=3))
    extra.pop("image", None)
    frame = Frame.of(
        draw(arrays),
        stream=draw(names),
        meta=draw(metas),
        arrays=extra,
        captured_ns=draw(st.integers(0, 2**63 - 1)),
        run=draw(st.integers(0, 2**64 - 1)),
        seq=draw(st.integers(0, 2**53 - 1)),
    )
    return frame.replace(captured_mono_ns=draw(st.integers(0, 2**63 - 1)), clock=draw(st.text("0af-", max_size=36)))


@st.composite
def spoiled(draw: st.DrawFn, messages: Sequence[Sequence[bytes]]) -> list[bytes]:
    """One of `messages` with bytes changed, cut, doubled, header values replaced, parts lost or added."""
    parts = [bytes(part) for part in draw(st.sampled_from(messages))]
    for _ in range(draw(st.integers(1, 3))):
        if not parts:
            break
        at = draw(st.integers(0, len(parts) - 1))
        match draw(st.sampled_from(["bytes", "bytes", "json", "json", "lose", "add"])):
            case "bytes":
                parts[at] = draw(_bytes_changed(parts[at]))
            case "json":
                parts[at] = draw(_json_changed(parts[at]))
            case "lose":
                del parts[at]
            case "add":
                parts.insert(at, draw(st.binary(max_size=30)))
    return parts


@st.composite
def _bytes_changed(draw: st.DrawFn, part: bytes) -> bytes:
    first, last = sorted((draw(st.integers(0, len(part))), draw(st.integers(0, len(part)))))
    if draw(st.booleans()):
        last = min(last, first + 2)
    return part[:first] + draw(st.binary(max_size=6)) + part[last:]


@st.composite
def _json_changed(draw: st.DrawFn, part: bytes) -> bytes:
    try:
        head = json.loads(part)
    except (ValueError, RecursionError):
        return part
    if not isinstance(head, dict):
        return part
    key = draw(st.sampled_from([*head, "extra"]) | st.text(max_size=8))
    if draw(st.booleans()):
        head.pop(key, None)
    else:
        head[key] = draw(json_values)
    return json.dumps(head).encode()


def settle(read: Callable[[], T]) -> T | BadFrame:
    """What `read` gives, or the one error it may raise; any other fails the test."""
    try:
        return read()
    except BadFrame as error:
        return error


def measured(read: Callable[[], T]) -> tuple[int, T | BadFrame]:
    """The most memory in use at once during `read`, numpy's included, and how it settled."""
    tracemalloc.start()
    try:
        outcome = settle(read)
        return tracemalloc.get_traced_memory()[1], outcome
    finally:
        tracemalloc.stop()


def same(one: Array, other: Array) -> bool:
    """Equal in type, shape and every bit."""
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


def picture(*shape: int, dtype: str = "u1") -> Array:
    """Numbers that all differ, as far as the type goes."""
    return np.arange(int(np.prod(shape)), dtype=np.int64).astype(dtype).reshape(shape)
