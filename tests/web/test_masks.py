"""Masks over pictures: outlines, areas as COCO writes them, and arrays of services."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import framebus as fb
from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.web.facts import described
from framebus.web.masks import WIDEST, masks

BLACK = np.zeros((4, 6), np.uint8)


def frame(meta: Any = None, **arrays: Any) -> Frame:
    return Frame.of(BLACK, meta=meta, arrays={name.replace("__", "."): array for name, array in arrays.items()})


def area(mask: dict[str, Any]) -> list[list[int]]:
    """The pixels that a mask's runs cover, as the page reads them."""
    flat = np.zeros(mask["width"] * mask["height"], int)
    for begin, end in zip(mask["runs"][::2], mask["runs"][1::2], strict=True):
        flat[begin:end] = 1
    return flat.reshape(mask["height"], mask["width"]).tolist()


def test_an_outline_is_passed_on() -> None:
    found = masks(frame({"masks": [[0, 0, 1.234, 5, 2, 2, "cat"], [0, 0, 1, 5, 2, 2]]}))
    assert found == [{"label": "cat", "polygon": [0, 0, 1.23, 5, 2, 2]}, {"label": "", "polygon": [0, 0, 1, 5, 2, 2]}]


def test_all_forms_travel(free_port: int) -> None:
    meta = {"masks": [[0, 0, 1, 5, 2, 2, "cat"], {"size": [2, 3], "counts": [1, 2, 3]}], "seg": {"masks": [[0] * 6]}}
    address = f"tcp://localhost:{free_port}"
    with fb.publish(address, wait_for=1) as out, fb.open(address) as source:
        out.send(BLACK, meta=meta)
        assert len(masks(next(source))) == 3


def test_an_area_is_written_column_by_column_as_coco_does() -> None:
    [found] = masks(frame({"masks": [{"size": [2, 3], "counts": [1, 2, 3]}]}))
    assert area(found) == [[0, 1, 0], [1, 0, 0]]


def test_what_services_answered_is_found() -> None:
    assert len(masks(frame({"seg": {"masks": [[0, 0, 1, 1, 2, 0]]}}))) == 1
    found = np.eye(4, 6, dtype=bool)
    [mask] = masks(frame(None, seg__mask=found, depth=np.zeros((4, 6))))
    assert mask["label"] == "seg"
    assert area(mask) == found.astype(int).tolist()


@given(st.integers(1, 40), st.integers(1, 40), st.randoms(use_true_random=False))
def test_runs_are_the_area(height: int, width: int, random: Any) -> None:
    array = np.array([[random.random() < 0.4 for _ in range(width)] for _ in range(height)])
    [mask] = masks(Frame.of(BLACK, arrays={"mask": array}))
    assert area(mask) == array.astype(int).tolist()


def test_large_areas_are_sent_smaller() -> None:
    [mask] = masks(frame(None, mask=np.ones((2000, 3000), np.uint8)))
    assert max(mask["width"], mask["height"]) <= WIDEST
    assert mask["runs"] == [0, mask["width"] * mask["height"]]


@pytest.mark.parametrize(
    "wrong",
    [
        5,
        {"size": [2, 2]},
        [5],
        [[]],
        [["label"]],
        [[1, 2, 3, 4]],
        [[1, 2, 3, 4, 5, 6, 7]],
        [["a", "b", 1, 2, 3, 4]],
        [[float("nan"), 1, 2, 3, 4, 5]],
        [{"size": [2, 2], "counts": [5]}],
        [{"size": [2, 2], "counts": [-1, 5]}],
        [{"size": [2, 2], "counts": [0, 10**15]}],
        [{"size": [10**9, 10**9], "counts": [10**18]}],
        [{"size": [-2, -2], "counts": [4]}],
        [{"size": [2], "counts": [2]}],
        [{"label": "x"}],
    ],
)
def test_what_is_no_mask_is_told_and_the_picture_is_shown(wrong: Any) -> None:
    with pytest.raises(BadFrame, match="masks"):
        masks(frame({"masks": wrong}))
    assert "masks" in json.loads(described(frame({"masks": wrong})))["unclear"]


def test_there_are_none_in_most_pictures() -> None:
    assert masks(frame()) == []
    assert "masks" not in json.loads(described(frame({"text": "hello"})))


def test_an_area_whose_lengths_only_overflow_to_its_size_is_refused() -> None:
    with pytest.raises(BadFrame, match="masks"):
        masks(frame({"masks": [{"size": [10, 10], "counts": [2**62, 2**62, 2**62, 2**62, 100]}]}))
