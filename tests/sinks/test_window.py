"""A window, tried without a screen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"

import numpy as np
import pygame
import pytest

from framebus.core.addresses import Here
from framebus.core.contracts import Sink
from framebus.core.errors import Closed, Unavailable
from framebus.core.registry import SINKS
from framebus.sinks.window.window import Window, open_sink
from framebus.testing import SinkConformance, samples
from framebus.testing.samples import framed, pictures
from tests.conftest import StartChild


@pytest.fixture(autouse=True)
def _no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


@pytest.fixture
def window() -> Iterator[Window]:
    opened = Window()
    yield opened
    opened.close()


def shown(window: Window) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """What is in the window, `(height, width, 3)`, red first."""
    return np.array(pygame.surfarray.array3d(window._window.get_surface()).swapaxes(0, 1), np.uint8)


class TestWindow(SinkConformance):
    def make(self, tmp_path: Path) -> Sink:
        return open_sink(Here("window"))


def test_is_what_the_scheme_opens() -> None:
    assert SINKS.get("window") is open_sink


def test_the_window_gets_the_pictures_size_and_shows_it(window: Window) -> None:
    frame = samples(1, width=320, height=240)[0]
    window.write(frame, lambda: None)
    assert np.array_equal(shown(window), frame.rgb)


def test_a_picture_larger_than_the_screen_is_reduced(window: Window) -> None:
    window.write(samples(1, width=4000, height=2000)[0], lambda: None)
    screen_width, _ = pygame.display.get_desktop_sizes()[0]
    width, height = window._window.size
    assert width < screen_width
    assert abs(width - 2 * height) <= 2


def test_a_resized_window_shows_the_whole_picture_undistorted(window: Window) -> None:
    frame = framed(np.full((240, 320, 3), 255, np.uint8), "bgr24")
    window.write(frame, lambda: None)
    window._window.size = (640, 240)
    window.write(frame, lambda: None)
    white = (shown(window) == 255).all(axis=2)
    assert white[:, 160:480].all()
    assert not white[:, :150].any()
    assert not white[:, 490:].any()


def test_several_streams_share_it(window: Window) -> None:
    for level, stream in ((50, "a"), (250, "b")):
        image = np.full((240, 320, 3), level, np.uint8)
        window.write(framed(image, "bgr24", stream=stream), lambda: None)
    assert {50, 250} <= set(np.unique(shown(window)))


def test_16_bits_are_stretched(window: Window) -> None:
    image, _ = pictures(320, 240)["gray16"]
    window.write(framed(image // 64, "gray16"), lambda: None)
    assert shown(window).max() > 240


def test_the_title_tells_stream_rate_and_age(window: Window) -> None:
    window.write(samples(1, stream="door")[0].replace(missed=3), lambda: None)
    assert window._window.title.startswith("door · 0.0 frames/s · ")
    assert window._window.title.endswith(" s old · 3 missed")


@pytest.mark.parametrize(
    "event",
    [
        pygame.event.Event(pygame.QUIT),
        pygame.event.Event(pygame.KEYDOWN, key=pygame.K_q),
        pygame.event.Event(pygame.KEYDOWN, key=pygame.K_ESCAPE),
    ],
)
def test_q_escape_and_the_corner_close_it_once_the_frame_is_shown(window: Window, event: pygame.event.Event) -> None:
    window.write(samples(1)[0], lambda: None)
    done: list[int] = []
    pygame.event.post(event)
    with pytest.raises(Closed, match="the window was closed"):
        window.write(samples(2)[1], lambda: done.append(1))
    assert done == [1]
    with pytest.raises(Closed):
        window.write(samples(2)[1], lambda: None)


def test_other_keys_do_not(window: Window) -> None:
    window.write(samples(1)[0], lambda: None)
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_a))
    window.write(samples(2)[1], lambda: None)


def test_where_there_is_no_screen_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SDL_VIDEODRIVER")
    monkeypatch.setattr(pygame.display, "init", lambda: None)
    monkeypatch.setattr(pygame.display, "get_driver", lambda: "offscreen")
    with pytest.raises(Unavailable, match=r"there is no screen here .* tcp://"):
        Window()


def test_what_the_system_says_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "nonsense")
    with pytest.raises(Unavailable, match="window: cannot open"):
        Window()


def test_nothing_is_printed(child: StartChild) -> None:
    assert child("-c", "import framebus.sinks.window.window").succeed() == ""
