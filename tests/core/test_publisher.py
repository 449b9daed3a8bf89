"""What every publisher gives its user: `send`, `fill` in place, and an end or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from framebus.core.contracts import Done, Item
from framebus.core.errors import OptionError
from framebus.core.frame import Frame
from framebus.core.publisher import Publisher
from framebus.core.statistics import Stats

Sent = tuple[Any, str | None, Mapping[str, Any] | None]


class Notebook(Publisher):
    """Notes what was done to it."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.ends: list[str] = []

    def send(
        self, image: npt.NDArray[Any] | Item, stream: str | None = None, meta: Mapping[str, Any] | None = None
    ) -> None:
        self.sent.append((image, stream, meta))

    def write(self, item: Item, done: Done) -> None:
        self.send(item)
        done()

    def stats(self) -> Stats:
        return Stats()

    def close(self) -> None:
        self.ends.append("end")

    def abandon(self) -> None:
        self.ends.append("none")


class TestFilling:
    def test_sends_what_was_written(self) -> None:
        out = Notebook()
        with out.fill((2, 3), "uint16", stream="door", meta={"n": 1}) as image:
            image[:] = 7
        [(frame, stream, meta)] = out.sent
        assert isinstance(frame, Frame)
        assert frame.format == "gray16"
        assert (frame.data == 7).all()
        assert (stream, meta) == ("door", {"n": 1})

    def test_takes_a_format(self) -> None:
        out = Notebook()
        with out.fill((2, 2, 3), format="rgb24"):
            pass
        assert out.sent[0][0].format == "rgb24"
        assert out.sent[0][0].dtype == np.uint8

    @pytest.mark.parametrize(
        ("shape", "dtype"),
        [
            (4, "uint8"),
            (None, "uint8"),
            ("512x512", "uint8"),
            ((4.0, 4), "uint8"),
            ((-1, 4), "uint8"),
            ((1,) * 9, "uint8"),
            (np.zeros((4, 4)), "uint8"),
            ((4, 4), "bgr24"),
            ((4, 4), None),
            ((4, 4), object),
            ((4, 4), "U3"),
            ((4, 4), "a,,b"),
            ((4, 4), "datetime64[s]"),
        ],
    )
    def test_says_what_it_expects(self, shape: Any, dtype: Any) -> None:
        with pytest.raises(OptionError, match=r"^fill\(.* is not possible: give the shape, .* fill\(\(480, 640, 3\)"):
            Notebook().fill(shape, dtype)

    @pytest.mark.parametrize("shape", [[2, 3], np.array([2, 3]), np.zeros((2, 3)).shape, (np.int64(2), 3)])
    def test_takes_a_shape_as_numpy_does(self, shape: Any) -> None:
        with Notebook().fill(shape, np.float32) as image:
            assert (image.shape, image.dtype.name) == ((2, 3), "float32")

    def test_sends_nothing_when_it_fails(self) -> None:
        out = Notebook()
        with pytest.raises(ZeroDivisionError), out.fill((2, 2)) as image:
            image[:] = 1 // 0
        assert out.sent == []


class TestAWithBlock:
    def test_left_normally_is_an_end(self) -> None:
        with Notebook() as out:
            out.send(np.zeros((1, 1)))
        assert out.ends == ["end"]

    def test_left_by_an_exception_is_none(self) -> None:
        out = Notebook()
        with pytest.raises(KeyboardInterrupt), out:
            raise KeyboardInterrupt
        assert out.ends == ["none"]
