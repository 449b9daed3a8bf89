"""What tells whether an op is still the one that earlier results were made with. Runs nothing of it.

A fingerprint is a text: how it was taken, a colon, a digest. Those taken in different ways cannot be compared: code of
another version of Python is other code.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import accumulate
from typing import Any

from framebus.batch.essence import Essence, file_of, is_installed, is_own, opaque
from framebus.batch.recipe import Spec
from framebus.core.callables import split

Fingerprint = str | None
"""Empty where nobody changes it: built in, or installed. None where it cannot be told whether somebody did."""


def fingerprint(op: Spec) -> Fingerprint:
    """Of the file that `op` is in, or of its code where it was given as it is."""
    if callable(op):
        return _of_code(op)
    place, _, _ = split(op)
    if not place:
        return ""
    if place.endswith(".py"):
        return _of_file(place)
    path = file_of(place) or _located(place)
    if path is None:
        return None
    return _of_file(path) if is_own(place) and not is_installed(path) else ""


def changed(ops: Sequence[str], before: Sequence[Fingerprint], now: Sequence[Fingerprint]) -> Iterator[str]:
    """Which of the ops, as people wrote them, are others now: `ops: mine.py:clean has changed`."""
    for op, old, new in zip(ops, before, now, strict=False):
        if old and new and old != new and _way(old) == _way(new):
            yield f"ops: {op} has changed"


def _way(fingerprint: str) -> str:
    return fingerprint.partition(":")[0]


def _of_file(path: str) -> Fingerprint:
    try:
        with open(path, "rb") as file:
            return _text("file", file.read())
    except OSError:
        return None


def _of_code(function: Any) -> Fingerprint:
    try:
        essence = Essence().of(function)
    except Exception:  # whatever odd objects do when they are looked at; RecursionError among it
        return None
    return (
        None if essence == opaque(function) else _text(f"{sys.implementation.cache_tag}-{sys.flags.optimize}", essence)
    )


def _text(way: str, data: bytes) -> str:
    return f"{way}:{blake2b(data, digest_size=16).hexdigest()}"


def _located(module: str) -> str | None:
    """The file of a module that may not be imported yet; packages that it is in are not imported either."""
    path, origin = None, None
    for name in accumulate(module.split("."), "{}.{}".format):
        spec = next((found for finder in sys.meta_path if (found := finder.find_spec(name, path))), None)
        if spec is None:
            return None
        path, origin = spec.submodule_search_locations, spec.origin if spec.has_location else None
    return origin
