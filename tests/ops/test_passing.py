"""Average and sample remember, each stream for itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import OptionError
from framebus.core.frame import Frame
from framebus.core.ops import Op, load
from tests.ops.pictures import ALL_TYPES, Array, noise


def frame(value: Any, seq: int = 0, *, stream: str = "cam", at_s: float = 0, dtype: str = "uint8") -> Frame:
    image = value if isinstance(value, np.ndarray) else np.full((4, 6), value, dtype)
    return Frame.of(image, stream=stream, run=1, seq=seq, captured_ns=10**18 + round(at_s * 1e9))


def seen(op: Op, value: Any, **kinds: Any) -> float:
    result = op(frame(value, **kinds))
    assert result is not None
    return float(result.image[0, 0])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_an_average_is_the_mean_of_the_last_frames(dtype: str) -> None:
    op = load("average=3")
    assert [seen(op, value, dtype=dtype) for value in (10, 20, 30, 40, 50)] == [10, 15, 20, 30, 40]


def test_whole_numbers_are_rounded() -> None:
    op = load("average=2")
    assert [seen(op, value) for value in (0, 1, 1, 2)] == [0, 1, 1, 2]


@given(st.sampled_from([dtype for dtype in ALL_TYPES if dtype[-1] != "l"]), st.integers(1, 5))
def test_averages_of_any_type_stay_in_range(dtype: str, count: int) -> None:
    op = load(f"average={count}")
    images = [noise(5, 4, seed=seed).astype(dtype) for seed in range(8)]
    results = [op(frame(image)) for image in images]
    for at, result in enumerate(results):
        assert result is not None
        last = np.array(images[max(0, at + 1 - count) : at + 1], float)
        assert result.dtype == np.dtype(dtype).newbyteorder("=")
        assert np.abs(result.data.astype(float) - last.mean(axis=0)).max() <= 0.5 + 0.1 * (dtype == "float16")


def test_what_is_no_number_is_gone_when_its_frame_is() -> None:
    op = load("average=2")
    values = [seen(op, value, dtype="float32") for value in (1, np.nan, 3, 5)]
    assert np.isnan(values).tolist() == [False, True, True, False]
    assert values[-1] == 4


def test_streams_do_not_mix() -> None:
    op = load("average=2")
    assert [seen(op, value, stream=stream) for value, stream in ((0, "a"), (100, "b"), (10, "a"))] == [0, 100, 5]


def test_another_size_begins_anew() -> None:
    op = load("average=2")
    assert seen(op, 100) == 100
    assert seen(op, np.zeros((2, 2), np.uint8)) == 0
    assert seen(op, 50) == 50


def test_an_average_keeps_no_frame() -> None:
    for dtype in ("uint8", "float32"):
        op, image = load("average=2"), np.full((4, 6), 100, dtype)
        result = op(frame(image))
        assert result is not None
        assert not np.shares_memory(result.data, image)
        image[...] = 0  # as when its memory is used again
        assert [seen(op, 50, dtype=dtype) for _ in range(2)] == [75, 50]


# sample -----------------------------------------------------------------------------------------------------


def passed(op: Op, frames: list[Frame]) -> list[int]:
    return [one.seq for one in frames if op(one) is not None]


def test_every_third_frame_passes_beginning_with_the_first() -> None:
    assert passed(load("sample=3"), [frame(0, seq) for seq in range(8)]) == [0, 3, 6]


def test_frames_are_counted_as_they_come() -> None:
    assert passed(load("sample=2"), [frame(0, seq) for seq in (1, 3, 5, 7)]) == [1, 5]


def test_streams_are_counted_apart() -> None:
    frames = [frame(0, seq, stream=stream) for seq in range(4) for stream in ("a", "b")]
    assert passed(load("sample=2"), frames) == [0, 0, 2, 2]


def test_so_many_a_second_by_when_they_were_captured() -> None:
    op = load("sample=max_fps=10")
    assert passed(op, [frame(0, seq, at_s=seq / 30) for seq in range(12)]) == [0, 3, 6, 9]


def test_the_rate_is_kept_where_frames_do_not_fall_on_it() -> None:
    op = load("sample=max_fps=20")
    assert len(passed(op, [frame(0, seq, at_s=seq / 30) for seq in range(90)])) == 60


@given(st.floats(0.5, 50), st.lists(st.floats(0, 0.2), min_size=2, max_size=100))
def test_never_more_than_so_many_a_second(max_fps: float, gaps: list[float]) -> None:
    op = load(f"sample=max_fps={max_fps}")
    times = np.cumsum(gaps)
    kept = [float(at) for seq, at in enumerate(times) if op(frame(0, seq, at_s=float(at))) is not None]
    assert len(kept) <= (times[-1] - times[0]) * max_fps + 2


def test_a_clock_that_was_set_back_does_not_stop_it() -> None:
    op = load("sample=max_fps=1")
    times = (0, 0.5, 1, -3600, -3599.5, -3599)
    assert passed(op, [frame(0, seq, at_s=at) for seq, at in enumerate(times)]) == [0, 2, 3, 5]


def test_what_passes_is_untouched() -> None:
    one = frame(7, 3)
    assert load("sample=2")(one) is one


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("sample", "sample: give one of every and max_fps"),
        ("sample=2,max_fps=3", "sample: give one of every and max_fps"),
        ("sample=0", "whole number from 1"),
        ("sample=max_fps=0", "give a number from"),
        ("average=0", "average: count=0 is not possible"),
        ("average=2.5", "whole number"),
        ("average=coutn=3", "average does not take coutn=: did you mean count"),
    ],
)
def test_bad_arguments_say_what_is_allowed(spec: str, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        load(spec)


def test_arrays_are_one_stream() -> None:
    from framebus.ops.passing import Average, Sample

    average, sample = Average(2), Sample(2)
    arrays: list[Array] = [np.full((2, 2), value, np.uint8) for value in (10, 20)]
    assert [int(average(one)[0, 0]) for one in arrays] == [10, 15]
    assert [sample(one) is None for one in arrays] == [False, True]
