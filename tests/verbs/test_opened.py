"""A maker as a source: every frame of a finite one, the newest of a live one, and exactly what was missed."""

from __future__ import annotations

import asyncio
import select
import threading
from itertools import pairwise

import numpy as np
import pytest

from framebus.core.contracts import Item
from framebus.core.errors import BadFrame, Closed, OptionError, Timeout
from framebus.core.frame import Frame, Packet
from framebus.verbs.opened import MadeSource
from tests.verbs.makers import Fed, Listed, picture


def numbers(items: list[Item]) -> list[int]:
    return [item.seq for item in items]


def test_every_frame_of_a_finite_maker_comes_in_order_and_then_the_end() -> None:
    with MadeSource(Listed([picture(n) for n in range(5)])) as source:
        assert numbers(list(source)) == [0, 1, 2, 3, 4]
        assert source.stats().frames == 5
        assert source.stats().missed == 0


def test_a_maker_is_told_what_it_is_called() -> None:
    maker = Listed([picture(0)])
    with MadeSource(maker, stream="gate") as source:
        assert [item.stream for item in source] == [maker.name] == ["gate"]


def test_a_finite_maker_makes_nothing_ahead() -> None:
    maker = Listed([picture(n) for n in range(5)])
    with MadeSource(maker) as source:
        source.read()
        source.read()
        assert maker.made == 2


def test_a_finite_source_can_always_be_read_so_its_descriptor_is_always_readable() -> None:
    with MadeSource(Listed([picture(0)])) as source:
        assert select.select([source.fileno()], [], [], 0)[0]
        assert source.take(0) is not None
        assert select.select([source.fileno()], [], [], 0)[0]
        assert source.take(0) is None


def test_reading_after_the_end_says_that_it_ended() -> None:
    with MadeSource(Listed([])) as source:
        assert list(source) == []
        with pytest.raises(Closed, match="ended"):
            source.read()


def test_a_live_maker_gives_the_newest_and_counts_what_it_replaced() -> None:
    maker = Fed()
    with MadeSource(maker) as source:
        source.fileno()  # first use: capture begins
        maker.put(*(picture(n) for n in range(6)))
        maker.wait_taken(6)
        frame = source.read(timeout=10)
        assert (frame.seq, frame.missed) == (5, 5)
        maker.put(picture(6))
        frame = source.read(timeout=10)
        assert (frame.seq, frame.missed) == (6, 0)
        assert source.stats().missed == 5


def test_what_the_device_itself_missed_is_added() -> None:
    maker = Fed()
    with MadeSource(maker) as source:
        source.fileno()
        maker.put(picture(0), picture(3).replace(missed=2), picture(7).replace(missed=3))
        maker.wait_taken(3)
        assert source.read(timeout=10).missed == 7  # 0 to 6


def test_streams_of_one_maker_do_not_replace_each_other() -> None:
    maker = Fed()
    with MadeSource(maker) as source:
        source.fileno()
        maker.put(picture(0, "left"), picture(0, "right"), picture(1, "left"))
        maker.wait_taken(3)
        found = [source.read(timeout=10), source.read(timeout=10)]
        assert [(frame.stream, frame.seq, frame.missed) for frame in found] == [("left", 1, 1), ("right", 0, 0)]


def test_the_last_frame_of_a_live_maker_is_given_before_the_end() -> None:
    maker = Fed()
    with MadeSource(maker) as source:
        maker.put(picture(0), None)
        assert numbers(list(source)) == [0]


def test_with_keep_all_the_live_maker_waits_and_no_frame_is_lost() -> None:
    maker = Fed()
    maker.put(*(picture(n) for n in range(50)), None)
    with MadeSource(maker, keep="all") as source:
        assert numbers(list(source)) == list(range(50))
        assert source.stats().missed == 0


def test_big_frames_wait_by_bytes_but_one_always_fits() -> None:
    big = Frame.of(np.zeros((8000, 8001), np.uint8), stream="big", run=7)
    maker = Fed()
    maker.put(big, big.replace(seq=1), None)
    with MadeSource(maker, keep="all") as source:
        assert numbers(list(source)) == [0, 1]


def test_keep_latest_reads_a_finite_maker_as_if_it_were_live() -> None:
    maker = Fed(live=False)
    with MadeSource(maker, keep="latest") as source:
        source.fileno()
        maker.put(picture(0), picture(1))
        maker.wait_taken(2)
        assert source.read(timeout=10).missed == 1


def test_made_ahead_nothing_is_lost() -> None:
    with MadeSource(Listed([picture(n) for n in range(20)]), ahead=True) as source:
        assert numbers(list(source)) == list(range(20))


def test_the_descriptor_is_readable_exactly_while_something_can_be_taken() -> None:
    maker = Fed()
    with MadeSource(maker) as source:
        descriptor = source.fileno()
        assert not select.select([descriptor], [], [], 0)[0]
        maker.put(picture(0))
        assert select.select([descriptor], [], [], 10)[0]
        source.take(0)
        assert not select.select([descriptor], [], [], 0)[0]
        maker.put(None)
        assert select.select([descriptor], [], [], 10)[0]
        assert source.take(0) is None


def test_nothing_there_raises_timeout_without_waiting() -> None:
    with MadeSource(Fed()) as source, pytest.raises(Timeout, match="fed"):
        source.take(0)


def test_an_error_of_the_device_is_raised_where_frames_are_read() -> None:
    maker = Fed()
    maker.put(BadFrame("the cable is loose"))
    with MadeSource(maker) as source:
        for _ in range(2):  # and again, so that nobody takes it for the end
            with pytest.raises(BadFrame, match="loose"):
                source.read(timeout=10)


def test_an_error_in_a_finite_maker_is_not_an_end_either() -> None:
    maker = Fed(live=False)
    maker.put(picture(0), BadFrame("frame 1 is cut off"))
    with MadeSource(maker) as source:
        source.read()
        for _ in range(2):
            with pytest.raises(BadFrame, match="cut off"):
                source.read()


@pytest.mark.parametrize(("live", "alone"), [(True, False), (True, True), (False, False)])
def test_close_from_another_thread_wakes_whoever_waits(live: bool, alone: bool) -> None:
    maker = Fed(live=live)
    source = MadeSource(maker, alone=alone)
    waiting = threading.Event()
    raised: list[BaseException] = []

    def wait() -> None:
        waiting.set()
        try:
            source.take(None)
        except Closed as error:
            raised.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    waiting.wait()
    source.close()
    thread.join(10)
    assert len(raised) == 1


def test_closing_twice_is_fine_and_closes_the_maker() -> None:
    maker = Listed([picture(0), picture(1)])
    source = MadeSource(maker)
    source.read()
    source.close()
    source.close()
    assert maker.closed
    with pytest.raises(Closed):
        source.take(0)


def test_whoever_does_nothing_else_makes_the_frames_itself_and_gets_all() -> None:
    maker, before = Fed(), threading.active_count()
    with MadeSource(maker, alone=True) as source:
        maker.put(*(picture(n) for n in range(3)), None)
        assert [frame.seq for frame in source] == [0, 1, 2]
        assert threading.active_count() == before
        assert source.stats().frames == 3


def test_an_unused_source_starts_no_thread() -> None:
    before = threading.active_count()
    MadeSource(Fed()).close()
    assert threading.active_count() == before


def test_async_iteration_ends_with_the_source() -> None:
    maker = Fed()
    maker.put(picture(0))

    async def read() -> list[int]:
        seen = []
        async for item in source:
            seen.append(item.seq)
            maker.put(picture(item.seq + 1) if item.seq < 3 else None)
        return seen

    with MadeSource(maker) as source:
        assert asyncio.run(read()) == [0, 1, 2, 3]


def test_the_stream_can_be_renamed_and_the_format_chosen() -> None:
    colour = Frame.of(np.arange(12, dtype=np.uint8).reshape(2, 2, 3), stream="camera", run=7)
    with MadeSource(Listed([colour]), stream="door", format="rgb24") as source:
        frame = source.read()
        assert isinstance(frame, Frame)
        assert frame.stream == "door"
        assert np.array_equal(frame.image, colour.data[..., ::-1])
        assert list(source.stats().streams) == ["door"]


def test_max_fps_takes_frames_evenly_by_capture_time_and_calls_none_of_them_missed() -> None:
    second = 10**9
    frames: list[Item] = [picture(n, captured_ns=second + n * second // 30) for n in range(90)]
    with MadeSource(Listed(frames), max_fps=10) as source:
        taken = list(source)
    assert 29 <= len(taken) <= 31
    assert {later.seq - earlier.seq for earlier, later in pairwise(taken)} <= {3, 4}
    assert all(item.missed == 0 for item in taken)


@pytest.mark.parametrize("live", [False, True])
def test_what_was_missed_before_a_frame_that_max_fps_leaves_out_was_missed_before_the_next_one(live: bool) -> None:
    frames: list[Item] = [
        picture(n, run=1 + n // 20, captured_ns=10**9 + n * 10**7).replace(missed=n % 3) for n in range(25)
    ]
    with MadeSource(Listed(frames), max_fps=10, ahead=live) as source:
        taken = [(item.seq, item.missed) for item in source]
    assert taken == [(0, 0), (10, 10), (20, 2)], "and that of another run before none of this one"


def test_max_fps_survives_a_clock_that_is_set_back() -> None:
    second = 10**9
    frames: list[Item] = [picture(0, captured_ns=100 * second), picture(1, captured_ns=1 * second)]
    with MadeSource(Listed(frames), max_fps=10) as source:
        assert numbers(list(source)) == [0, 1]


def test_max_fps_does_not_go_with_packets() -> None:
    packet = Packet(data=memoryview(b"x"), codec="h264", key=True, pts=0, dts=0, stream="cam", run=7)
    with MadeSource(Listed([packet]), max_fps=10) as source, pytest.raises(OptionError, match="packets"):
        source.read()
