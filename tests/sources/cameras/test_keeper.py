"""A camera is one endless stream, however often its connection breaks, and is closed at once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from framebus.core.contracts import Maker, Reporting
from framebus.core.errors import OptionError, Timeout, Unavailable
from framebus.core.frame import Frame
from framebus.sources.cameras import keeping
from framebus.sources.cameras.connecting import Connecting
from framebus.sources.cameras.keeper import Camera
from framebus.sources.cameras.pumped import PumpedFeed
from framebus.sources.cameras.treating import FromKey
from framebus.testing import SourceConformance
from framebus.verbs.opened import MadeSource
from tests.sources.cameras.fakes import PATIENCE_S, Cameras, FakeFeed, Steady, packet, picture


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "FIRST_PAUSE_NS", 1_000_000)
    monkeypatch.setattr(keeping, "LONGEST_PAUSE_NS", 1_000_000)


def camera(*script: FakeFeed | Exception) -> Camera:
    return Camera("yard", "rtsp://me:canary@yard/main", Cameras(*script))


def fed(*items: object) -> FakeFeed:
    feed = FakeFeed()
    feed.put(*items)  # type: ignore[arg-type]
    return feed


class TestCameraIsASource(SourceConformance):
    def make(self, tmp_path: Path) -> Maker:
        return Camera("yard", "fake:", lambda: Steady(10))


def test_numbers_go_on_over_reconnects_and_the_run_stays() -> None:
    maker = camera(fed(picture(), picture(), Unavailable("broken")), Unavailable("no route"), fed(picture(), picture()))
    items = list(islice(maker, 4))
    maker.close()
    assert [item.seq for item in items] == [0, 1, 2, 3]
    assert {(item.run, item.stream, item.missed) for item in items} == {(maker.run, "yard", 0)}
    assert maker.state.reconnects == 1


def test_that_nobody_is_in_a_hurry_is_told_to_this_connection_and_the_next() -> None:
    first, second = fed(picture(), Unavailable("broken")), fed(picture())
    source = MadeSource(camera(first, second), keep="all")
    source.hurry(False)
    source.read(PATIENCE_S)
    source.read(PATIENCE_S)
    source.hurry(True)
    source.close()
    assert (first.hurried, second.hurried) == ([False], [False, True])


def test_an_end_and_a_bug_in_a_feed_are_breaks_too() -> None:
    maker = camera(fed(picture(), None), fed(picture(), ZeroDivisionError("oh")), fed(picture()))
    assert [item.seq for item in islice(maker, 3)] == [0, 1, 2]
    maker.close()


def test_a_feed_that_broke_is_closed() -> None:
    first = fed(picture(), Unavailable("broken"))
    maker = camera(first, fed(picture()))
    assert len(list(islice(maker, 2))) == 2
    assert first.closed.is_set()
    maker.close()


def test_a_mistake_in_the_options_is_raised() -> None:
    maker = camera(OptionError("input_format=h264 is not possible here"))
    with pytest.raises(OptionError, match="input_format"):
        next(iter(maker))


def test_state_tells_how_the_camera_is() -> None:
    maker = camera(fed(picture()), Unavailable("wrong password"))
    assert isinstance(maker, Reporting)
    assert maker.state.state == "away"
    items = iter(maker)
    next(items)
    assert (maker.state.state, maker.state.why) == ("live", "")
    maker.close()


class TestSaying:
    @pytest.fixture(autouse=True)
    def _everything(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG, "framebus")

    def test_each_trouble_is_said_once_and_that_it_is_over(self, caplog: pytest.LogCaptureFixture) -> None:
        no, wrong = Unavailable("no route"), Unavailable("wrong password")
        maker = camera(fed(picture(), no), no, wrong, no, wrong, fed(picture()))
        list(islice(maker, 2))
        maker.close()
        said = caplog.messages
        assert said[:2] == ["yard: no route; it is tried again", "yard: wrong password; it is tried again"]
        assert said[2].startswith("yard: pictures come again, after ")
        assert len(said) == 3

    def test_no_password_is_ever_said(self, caplog: pytest.LogCaptureFixture) -> None:
        leaky = "rtsp://me:canary@yard/main"
        maker = camera(
            Unavailable(f"{leaky} is not there"), OSError(f"cannot open {leaky}"), ValueError(leaky), fed(picture())
        )
        list(islice(maker, 1))
        said = caplog.messages
        texts = [*said, repr(maker), maker.where, str(maker.state)]
        maker.close()
        assert "canary" not in "\n".join(texts)
        assert len(said) == 4
        assert "Traceback" in said[2], "a bug is told with its place"


class TestClosing:
    def test_interrupts_a_pause(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(keeping, "FIRST_PAUSE_NS", 10**13)
        connect = Cameras()
        self._ends(Camera("yard", "fake:", connect), lambda: connect.called.acquire(timeout=PATIENCE_S))

    def test_does_not_wait_for_a_host_that_does_not_answer(self) -> None:
        asked, answer = threading.Event(), threading.Event()
        late = FakeFeed()

        def connect() -> FakeFeed:
            asked.set()
            answer.wait(3 * PATIENCE_S)
            return late

        self._ends(Camera("yard", "fake:", connect), lambda: asked.wait(PATIENCE_S))
        assert not late.closed.is_set()
        answer.set()
        assert late.closed.wait(PATIENCE_S), "a feed that comes too late is closed"

    def test_closes_a_feed_that_nobody_took_yet(self) -> None:
        feed, made = FakeFeed(), threading.Event()

        def connect() -> FakeFeed:
            made.set()
            return feed

        attempt = Connecting(connect, "yard")
        assert made.wait(PATIENCE_S)
        attempt.abandon()
        assert feed.closed.wait(PATIENCE_S)
        assert attempt.wait() is None

    def test_ends_a_wait_for_pictures(self) -> None:
        feed = fed(picture())
        maker = camera(feed)
        self._ends(maker, lambda: maker.state.state == "live" or threading.Event().wait(0.001))
        assert feed.closed.is_set()

    def test_before_the_first_use_ends_it(self) -> None:
        connect = Cameras(fed(picture()))
        maker = Camera("yard", "fake:", connect)
        maker.close()
        assert list(maker) == []
        assert connect.calls == 0

    def _ends(self, maker: Camera, begun: object) -> None:
        assert callable(begun)
        thread = threading.Thread(target=lambda: list(maker), name="reader")
        thread.start()
        while not begun():
            pass
        maker.close()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


class TestPackets:
    def test_begin_with_a_key_frame_after_each_connection_and_each_loss(self) -> None:
        feeds = (
            fed(packet(1), packet(2, key=True), packet(3), Unavailable("broken")),
            fed(packet(4), packet(5, key=True), packet(6, missed=2), packet(7)),
        )
        feeds[1].put(packet(9, key=True).replace(meta={"damaged": True}), packet(8, key=True, missed=1))
        maker = Camera("yard", "fake:", Cameras(*feeds), FromKey, packets=True)
        items = list(islice(maker, 4))
        maker.close()
        assert [item.data[-1] for item in items] == [2, 3, 5, 8]
        assert [(item.seq, item.missed) for item in items] == [(0, 0), (1, 0), (2, 0), (3, 0)]


class TestAsASource:
    def test_the_newest_picture_is_given_and_the_state_is_in_its_figures(self) -> None:
        feed = FakeFeed()
        with MadeSource(camera(feed), stream="porch") as source:
            before = source.stats().state
            assert before is not None
            assert before.state == "away"
            feed.put(picture(1))
            assert source.read(timeout=PATIENCE_S).stream == "porch"
            now = source.stats()
            assert now.state is not None
            assert now.state.state == "live"
            assert now.snapshot()["streams"]["porch"]["state"]["state"] == "live"

    def test_a_timeout_says_what_is_wrong_with_the_camera(self) -> None:
        with MadeSource(camera(*[Unavailable("no route to yard")] * 1000)) as source:
            source.fileno()
            while "no route" not in source.stats().state.why:  # type: ignore[union-attr]
                pass
            with pytest.raises(Timeout, match=r"no frame from yard .*\(the camera is away: no route to yard\)"):
                source.take(0)

    @pytest.mark.parametrize("option", [{"max_fps": 5.0}, {"format": "rgb24"}])
    def test_packets_are_not_thinned_or_converted(self, option: dict[str, object]) -> None:
        maker = Camera("yard", "fake:", Cameras(), FromKey, packets=True)
        with pytest.raises(OptionError, match=f"{next(iter(option))} does not go with packets"):
            MadeSource(maker, **option)  # type: ignore[arg-type]


class TestPumped:
    def test_gives_items_in_order_and_then_the_end(self) -> None:
        released = threading.Event()
        feed = PumpedFeed(iter([picture(n) for n in range(200)]), released.set, deadline_s=20, name="x")
        assert [item.data[0, 0] for item in feed if isinstance(item, Frame)] == [n % 256 for n in range(200)]
        assert released.wait(PATIENCE_S)

    def test_raises_what_the_device_raised_after_what_came_before(self) -> None:
        def items() -> Iterator[object]:
            yield picture()
            raise Unavailable("unplugged")

        feed = PumpedFeed(items(), lambda: None, deadline_s=20, name="x")  # type: ignore[arg-type]
        pictures = iter(feed)
        next(pictures)
        with pytest.raises(Unavailable, match="unplugged"):
            next(pictures)

    def test_closing_does_not_wait_for_a_device_that_hangs_and_frees_it_later(self) -> None:
        hangs, released = threading.Event(), threading.Event()

        def items() -> Iterator[object]:
            yield picture()
            hangs.wait(PATIENCE_S)

        feed = PumpedFeed(items(), released.set, deadline_s=20, name="x")  # type: ignore[arg-type]
        pictures = iter(feed)
        next(pictures)
        feed.close()
        assert next(pictures, None) is None
        assert not released.is_set()
        hangs.set()
        assert released.wait(PATIENCE_S)

    def test_silence_beyond_the_deadline_is_a_break(self) -> None:
        hangs = threading.Event()

        def items() -> Iterator[object]:
            hangs.wait(PATIENCE_S)
            yield from ()

        feed = PumpedFeed(items(), lambda: None, deadline_s=0.01, name="cam")  # type: ignore[arg-type]
        with pytest.raises(Unavailable, match=r"cam sent no picture for 0\.01 s"):
            next(iter(feed))
        feed.close()
        hangs.set()
