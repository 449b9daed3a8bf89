"""What may travel in `meta`: text, numbers, true, false, null, lists and mappings by text; nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

import msgspec
import numpy as np

from framebus.core.errors import BadFrame
from framebus.core.frame import NO_META
from framebus.wire import limits

_PLAIN = frozenset({str, int, bool, type(None)})
_ROOM_BYTES = limits.MAX_HEADER_BYTES - 4096
"""What a header has for `meta`, beside what else stands in it."""


def plain(meta: Mapping[str, Any]) -> Mapping[str, Any]:
    """`meta` as JSON has it, a copy, so that a frame's does not change while it waits.

    Raises `BadFrame` for what is no mapping, and for what `jsonable` refuses.
    """
    if not isinstance(meta, Mapping):
        raise BadFrame(f"meta is {type(meta).__name__}: give a mapping, such as {{'exposure_ms': 8}}")
    return dict(jsonable(meta)) if meta else NO_META


def carried(meta: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The same, as it fits into a header; raises `BadFrame` also where it does not."""
    if meta is None or (found := plain(meta)) is NO_META:
        return NO_META
    try:
        length = len(msgspec.json.encode(found))
    except (TypeError, ValueError) as error:  # text that is no Unicode, numbers beyond 64 bits
        raise BadFrame(f"meta cannot be written as JSON: {error}") from error
    if length > _ROOM_BYTES:
        raise BadFrame(f"meta has {length:,} bytes, the limit is {_ROOM_BYTES:,}: send large data as `arrays`")
    return found


def jsonable(value: Any, path: str = "meta", depth: int = 1) -> Any:
    """`value` as JSON carries it, numpy scalars as numbers; raises `BadFrame` naming the key that cannot."""
    kind = type(value)
    if kind in _PLAIN or (kind is float and isfinite(value)):
        return value
    if kind is dict or isinstance(value, Mapping):
        _check(depth, path)
        return {
            key if type(key) is str else _key(key, path): (
                item if type(item) in _PLAIN else jsonable(item, f"{path}.{key}", depth + 1)
            )
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        _check(depth, path)
        return [jsonable(item, f"{path}[{at}]", depth + 1) for at, item in enumerate(value)]
    return _scalar(value, path)


def check_depth(value: dict[str, Any]) -> dict[str, Any]:
    """`value`, received JSON; raises `BadFrame` where containers lie too deep inside each other."""
    _look_inside(value.values(), 1)
    return value


def _look_inside(items: Iterable[Any], depth: int) -> None:
    _check(depth, "meta")
    for item in items:
        if type(item) is dict:
            _look_inside(item.values(), depth + 1)
        elif type(item) is list:
            _look_inside(item, depth + 1)


def _scalar(value: Any, path: str) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        if not isfinite(value):
            raise BadFrame(f"{path} is {value}: JSON has no such number, use None")
        return float(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, np.ndarray):
        raise BadFrame(f"{path} is an array: send it with `arrays=`, or as a list")
    raise BadFrame(f"{path} is {type(value).__name__}: meta takes text, numbers, None, lists and mappings")


def _key(key: Any, path: str) -> str:
    if not isinstance(key, str):
        raise BadFrame(f"key {key!r} of {path} is {type(key).__name__}: keys are text")
    return str(key)


def _check(depth: int, path: str) -> None:
    if depth > limits.MAX_DEPTH:
        raise BadFrame(f"{path} is nested deeper than {limits.MAX_DEPTH} levels: flatten it")
