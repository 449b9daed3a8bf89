"""Values carry their unit; a bare number is seconds or bytes."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import OptionError
from framebus.core.units import duration, nbytes, size


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (5, 5.0),
        (0.2, 0.2),
        (0, 0.0),
        ("5", 5.0),
        ("0.5", 0.5),
        (".5s", 0.5),
        ("200ms", 0.2),
        ("50us", 50e-6),
        ("10s", 10.0),
        ("10min", 600.0),
        ("2h", 7200.0),
        ("14d", 14 * 86400.0),
        (" 1.5 h ", 5400.0),
        ("14 days", 14 * 86400.0),
        ("1 day", 86400.0),
        ("2 weeks", 14 * 86400.0),
        ("10 min", 600.0),
        ("10 Minutes", 600.0),
        ("2 hours", 7200.0),
        ("1.5 hrs", 5400.0),
        ("30 seconds", 30.0),
        ("30sec", 30.0),
        ("200 milliseconds", 0.2),
    ],
)
def test_durations(value: Any, seconds: float) -> None:
    assert duration(value) == pytest.approx(seconds)
    assert isinstance(duration(value), float)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "s",
        "5 parsecs",
        "5m",
        "5 m",
        "5 months",
        "5S",
        "5 Ms",
        "5 days 3",
        "five days",
        "-1",
        -1,
        "1e3",
        "1,5s",
        "inf",
        math.inf,
        math.nan,
        None,
        True,
        [5],
        b"5",
        "٣s",
    ],
)
def test_no_durations(value: Any) -> None:
    with pytest.raises(OptionError, match=r"is not a duration: give seconds .*'200ms'"):
        duration(value)


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (1000, 1000),
        (0, 0),
        ("0", 0),
        ("17", 17),
        ("17B", 17),
        ("1KB", 1000),
        ("256MB", 256_000_000),
        ("256 mb", 256_000_000),
        ("1.5GB", 1_500_000_000),
        ("2TB", 2 * 10**12),
        ("64KiB", 65536),
        ("64MiB", 64 * 2**20),
        ("1GiB", 2**30),
        ("1TiB", 2**40),
        (5e6, 5_000_000),
    ],
)
def test_amounts_of_data(value: Any, count: int) -> None:
    assert nbytes(value) == count
    assert isinstance(nbytes(value), int)


@pytest.mark.parametrize("value", ["", "MB", "1XB", "-1MB", -1, 0.5, "0.5B", math.inf, None, False, "1 M B"])
def test_no_amounts_of_data(value: Any) -> None:
    with pytest.raises(OptionError, match=r"is not an amount of data: give bytes .*'256MB'"):
        nbytes(value)


def test_large_amounts_are_exact() -> None:
    assert nbytes("9007199254740993") == 9007199254740993


@pytest.mark.parametrize(("value", "wanted"), [("512x384", (512, 384)), ("1X1", (1, 1)), (" 640 x 480 ", (640, 480))])
def test_sizes_are_width_times_height(value: str, wanted: tuple[int, int]) -> None:
    assert size(value) == wanted


@pytest.mark.parametrize("value", ["", "512", "x", "512x", "0x5", "5x0", "-1x5", "1.5x2", (512, 384), 512, None])
def test_no_sizes(value: Any) -> None:
    with pytest.raises(OptionError, match=r"is not a size: give 'WIDTHxHEIGHT'"):
        size(value)


@given(st.one_of(st.text(), st.floats(), st.integers(), st.none(), st.booleans(), st.binary()))
def test_anything_is_a_value_or_a_named_error(value: Any) -> None:
    for parse in (duration, nbytes, size):
        try:
            parse(value)
        except OptionError as error:
            assert repr(value) in str(error)  # noqa: PT017
