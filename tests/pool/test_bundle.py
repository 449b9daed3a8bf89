"""Frames in a bundle come out as they went in, whatever they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import BadFrame, OptionError
from framebus.core.frame import Frame
from framebus.core.ops import load_all
from framebus.pool.bundle import BUNDLE, EACH, bundle, unbundle
from framebus.pool.calling import Said
from framebus.pool.map_worker import Failure, Working, made
from framebus.pool.questions import question
from framebus.testing.samples import samples
from framebus.wire.encodings import EncodedImage
from tests.wire.arrivals import frames

FIELDS = ("stream", "run", "seq", "captured_ns", "captured_mono_ns", "clock", "format", "missed", "wanted", "meta")


def assert_same(after: Frame, before: Frame) -> None:
    """Header, pixels and other arrays."""
    assert {name: getattr(after, name) for name in FIELDS} == {name: getattr(before, name) for name in FIELDS}
    assert after.dtype == before.dtype
    assert after.arrays.keys() == before.arrays.keys()
    for name, array in before.arrays.items():
        assert after.arrays[name].shape == array.shape
        assert after.arrays[name].tobytes() == array.tobytes()


class TestABundle:
    @given(st.lists(frames(), min_size=1, max_size=6))
    def test_of_any_frames(self, given: list[Frame]) -> None:
        given = [frame.replace(missed=at, wanted="gray8" if at % 2 else "") for at, frame in enumerate(given)]
        for after, before in zip(unbundle(bundle(given)), given, strict=True):
            assert_same(after, before)

    def test_of_one_stream(self) -> None:
        given = samples(5)
        given[3] = given[3].replace(meta={"exposure_ms": np.float32(8)})
        *plain, with_meta, last = unbundle(bundle(given))
        for after, before in zip([*plain, last], [*given[:3], given[4]], strict=True):
            assert_same(after, before)
        assert with_meta.meta == {"exposure_ms": 8.0}

    def test_shares_its_memory_which_nobody_may_change(self) -> None:
        whole = bundle(samples(2))
        first, second = unbundle(whole)
        assert np.shares_memory(first.data, whole.data)
        assert np.shares_memory(second.data, whole.data)
        assert not first.data.flags.writeable

    def test_of_what_lies_scattered_in_memory(self) -> None:
        image = np.arange(24, dtype=np.uint16).reshape(4, 6)[::2, ::-3]
        [after] = unbundle(bundle([Frame.of(image, stream="cam", run=1)]))
        assert np.array_equal(after.data, image)

    def test_of_encoded_pictures_keeps_them_encoded(self) -> None:
        image = EncodedImage("jpeg", memoryview(b"\xff\xd8\xff"), (4, 4), np.dtype("u1"), "gray8")
        before = Frame.of(image, stream="cam", run=1, seq=7, format="gray8")
        [_, after] = unbundle(bundle([samples(1)[0], before.replace(missed=2, wanted="gray8")]))
        assert isinstance(after.content, EncodedImage)
        assert bytes(after.content.data) == b"\xff\xd8\xff"
        assert (after.identity, after.missed, after.wanted) == (before.identity, 2, "gray8")

    @pytest.mark.parametrize(
        "frame",
        [
            Frame.of(np.zeros((2, 2), np.uint8), stream="cam", run=1, meta={"tool": object()}),
            Frame.of(np.zeros((2, 2), np.uint8), stream="cam", run=1, meta={"tool": "\ud800"}),
        ],
    )
    def test_of_what_cannot_travel_is_refused(self, frame: Frame) -> None:
        with pytest.raises(BadFrame):
            bundle([*samples(2), frame])

    def test_is_what_is_unbundled(self) -> None:
        with pytest.raises(BadFrame, match="holds no others"):
            unbundle(samples(1)[0])


def test_what_a_stranger_calls_a_bundle_is_a_frame_like_others() -> None:
    frame = samples(1)[0].replace(meta={BUNDLE: 12, EACH: True})
    said = Working(load_all([lambda image: {"seen": True}]))(question(frame, "map", 5, 0))
    [row] = made([frame], said.data, [array for _, array in said.arrays]).rows
    assert isinstance(row, list)
    assert [result.meta for result in row] == [{BUNDLE: 12, EACH: True, "seen": True}]


class TestFramesThatOnlyTravelTogether:
    """Each is worked on by itself, and so is what goes wrong with it."""

    def rows(self, op: Any, given: list[Frame]) -> list[list[Frame] | Failure]:
        said = Working(load_all([op]))(bundle(given, each=True))
        assert isinstance(said, Said)
        assert not said.error
        return made(given, said.data, [array for _, array in said.arrays]).rows

    def test_are_given_to_the_op_one_by_one(self) -> None:
        seen: list[int] = []
        given = samples(4)
        rows = self.rows(lambda frame: seen.append(frame.seq), given)
        assert seen == [0, 1, 2, 3]
        assert rows == [[], [], [], []]

    def test_come_back_without_their_pixels_where_those_are_the_same(self) -> None:
        given = samples(2)
        rows = self.rows(lambda frame: {"double": 2 * frame.seq}, given)
        results = [frame for row in rows if isinstance(row, list) for frame in row]
        assert [frame.meta for frame in results] == [{"double": 0}, {"double": 2}]
        assert all(after.content is before.content for after, before in zip(results, given, strict=True))

    def test_fail_one_by_one(self) -> None:
        def picky(frame: Frame) -> Frame:
            if frame.seq == 1:
                raise ValueError("too dark")
            return frame

        first, second, third = self.rows(picky, samples(3))
        assert isinstance(first, list)
        assert isinstance(third, list)
        assert isinstance(second, Failure)
        assert second.error.startswith("ValueError: too dark\n")
        assert "in picky" in second.error

    def test_may_end_the_process_on_purpose_only_for_themselves(self) -> None:
        def leaving(frame: Frame) -> Frame:
            if frame.seq == 0:
                raise SystemExit("enough")
            return frame

        first, second = self.rows(leaving, samples(2))
        assert isinstance(first, Failure)
        assert first.error.startswith("SystemExit: enough")
        assert isinstance(second, list)

    def test_fail_one_by_one_where_the_answer_cannot_travel(self) -> None:
        def secretive(frame: Frame) -> Any:
            return {"tool": object()} if frame.seq == 1 else {"tool": "saw"}

        first, second, third = self.rows(secretive, samples(3))
        assert isinstance(second, Failure)
        assert "object" in second.error
        assert [frame.meta["tool"] for row in (first, third) if isinstance(row, list) for frame in row] == ["saw"] * 2

    def test_fail_with_the_text_of_what_is_wrong_with_an_option(self) -> None:
        def misled(frame: Frame) -> None:
            raise OptionError("no such colour")

        [failure] = self.rows(misled, samples(1))
        assert isinstance(failure, Failure)
        assert "no such colour" in failure.option
        assert "Traceback" not in failure.option
