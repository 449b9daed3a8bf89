"""What `meta` takes: JSON, numpy's scalars as numbers, and errors that name the key."""

from __future__ import annotations

import enum
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from framebus.core.errors import BadFrame
from framebus.wire.meta import check_depth, jsonable
from tests.wire.arrivals import json_values, metas, settle


class Colour(enum.IntEnum):
    RED = 3


def test_plain_values_stay() -> None:
    meta = {"a": [1, 2.5, None, True, "x"], "b": {"c": {"d": []}}}
    assert jsonable(meta) == meta


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.float64(1.5), 1.5),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (Colour.RED, 3),
        ((1, 2), [1, 2]),
        (MappingProxyType({"a": (1,)}), {"a": [1]}),
    ],
)
def test_numpy_scalars_tuples_and_mappings_are_converted(value: Any, expected: Any) -> None:
    (found,) = jsonable({"x": value}).values()
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("meta", "text"),
    [
        ({"a": {"b": [0, float("nan")]}}, r"meta\.a\.b\[1\] is nan"),
        ({"a": np.float32("inf")}, r"meta\.a is inf"),
        ({"a": np.zeros(3)}, r"meta\.a is an array: send it with `arrays=`"),
        ({"a": [b"x"]}, r"meta\.a\[0\] is bytes"),
        ({"a": {1, 2}}, r"meta\.a is set"),
        ({"a": np.datetime64("2026-01-01")}, r"meta\.a is date"),
        ({"a": 1j}, r"meta\.a is complex"),
        ({"a": {1: 2}}, r"key 1 of meta\.a is int"),
        ({"a": {"b": {"c": {"d": 1}}}, "e": [[[[1]]]]}, r"meta\.e\[0\]\[0\]\[0\] is nested deeper than 4"),
    ],
)
def test_what_json_cannot_carry_is_named(meta: Any, text: str) -> None:
    with pytest.raises(BadFrame, match=text):
        jsonable(meta)


def test_four_levels_are_enough_for_boxes_in_answers() -> None:
    meta = {"det": [{"box": [1, 2, 3, 4]}]}
    assert check_depth(jsonable(meta)) == meta


@given(metas)
def test_what_meta_takes_does_not_change(meta: dict[str, Any]) -> None:
    assert jsonable(meta) == meta


@given(json_values)
def test_anything_else_is_refused(value: Any) -> None:
    settle(lambda: jsonable({"x": value}))
