"""Inputs that need work, several in a message, and what became of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from framebus.batch.outcome import Outcome


class Piece(NamedTuple):
    """An input that needs work."""

    path: str
    inner: str
    name: str
    """Of its first output, by which the journal knows it."""


class Chunk(NamedTuple):
    """Pieces that are worked on by one process, one after the other."""

    number: int
    """Numbers ascend."""
    pieces: Sequence[Piece]


class Result(NamedTuple):
    """A chunk that came back."""

    chunk: Chunk
    outcomes: Sequence[Outcome] = ()
    """In the order of its pieces; none where it was given up."""
    seconds: float = 0.0
    """How long it took whoever did it."""
    given_up: str = ""
    """It cost its workers: why."""


def packed(pieces: Iterable[Piece]) -> bytes:
    """Paths on their way to a worker: what the system calls them, separated by zero bytes."""
    return b"\0".join(os.fsencode(text) for piece in pieces for text in (piece.path, piece.inner))


def unpacked(data: bytes) -> list[tuple[str, str]]:
    """Path and inner path of each piece again."""
    texts = map(os.fsdecode, data.split(b"\0"))
    return list(zip(texts, texts, strict=True))


def told(outcomes: Sequence[Outcome]) -> list[Any]:
    """Outcomes on their way back, as JSON: texts without what is none."""
    return [[state, _plain(reason), list(made), read, written] for state, reason, made, read, written in outcomes]


def heard(data: Sequence[Any]) -> list[Outcome]:
    """The outcomes again."""
    return [Outcome(state, reason, tuple(made), read, written) for state, reason, made, read, written in data]


def _plain(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
