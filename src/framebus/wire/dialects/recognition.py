"""Telling whose message it is, from its parts alone."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from framebus.core.not_json import NOT_JSON
from framebus.wire import limits
from framebus.wire.layout import Buffer


class Kind(StrEnum):
    """Whose message it is."""

    DATA = "data"
    """A framebus frame or packet: `framebus.wire.header` reads it."""
    CONTROL = "control"
    """A framebus control message: `framebus.wire.control` reads it."""
    IMAGEZMQ = "imagezmq"
    """An imageZMQ image or jpg, or pyzmq's array recipe, which lacks only the text."""
    NETGEAR = "netgear"
    """A NetGear frame, or its end."""
    UNKNOWN = "unknown"


class _Keys(msgspec.Struct):
    """The keys that tell headers apart; values are skipped, not built."""

    fb: Any = None
    op: Raw | UnsetType = UNSET
    msg: Raw | UnsetType = UNSET
    dtype: Raw | UnsetType = UNSET
    shape: Raw | UnsetType = UNSET
    terminate_flag: Raw | UnsetType = UNSET


_keys = msgspec.json.Decoder(_Keys).decode


def recognise(parts: Sequence[Buffer]) -> Kind:
    """Whose message these parts are, without the envelope of a ROUTER; never raises."""
    if not 1 <= len(parts) <= 2 or len(parts[0]) > limits.MAX_HEADER_BYTES:
        return Kind.UNKNOWN
    try:
        keys = _keys(parts[0])
    except NOT_JSON:
        return Kind.UNKNOWN
    if keys.fb is not None:
        return _ours(keys, len(parts))
    if keys.terminate_flag is not UNSET:
        return Kind.NETGEAR
    array = keys.dtype is not UNSET and keys.shape is not UNSET
    return Kind.IMAGEZMQ if len(parts) == 2 and (array or keys.msg is not UNSET) else Kind.UNKNOWN


def split_envelope(parts: Sequence[Buffer]) -> tuple[list[Buffer], list[Buffer]]:
    """What a ROUTER received, as (envelope to repeat in the answer, message).

    A DEALER's envelope is its identity; a REQ adds an empty part, and one with `REQ_CORRELATE` four bytes before it.
    """
    if len(parts) > 1 and not len(parts[1]):
        size = 2
    elif len(parts) > 3 and len(parts[1]) == 4 and not len(parts[2]):
        size = 3
    else:
        size = 1
    return list(parts[:size]), list(parts[size:])


def _ours(keys: _Keys, count: int) -> Kind:
    if keys.op is not UNSET:
        return Kind.CONTROL
    return Kind.DATA if count == 2 else Kind.UNKNOWN
