"""Counters tell what came, what was missed, how fast and how old, per stream and together."""

from __future__ import annotations

import itertools
import json
import time
import weakref
from collections.abc import Callable, Iterable

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core import clock
from framebus.core.contracts import SourceState
from framebus.core.frame import Frame, Packet
from framebus.core.statistics import ReaderInfo, Stats, StreamInfo, StreamStats

S = 10**9
FRAME = Frame.of(np.zeros((2, 2, 3), np.uint8), stream="door")


def counted(arrivals_ns: Iterable[int], frame: Frame = FRAME) -> StreamStats:
    stream = StreamStats("door")
    for now_ns in arrivals_ns:
        stream.count(frame, 12, now_ns)
    return stream


def every(interval_ns: int, *, count: int, start_ns: int = 5 * S) -> range:
    return range(start_ns, start_ns + count * interval_ns, interval_ns)


class TestCounting:
    def test_adds_up_frames_bytes_and_what_was_missed(self) -> None:
        stats = Stats()
        stats.count(FRAME)
        stats.count(FRAME.replace(missed=3))
        stats.count(FRAME.replace(stream="yard"))
        assert (stats.frames, stats.missed, stats.bytes) == (3, 3, 36)

    def test_keeps_streams_apart(self) -> None:
        stats = Stats()
        for stream in ("door", "yard", "door", ""):
            stats.count(FRAME.replace(stream=stream, missed=1), 10, 0)
        figures = {name: (stream.frames, stream.missed, stream.bytes) for name, stream in stats.streams.items()}
        assert figures == {"door": (2, 2, 20), "yard": (1, 1, 10), "": (1, 1, 10)}

    def test_counts_frames_of_no_stream(self) -> None:
        stats = Stats()
        stats.count(FRAME.replace(stream=""))
        assert stats.frames == 1

    def test_counts_packets(self) -> None:
        stats = Stats()
        stats.count(Packet(data=memoryview(b"12345"), codec="h264", key=True, pts=0, dts=0, stream="cam"))
        assert (stats.frames, stats.bytes) == (1, 5)

    def test_counts_what_no_later_frame_tells(self) -> None:
        stats = Stats()
        stats.miss("door", 7)
        assert (stats.frames, stats.missed) == (0, 7)
        stats.count(FRAME)
        assert stats.streams["door"].missed == 7

    @given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5), st.integers(0, 9))))
    def test_together_is_the_sum_of_the_streams(self, items: list[tuple[str, int, int]]) -> None:
        stats = Stats()
        for stream, missed, nbytes in items:
            stats.count(FRAME.replace(stream=stream, missed=missed), nbytes, 0)
        assert stats.frames == len(items) == sum(stream.frames for stream in stats.streams.values())
        assert stats.missed == sum(missed for _, missed, _ in items)
        assert stats.bytes == sum(nbytes for *_, nbytes in items)

    def test_keeps_no_frame_alive(self) -> None:
        frame = FRAME.replace(seq=1)
        gone = weakref.ref(frame)
        stats = Stats()
        stats.count(frame)
        del frame
        assert gone() is None


class TestRate:
    @pytest.mark.parametrize("interval_ns", [S // 1000, S // 30, S // 2, S, 10 * S])
    def test_is_that_of_steady_frames(self, interval_ns: int) -> None:
        arrivals = every(interval_ns, count=200)
        stream = counted(arrivals)
        assert stream.rate_at(arrivals[-1]) == pytest.approx(S / interval_ns)
        assert stream.rate_at(arrivals[-1] + interval_ns) == pytest.approx(S / interval_ns)

    def test_needs_two_frames(self) -> None:
        assert counted([]).rate_at(5 * S) == 0
        assert counted([5 * S]).rate_at(6 * S) == 0
        assert counted([5 * S, 6 * S]).rate_at(6 * S) == 1

    def test_follows_a_change_within_two_seconds(self) -> None:
        slow = every(S // 10, count=100)
        fast = every(S // 50, count=110, start_ns=slow[-1])
        assert counted([*slow, *fast]).rate_at(fast[-1]) == pytest.approx(50, rel=0.05)

    def test_looks_back_two_seconds(self) -> None:
        arrivals = [*every(S // 100, count=100), *every(S // 20, count=21, start_ns=6 * S)]
        assert counted(arrivals).rate_at(arrivals[-1]) == pytest.approx(60, rel=0.1)

    def test_sinks_when_nothing_comes(self) -> None:
        arrivals = every(S // 30, count=90)
        stream = counted(arrivals)
        rates = [stream.rate_at(arrivals[-1] + silence * S) for silence in (1, 2, 10, 100)]
        assert rates == pytest.approx([1, 0.5, 0.1, 0.01])

    def test_survives_frames_of_one_moment(self) -> None:
        assert counted([5 * S] * 10).rate_at(5 * S) == 0

    @given(st.lists(st.integers(0, 10 * S), min_size=1, max_size=300), st.integers(0, 100 * S))
    def test_is_never_negative_or_above_the_frames_there_were(self, gaps: list[int], silence: int) -> None:
        arrivals = list(itertools.accumulate(gaps, initial=5 * S))
        rate = counted(arrivals).rate_at(arrivals[-1] + silence)
        shortest = min(gaps)
        assert 0 <= rate <= (S / shortest * 1.001 if shortest else float("inf"))

    def test_of_all_streams_is_their_sum(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clock, "mono_ns", lambda: 7 * S)
        stats = Stats()
        for now_ns, stream in itertools.product(every(S // 10, count=21), ("a", "b")):
            stats.count(FRAME.replace(stream=stream), 1, now_ns)
        assert stats.rate == pytest.approx(20)
        assert stats.streams["a"].rate == pytest.approx(10)


class TestAge:
    @pytest.fixture
    def now(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
        def set_now(now_ns: int) -> None:
            monkeypatch.setattr(time, "time_ns", lambda: now_ns)

        return set_now

    def test_is_that_of_the_newest_frame(self, now: Callable[[int], None]) -> None:
        now(100 * S)
        stats = Stats()
        for stream, captured_s in (("a", 90), ("a", 95), ("b", 97)):
            stats.count(FRAME.replace(stream=stream, captured_ns=captured_s * S, clock=""))
        assert stats.age_s == pytest.approx(3)
        assert stats.streams["a"].age_s == pytest.approx(5)

    def test_is_unknown_before_the_first_frame_and_without_a_time(self) -> None:
        stats = Stats()
        assert stats.age_s is None
        for clock_name in ("", "a boot of another machine"):
            stats.count(FRAME.replace(captured_ns=0, clock=clock_name))
            assert stats.age_s is None


class TestSnapshot:
    def test_is_plain_data(self) -> None:
        stats = Stats()
        stats.count(FRAME.replace(missed=2))
        stats.unseen = 4
        stats.readers = [ReaderInfo(name="run.h5", keep="all", owed=3, away=True)]
        snapshot = stats.snapshot()
        assert json.loads(json.dumps(snapshot, allow_nan=False)) == snapshot
        assert {name: snapshot[name] for name in ("frames", "missed", "bytes", "unseen", "rate")} == {
            "frames": 1,
            "missed": 2,
            "bytes": 12,
            "unseen": 4,
            "rate": 0.0,
        }
        assert snapshot["streams"]["door"]["frames"] == 1
        assert snapshot["readers"] == [{"name": "run.h5", "keep": "all", "owed": 3, "away": True}]

    def test_of_nothing_is_valid_json(self) -> None:
        assert json.loads(json.dumps(Stats().snapshot(), allow_nan=False))["age_s"] is None

    def test_is_of_its_moment(self) -> None:
        stats = Stats()
        before = stats.snapshot()
        stats.count(FRAME)
        assert before["frames"] == 0
        assert before["streams"] == {}


def test_stats_show_what_matters() -> None:
    stats = Stats()
    assert repr(stats) == "<Stats: 0 frames, 0 missed, 0.0/s>"
    stats.count(FRAME)
    assert "newest" in repr(stats)


def test_a_stream_s_record_travels_as_json() -> None:
    info = StreamInfo(name="door", address="tcp://:5555/door", readers=[ReaderInfo(name="x", credit=2)])
    assert msgspec.json.decode(msgspec.json.encode(info), type=StreamInfo) == info


class TestCameras:
    def test_the_state_of_several_is_the_worst(self) -> None:
        stats = Stats()
        assert stats.state is None
        for name, state in (("a", "live"), ("b", "away"), ("c", "stalled")):
            stats.of(name).state = SourceState(state=state)  # type: ignore[arg-type]
        assert stats.state == SourceState(state="away")

    def test_their_state_is_in_the_figures_where_there_is_one(self) -> None:
        stats = Stats()
        stats.of("file")
        stats.of("yard").state = SourceState(state="away", why="no route", since_ns=5, reconnects=2)
        streams = stats.snapshot()["streams"]
        assert streams["yard"]["state"] == {"state": "away", "why": "no route", "since_ns": 5, "reconnects": 2}
        assert "state" not in streams["file"]
