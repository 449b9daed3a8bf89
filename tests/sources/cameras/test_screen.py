"""`screen:` – the desktop or a part of it, looked at through a stand-in for mss."""

from __future__ import annotations

import socket
import sys
from itertools import islice
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

import numpy as np
import pytest

from framebus.core.addresses import Here, parse
from framebus.core.areas import Area
from framebus.core.contracts import Maker
from framebus.core.errors import AddressError, OptionError, Unavailable
from framebus.core.frame import Frame
from framebus.core.names import to_name
from framebus.core.registry import SOURCES
from framebus.sources.cameras import screen
from framebus.testing import SourceConformance

HOST = to_name(socket.gethostname().partition(".")[0])


class Shot:
    """Blue tells the column, green the row, as on the desktop."""

    def __init__(self, region: dict[str, int]) -> None:
        self.width, self.height = region["width"], region["height"]
        rows, columns = np.mgrid[: self.height, : self.width]
        pixels = np.stack(
            [columns + region["left"], rows + region["top"], np.full_like(rows, 7), np.full_like(rows, 255)], axis=2
        )
        self.raw = bytearray(pixels.astype(np.uint8).tobytes())


class Desktop:
    """Two screens side by side."""

    monitors = (
        {"left": 0, "top": 0, "width": 120, "height": 48},
        {"left": 0, "top": 0, "width": 64, "height": 48},
        {"left": 64, "top": 8, "width": 56, "height": 40},
    )

    def __enter__(self) -> Desktop:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def grab(self, region: dict[str, int]) -> Shot:
        return Shot(region)


@pytest.fixture(autouse=True)
def desktop(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module, exception = ModuleType("mss"), ModuleType("mss.exception")
    vars(module)["MSS"] = Desktop
    vars(module)["exception"] = exception
    vars(exception)["ScreenShotError"] = type("ScreenShotError", (Exception,), {})
    monkeypatch.setitem(sys.modules, "mss", module)
    monkeypatch.setitem(sys.modules, "mss.exception", exception)
    return module


def first(**options: Any) -> np.ndarray[Any, Any]:
    number = options.pop("number", "")
    maker = screen.open_source(Here("screen", number), fps=1000, **options)
    (frame,) = islice(maker, 1)
    maker.close()
    assert isinstance(frame, Frame)
    assert frame.format == "bgr24"
    return frame.data


class TestScreenIsASource(SourceConformance):
    def make(self, tmp_path: Path) -> Maker:
        return screen.open_source(Here("screen"), fps=200)


def test_is_what_the_scheme_opens() -> None:
    assert SOURCES.get("screen") is screen.open_source
    assert parse("screen:1") == Here("screen", "1")
    with pytest.raises(AddressError, match="after 'screen:' comes nothing or a number"):
        parse("screen:left")


def test_all_screens_are_one_picture_unless_one_is_named() -> None:
    assert first().shape == (48, 120, 3)
    one = first(number="2")
    assert one.shape == (40, 56, 3)
    assert one[0, 0].tolist() == [64, 8, 7]


def test_a_part_is_looked_at_alone() -> None:
    part = first(number="2", crop="10x20+3+4")
    assert part.shape == (20, 10, 3)
    assert part[0, 0].tolist() == [67, 12, 7]


def test_is_turned_and_resized() -> None:
    assert first(turn=90, resize="24x60").shape == (60, 24, 3)


def test_is_named_after_the_machine() -> None:
    assert screen.open_source(Here("screen")).name == f"{HOST}-screen"
    assert screen.open_source(Here("screen", "1")).name == f"{HOST}-screen1"


def test_screens_and_parts_that_are_not_there_are_told() -> None:
    with pytest.raises(Unavailable, match="screen:3 is not there: there are 2, counted from 1"):
        list(screen.connect(3, fps=0, part=None, deadline_s=5))
    with pytest.raises(Unavailable, match=r"crop=200x200 is not within screen: of 120x48"):
        list(screen.connect(0, fps=0, part=Area(200, 200), deadline_s=5))


def test_no_desktop_is_told_with_what_to_do(desktop: ModuleType) -> None:
    def blind(self: object, region: object) -> Shot:
        raise desktop.exception.ScreenShotError("no display")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Desktop, "grab", blind)
        with pytest.raises(Unavailable, match=r"no display.*is there a desktop, and DISPLAY set\?"):
            list(screen.connect(0, fps=0, part=None, deadline_s=5))


def test_mistakes_are_raised_at_open(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OptionError, match="crop="):
        screen.open_source(Here("screen"), crop="big")
    monkeypatch.setitem(sys.modules, "mss", None)
    with pytest.raises(Unavailable, match=r"pip install 'framebus\[screen\]'"):
        screen.open_source(Here("screen"))
