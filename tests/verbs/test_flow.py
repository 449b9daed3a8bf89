"""Piping: everything arrives or is counted, acknowledgements follow arrival, both ends are closed properly."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import framebus as fb
from framebus.core.contracts import Done, Item
from framebus.core.errors import Closed, OpError, OptionError, Timeout, Unavailable
from framebus.core.ops import load_all
from framebus.core.publisher import Publisher
from framebus.core.statistics import Stats
from framebus.verbs.flow import Flow, Progress
from framebus.verbs.opened import MadeSource
from framebus.verbs.sinking import SinkPublisher
from framebus.work.row import Row
from framebus.work.stage import Inline, Result, Stage
from tests.verbs.makers import Fed, Kept, Listed, picture


class Recorded(MadeSource):
    """Remembers what was acknowledged and whether it was closed."""

    def __init__(self, frames: list[Item], *, live: bool = False) -> None:
        super().__init__(Listed(frames))
        self._like_live = live
        self.acknowledged: list[int] = []
        self.closed = False

    @property
    def live(self) -> bool:
        return self._like_live

    def done(self, item: Item) -> None:
        self.acknowledged.append(item.seq)

    def close(self) -> None:
        self.closed = True
        super().close()


class Told(Publisher):
    """A publisher that remembers how it was left."""

    def __init__(self, error: Exception | None = None) -> None:
        self.items: list[Item] = []
        self.left = ""
        self._error = error

    def send(self, image: Any, stream: str | None = None, meta: Mapping[str, Any] | None = None) -> None:
        raise NotImplementedError

    def write(self, item: Item, done: Done) -> None:
        if self._error is not None:
            raise self._error
        self.items.append(item)
        done()

    def stats(self) -> Stats:
        return Stats()

    def close(self) -> None:
        self.left = self.left or "closed"

    def abandon(self) -> None:
        self.left = self.left or "abandoned"


class Stuck(Told):
    """Waits in `write` for a reader that does not come, until it is abandoned."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = threading.Event()
        self._abandoned = threading.Event()

    def write(self, item: Item, done: Done) -> None:
        self.waiting.set()
        assert self._abandoned.wait(10)
        raise Closed("abandoned")

    def abandon(self) -> None:
        super().abandon()
        self._abandoned.set()


def frames(count: int) -> list[Item]:
    return [picture(n) for n in range(count)]


def test_every_frame_arrives_is_acknowledged_and_both_ends_are_closed() -> None:
    source, sink = Recorded(frames(5)), Told()
    flow = Flow(source, sink)
    stats = flow.run()
    assert [item.seq for item in sink.items] == source.acknowledged == [0, 1, 2, 3, 4]
    assert (sink.left, source.closed, flow.finished) == ("closed", True, True)
    assert (stats.frames, stats.missed) == (5, 0)


def test_nothing_is_acknowledged_before_it_is_there() -> None:
    source, kept = Recorded(frames(3)), Kept(late=True)
    flow = Flow(source, SinkPublisher(kept))
    flow.run()
    assert source.acknowledged == []
    assert flow.progress().in_flight == 3
    kept.arrive()
    assert source.acknowledged == [0, 1, 2]


def test_frames_limits_how_many_are_read() -> None:
    source, sink = Recorded(frames(5)), Told()
    flow = Flow(source, sink, frames=2)
    flow.run()
    assert ([item.seq for item in sink.items], sink.left, flow.finished) == ([0, 1], "closed", True)


def test_a_limit_of_time_ends_a_source_that_does_not() -> None:
    flow = Flow(MadeSource(Fed()), Told(), duration_s=0.01)
    flow.run()
    assert flow.finished


def test_silence_longer_than_the_timeout_raises_and_is_no_end_for_readers() -> None:
    sink = Told()
    with pytest.raises(Timeout, match="fed"):
        Flow(MadeSource(Fed()), sink, timeout_s=0.01).run()
    assert sink.left == "abandoned"


def test_dropped_frames_are_acknowledged_and_not_written() -> None:
    source, sink = Recorded(frames(4)), Told()

    def even(frame: fb.Frame) -> fb.Frame | None:
        return frame if frame.seq % 2 == 0 else None

    flow = Flow(source, sink, work=lambda: Inline(load_all(even)))
    flow.run()
    assert [item.seq for item in sink.items] == [0, 2]
    assert source.acknowledged == [0, 1, 2, 3]
    assert (flow.progress().frames, flow.progress().written) == (4, 2)


def test_what_was_missed_before_a_frame_that_is_left_out_is_not_forgotten() -> None:
    given = [picture(0), picture(3).replace(missed=2), picture(5).replace(missed=1), picture(6), picture(0, run=8)]
    source, sink = Recorded([*given]), Told()

    def few(frame: fb.Frame) -> fb.Frame | None:
        return None if frame.seq in (3, 6) else frame

    Flow(source, sink, work=lambda: Inline(load_all(few))).run()
    assert [(item.seq, item.missed) for item in sink.items] == [(0, 0), (5, 3), (0, 0)]


def test_a_frame_of_which_several_are_made_is_acknowledged_once_all_arrived() -> None:
    source, kept = Recorded(frames(2)), Kept(late=True)

    def thrice(image: npt.NDArray[np.uint8]) -> Iterator[npt.NDArray[np.uint8]]:
        yield from [image] * 3

    flow = Flow(source, SinkPublisher(kept), work=lambda: Inline(load_all(thrice)))
    flow.run()
    assert (len(kept.items), source.acknowledged) == (6, [])
    kept.arrive()
    assert source.acknowledged == [0, 1]


def test_a_frame_an_op_fails_on_is_left_out_where_that_is_wanted(caplog: pytest.LogCaptureFixture) -> None:
    source, sink = Recorded(frames(4)), Told()

    def picky(frame: fb.Frame) -> fb.Frame:
        if frame.seq == 2:
            raise ValueError("too dark")
        return frame

    flow = Flow(source, sink, work=lambda: Inline(load_all(picky)), skip_errors=True)
    flow.run()
    assert [item.seq for item in sink.items] == [0, 1, 3]
    assert (source.acknowledged, flow.progress().failed) == ([0, 1, 2, 3], 1)
    assert "frame 2 of" in caplog.text


class TestWorkElsewhere:
    """A stage that holds what it was given until the test lets go of it."""

    def test_gets_nothing_before_it_is_ready(self) -> None:
        source, sink, held = Recorded(frames(3)), Told(), Held(room=2, ready=False)
        flow = Flow(source, sink, work=lambda: held)
        seen: list[tuple[str, int]] = []

        def look() -> None:
            seen.append((flow.progress().phase, held.most))
            held.ready = len(seen) >= 3

        held.when_waited_on = look
        flow.run()
        assert seen[:3] == [("starting", 0)] * 3
        assert [item.seq for item in sink.items] == [0, 1, 2]

    @pytest.mark.parametrize(("first", "second"), [(True, False), (False, True), (False, False), (True, True)])
    def test_in_a_row_is_ready_once_all_of_it_is(self, first: bool, second: bool) -> None:
        row = Row(Held(room=1, ready=first), Held(room=1, ready=second))
        assert row.is_ready() == (first and second)

    def test_that_is_never_ready_can_be_stopped(self) -> None:
        source, sink, held = Recorded(frames(3)), Told(), Held(room=2, ready=False)
        flow = Flow(source, sink, work=lambda: held)
        held.when_waited_on = flow.stop
        flow.run()
        assert (sink.left, held.most, held.closed) == ("abandoned", 0, True)

    def test_is_waited_for_at_the_end(self) -> None:
        source, sink, held = Recorded(frames(5)), Told(), Held(room=2)
        Flow(source, sink, work=lambda: held).run()
        assert [item.seq for item in sink.items] == [0, 1, 2, 3, 4]
        assert (held.most, held.closed) == (2, True)

    def test_that_hangs_ends_with_the_flow(self) -> None:
        source, sink, held = Recorded(frames(5)), Told(), Held(room=2, hangs=True)
        flow = Flow(source, sink, work=lambda: held)
        held.when_waited_on = flow.abandon
        flow.run()
        assert (sink.left, flow.finished, held.closed, sink.items) == ("abandoned", False, True, [])

    def test_of_a_live_source_does_not_keep_newer_frames_from_coming(self) -> None:
        source, sink, held = Recorded(frames(3), live=True), Told(), Held(room=2)
        held.when_waited_on = lambda: seen.append(list(source.acknowledged))
        seen: list[list[int]] = []
        Flow(source, sink, work=lambda: held).run()
        assert seen[0] == [0, 1], "acknowledged before their results are there"


def test_an_error_in_an_op_closes_both_ends_without_an_end_for_readers() -> None:
    source, sink = Recorded(frames(4)), Told()

    def broken(frame: fb.Frame) -> None:
        raise ValueError(f"cannot do {frame.seq}")

    with pytest.raises(OpError, match="cannot do 0"):
        Flow(source, sink, work=lambda: Inline(load_all(broken))).run()
    assert (source.acknowledged, source.closed, sink.left) == ([], True, "abandoned")


def test_an_error_of_the_sink_reaches_the_user_and_closes_the_source() -> None:
    source, sink = Recorded(frames(4)), Told(Unavailable("the disk is full"))
    with pytest.raises(Unavailable, match="full"):
        Flow(source, sink).run()
    assert (source.closed, sink.left) == (True, "abandoned")


def test_an_error_of_the_source_reaches_the_user_too() -> None:
    maker, sink = Fed(live=False), Told()
    maker.put(picture(0), Unavailable("the cable is out"))
    with pytest.raises(Unavailable, match="cable"):
        Flow(MadeSource(maker), sink).run()
    assert ([item.seq for item in sink.items], sink.left) == ([0], "abandoned")


class Held(Stage):
    """Gives results one by one, and only when somebody waits for them."""

    def __init__(self, room: int, *, hangs: bool = False, ready: bool = True) -> None:
        self.most = 0
        self.ready = ready
        self.closed = False
        self.when_waited_on: Callable[[], object] = lambda: None
        self._room, self._hangs = room, hangs
        self._inside: list[Item] = []
        self._results: list[Result] = []

    def is_ready(self) -> bool:
        return self.ready

    @property
    def full(self) -> bool:
        return len(self._inside) >= self._room

    @property
    def busy(self) -> bool:
        return bool(self._inside or self._results)

    def put(self, item: Item) -> None:
        self._inside.append(item)
        self.most = max(self.most, len(self._inside))

    def flush(self) -> None:
        return

    def results(self) -> list[Result]:
        results, self._results = self._results, []
        return results

    def wait(self, limit_s: float, also: Sequence[int] = ()) -> bool:
        self.when_waited_on()
        if self._inside and not self._hangs:
            item = self._inside.pop(0)
            self._results.append(Result(item, [item]))
        return False

    def close(self) -> None:
        self.closed = True


def test_stopped_it_reads_no_more_and_readers_wait_for_a_successor() -> None:
    maker, sink = Fed(), Told()
    flow = Flow(MadeSource(maker), sink)
    thread = threading.Thread(target=flow.run)
    thread.start()
    flow.stop()
    thread.join(10)
    assert (sink.left, flow.finished, thread.is_alive()) == ("abandoned", False, False)


def test_stopping_waits_for_what_is_in_flight() -> None:
    maker, kept = Fed(), Kept(late=True)
    flow = Flow(MadeSource(maker), SinkPublisher(kept))
    thread = threading.Thread(target=flow.run)
    thread.start()
    maker.put(picture(0))
    maker.wait_taken(1)
    while flow.progress().in_flight == 0:
        threading.Event().wait(0.001)
    flow.stop()
    kept.arrive()
    thread.join(10)
    assert flow.progress().in_flight == 0
    assert kept.closed == 1


def test_abandoned_while_it_waits_for_a_reader_it_returns_quietly() -> None:
    sink = Stuck()
    flow = Flow(Recorded(frames(2)), sink)
    thread = threading.Thread(target=flow.run)
    thread.start()
    assert sink.waiting.wait(10)
    assert flow.progress().phase == "writing"
    flow.stop()
    flow.abandon()
    thread.join(10)
    assert not thread.is_alive()
    assert not flow.finished


def test_a_window_that_is_closed_ends_it_well() -> None:
    class Window(Kept):
        def write(self, item: Item, done: Done) -> None:
            super().write(item, done)
            if item.seq == 1:
                raise Closed("the window was closed")

    source, window = Recorded(frames(5)), Window(keep="latest")
    flow = Flow(source, SinkPublisher(window))
    flow.run()
    assert (flow.finished, source.closed, window.closed, len(window.items)) == (True, True, 1, 2)


def test_a_link_that_is_refused_for_good_is_an_error() -> None:
    with pytest.raises(Closed, match="revoked"):
        Flow(Recorded(frames(2)), Told(Closed("the key was revoked"))).run()


def test_progress_is_told() -> None:
    told: list[Progress] = []
    Flow(Recorded(frames(3)), Told(), on_progress=told.append).run()
    assert told[0].frames == 1


# through fb.pipe ----------------------------------------------------------------------------------------------


def test_pipe_takes_any_iterable_of_arrays_and_numbers_them() -> None:
    kept = Kept()
    stats = fb.pipe([np.zeros((2, 2), np.uint8) for _ in range(3)], kept)
    assert [item.seq for item in kept.items] == [0, 1, 2]
    assert len({item.run for item in kept.items}) == 1
    assert all(item.run and item.stream for item in kept.items)
    assert stats.frames == 3


def test_what_the_caller_opened_stays_open() -> None:
    source, kept = Recorded(frames(2)), Kept()
    sink = SinkPublisher(kept)
    fb.pipe(source, sink)
    assert not source.closed
    assert kept.closed == 0
    source.close()
    sink.close()


def test_pipe_renames_converts_and_works_on_frames() -> None:
    rgb = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    kept = Kept()

    def seen(frame: fb.Frame) -> dict[str, str]:
        return {"format": frame.format}

    fb.pipe([fb.Frame.of(rgb, stream="cam")], kept, ops=[seen], format="rgb24")
    [frame] = kept.items
    assert isinstance(frame, fb.Frame)
    assert (frame.format, frame.meta["format"]) == ("rgb24", "rgb24")
    assert np.array_equal(frame.data, rgb[..., ::-1])


def test_the_same_frames_stay_the_same_frames() -> None:
    kept = Kept()
    fb.pipe(iter(frames(2)), kept)
    assert [item.identity for item in kept.items] == [frame.identity for frame in frames(2)]


def test_a_sink_on_disk_makes_a_live_source_wait() -> None:
    maker, kept = Fed(), Kept(keep="all")
    maker.put(*frames(100), None)
    fb.pipe(maker, kept)
    assert [item.seq for item in kept.items] == list(range(100))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"max_fsp": 3}, "max_fps"),
        ({"max_fps": -1}, "above 0"),
        ({"wait_for": 2}, "wait_for"),
        ({"group": "me"}, "group"),
        ({"overwrite": True}, "overwrite"),
        ({"listen": True}, "listen"),
    ],
)
def test_nothing_is_silently_ignored(options: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        fb.pipe(frames(1), Kept(), **options)


def test_a_sink_that_is_none_is_refused() -> None:
    with pytest.raises(OptionError, match="dict takes no frames"):
        fb.pipe(frames(1), {})  # type: ignore[arg-type]
