"""Inputs that need work, several in a message, and what became of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

import msgspec

from framebus.batch.outcome import Outcome

_OUTCOMES = msgspec.json.Decoder(list[Outcome])


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
    return os.fsencode("\0".join(chain.from_iterable((piece.path, piece.inner) for piece in pieces)))


def unpacked(data: bytes) -> list[tuple[str, str]]:
    """Path and inner path of each piece again."""
    texts = iter(os.fsdecode(data).split("\0"))
    return list(zip(texts, texts, strict=True))


def told(outcomes: Iterable[Outcome]) -> str:
    """Outcomes on their way back, as JSON; what is no text in their reasons is written as escapes."""
    return msgspec.json.encode(
        [outcome._replace(reason=_plain(outcome.reason)) if outcome.reason else outcome for outcome in outcomes]
    ).decode()


def heard(text: str) -> list[Outcome]:
    """The outcomes again."""
    return _OUTCOMES.decode(text)


def _plain(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
