"""The suite for ops notices what would fail in a pipe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from framebus.core.frame import Frame
from framebus.testing import OpConformance

Image = npt.NDArray[Any]

ALL = [name for name in vars(OpConformance) if name.startswith("test_")]


def halve(image: Image) -> Image:
    """Every second pixel."""
    return image[::2, ::2]


def describe(frame: Frame) -> dict[str, float]:
    """A mean, into meta."""
    return {"mean": float(frame.data.mean())}


def drop(image: Image) -> None:
    """Nothing goes on."""


class Difference:
    """From the frame before."""

    def __init__(self) -> None:
        self._last: Image | None = None

    def __call__(self, image: Image) -> Image | None:
        last, self._last = self._last, image
        return None if last is None or last.shape != image.shape else image - last


class TestFunction(OpConformance):
    formats = ("bgr24", "gray8", "gray16", "float")

    def make(self) -> Callable[..., Any]:
        return halve


class TestFunctionOfAFrame(OpConformance):
    def make(self) -> Callable[..., Any]:
        return describe


class TestClass(OpConformance):
    def make(self) -> Callable[..., Any]:
        return Difference


class TestDropping(OpConformance):
    def make(self) -> Callable[..., Any]:
        return drop


class Buffered:
    """Answers with one buffer, filled again and again."""

    def __init__(self) -> None:
        self._buffer = np.zeros((200, 200, 3), np.uint8)

    def __call__(self, image: Image) -> Image:
        self._buffer[: image.shape[0], : image.shape[1]] = image
        return self._buffer


class OneShape:
    """Remembers the first shape for ever."""

    def __init__(self) -> None:
        self._sum: Image | float = 0.0

    def __call__(self, image: Image) -> Image:
        self._sum = self._sum + image.astype(float)
        return np.asarray(self._sum)


def draws(image: Image) -> Image:
    """Into a picture that is not its own."""
    image[0] = 0
    return image


def draws_by_force(frame: Frame) -> None:
    """Likewise, behind everybody's back."""
    assert isinstance(frame.content, np.ndarray)
    frame.content[0] = 0


def answers_text(image: Image) -> Any:
    """Which is no picture."""
    return "seen"


def answers_objects(image: Image) -> dict[str, Any]:
    """Which JSON cannot carry."""
    return {"seen": object()}


def renames(frame: Frame) -> Frame:
    """Gives the answer another number."""
    return frame.replace(seq=frame.seq + 1)


def failures(op: Callable[..., Any]) -> set[str]:
    """Which tests of the suite an op fails."""

    class Suite(OpConformance):
        def make(self) -> Callable[..., Any]:
            return op

    failed = set()
    for name in ALL:
        try:
            getattr(Suite(), name)()
        except Exception:
            failed.add(name)
    return failed


@pytest.mark.parametrize(
    ("broken", "noticed"),
    [
        (OneShape, "test_takes_frames_one_after_another"),
        (draws, "test_leaves_the_picture_as_it_is"),
        (draws_by_force, "test_leaves_the_picture_as_it_is"),
        (answers_text, "test_answers_travel"),
        (answers_objects, "test_answers_travel"),
        (renames, "test_answers_keep_their_identity"),
        (Buffered, "test_answers_stay_what_they_were"),
    ],
)
def test_broken_promises_are_noticed(broken: Callable[..., Any], noticed: str) -> None:
    assert noticed in failures(broken)
