"""Services asked about frames on their way: answers become `meta` and `arrays`, frames leave in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

import framebus as fb
from framebus.core.errors import OpError
from framebus.core.frame import Frame, Packet
from framebus.pool.answers import pack
from framebus.work.answer import Answer
from framebus.work.asking import Asking, answered
from framebus.work.calls import Outcome
from tests.verbs.makers import Kept
from tests.work.functions import HANG, RAISE, Array, brightness, inverted, picture


def frame(seq: int = 0) -> Frame:
    return Frame.of(picture(seq), stream="cam", run=7, seq=seq, meta={"lamp": "on"})


def frames(sink: Kept) -> list[Frame]:
    return [item for item in sink.items if isinstance(item, Frame)]


def after(value: Any) -> Frame:
    data, arrays = pack(value)
    outcome = Outcome(data, [array for _, array in arrays])
    return answered(frame(), Answer(frame(), {"seg": outcome}))


class TestWhatServicesSay:
    def test_is_in_meta_by_name_beside_what_was_there(self) -> None:
        assert after({"label": "cat", "score": 0.5}).meta == {"lamp": "on", "seg": {"label": "cat", "score": 0.5}}

    def test_is_an_array_of_the_frame_where_it_is_one(self) -> None:
        made = after(picture(3))
        assert np.array_equal(made.arrays["seg"], picture(3))
        assert "seg" not in made.meta

    def test_keeps_small_arrays_inside_as_lists(self) -> None:
        assert after({"boxes": np.array([[1, 2, 3, 4]])}).meta["seg"] == {"boxes": [[1, 2, 3, 4]]}

    def test_keeps_large_arrays_inside_as_arrays_by_their_path(self) -> None:
        made = after([{"mask": np.ones((64, 64), bool)}])
        assert made.arrays["seg.0.mask"].sum() == 64 * 64
        assert made.meta["seg"] == [{"mask": "seg.0.mask"}]

    def test_leaves_the_picture_and_its_identity_alone(self) -> None:
        made = after(1)
        assert made.identity == frame().identity
        assert np.array_equal(made.image, frame().image)

    def test_that_is_missing_is_named_with_the_reason(self) -> None:
        made = answered(frame(), Answer(frame(), {"seg": Outcome(missing="too late")}))
        assert made.meta["missing"] == {"seg": "too late"}


class TestAPipe:
    def test_gathers_and_then_applies_its_ops(self) -> None:
        def doubled(seen: Frame) -> Mapping[str, int]:
            return {"twice": 2 * seen.meta["level"]}

        sink = Kept()
        fb.pipe(
            (picture(value) for value in range(9)),
            sink,
            gather={"level": brightness, "negative": inverted},
            ops=doubled,
        )
        assert [item.meta["twice"] for item in frames(sink)] == list(range(0, 18, 2))
        assert [int(item.arrays["negative"][0, 0]) for item in frames(sink)] == [255 - value for value in range(9)]

    def test_goes_on_without_the_answers_that_take_too_long(self) -> None:
        sink = Kept()
        fb.pipe((picture(value) for value in (1, HANG)), sink, gather={"level": brightness}, work_timeout=0.3)
        first, second = frames(sink)
        assert first.meta["level"] == 1
        assert "no answer within 0.3 s" in second.meta["missing"]["level"]

    def test_names_errors_of_services_as_missing(self) -> None:
        sink = Kept()
        fb.pipe([picture(RAISE)], sink, gather={"level": brightness})
        assert "ValueError: too dark" in frames(sink)[0].meta["missing"]["level"]

    def test_gathers_and_then_works_in_processes(self) -> None:
        def thirds(seen: Frame) -> Iterator[Array]:
            yield from [seen.image + np.uint8(seen.meta["level"])] * 3

        sink = Kept()
        fb.pipe((picture(value) for value in range(8)), sink, gather={"level": brightness}, ops=thirds, workers=2)
        assert [int(item.image[0, 0]) for item in frames(sink)] == [2 * value for value in range(8) for _ in range(3)]
        assert len({item.identity for item in frames(sink)}) == 24

    def test_shares_its_ops_among_workers_in_order(self) -> None:
        sink = Kept()
        stats = fb.pipe((picture(value) for value in range(200)), sink, ops=[inverted], workers=3)
        assert [int(item.image[0, 0]) for item in frames(sink)] == [255 - value for value in range(200)]
        assert stats.frames == 200

    def test_skips_failures_where_it_is_told_to(self) -> None:
        sink = Kept()
        fb.pipe([picture(1), picture(RAISE), picture(3)], sink, ops=level, workers=2, on_error="skip")
        assert [item.meta["level"] for item in frames(sink)] == [1, 3]

    def test_stops_at_failures_otherwise(self) -> None:
        with pytest.raises(OpError, match="too dark"):
            fb.pipe([picture(1), picture(RAISE), picture(3)], Kept(), ops=level, workers=2)


def level(image: Array) -> dict[str, int]:
    return {"level": brightness(image)}


def test_packets_are_refused() -> None:
    packet = Packet(data=memoryview(b"x"), codec="h264", key=True, pts=0, dts=0, stream="cam")
    with Asking({"level": brightness}) as asking, pytest.raises(OpError, match="packets of cam"):
        asking.put(packet)
