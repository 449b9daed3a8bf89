"""What there is to draw in a frame's metadata: boxes with labels, and lines of text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from framebus.core.errors import BadFrame

_DEPTH = 3
_BOX = "[x, y, width, height], with a label and a score after them where there are any"


class Box(NamedTuple):
    """A rectangle in pixels from the upper left corner, and what is in it."""

    x: float
    y: float
    width: float
    height: float
    label: str = ""
    score: float | None = None

    @property
    def title(self) -> str:
        """What is written at it."""
        return " ".join(filter(None, (self.label, "" if self.score is None else f"{self.score:.2f}")))


def boxes(meta: Mapping[str, Any]) -> list[Box]:
    """All boxes under `boxes`, here and in the answers of services; raises `BadFrame` for what is no box."""
    return [
        _box(entry, f"{path}[{at}]") for path, found in _under("boxes", meta) for at, entry in _entries(found, path)
    ]


def lines(meta: Mapping[str, Any]) -> list[str]:
    """All lines under `text`, here and in the answers of services."""
    found = (value for _, value in _under("text", meta))
    return [line for value in found for text in _texts(value) for line in text.splitlines()]


def _under(key: str, meta: Mapping[str, Any], path: str = "meta", depth: int = 1) -> Iterator[tuple[str, Any]]:
    """What is called `key` in `meta` and in the mappings in it."""
    for name, value in meta.items():
        if isinstance(value, Mapping):
            yield from _under(key, value, f"{path}[{name!r}]", depth + 1) if depth < _DEPTH else ()
        elif name == key and value is not None:
            yield f"{path}[{key!r}]", value


def _entries(found: Any, path: str) -> Iterator[tuple[int, Any]]:
    if isinstance(found, str) or not isinstance(found, Iterable):
        raise BadFrame(f"{path} is no list of boxes: give a list of {_BOX}")
    return enumerate(found)


def _box(entry: Any, path: str) -> Box:
    if isinstance(entry, Mapping):
        entry = [*entry.get("box", ()), entry.get("label"), entry.get("score")]
    values = list(entry) if isinstance(entry, Iterable) and not isinstance(entry, str) else []
    try:
        x, y, width, height = (float(value) for value in values[:4])
        label, score = _label_and_score(values[4:])
        box = Box(x, y, width, height, "" if label is None else str(label), None if score is None else float(score))
    except (TypeError, ValueError):
        raise BadFrame(f"{path} is no box: {entry!r:.80}; give {_BOX}") from None
    if len(values) > 6 or not all(math.isfinite(value) for value in box[:4]):
        raise BadFrame(f"{path} is no box: {entry!r:.80}; give {_BOX}")
    return box


def _label_and_score(values: list[Any]) -> tuple[Any, Any]:
    """One real number alone is the score."""
    if len(values) == 1 and isinstance(values[0], float):
        return None, values[0]
    label, score = [*values, None, None][:2]
    return label, score


def _texts(value: Any) -> list[str]:
    return [str(line) for line in value] if isinstance(value, list | tuple) else [str(value)]
