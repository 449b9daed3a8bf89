"""Our encodings pass the suite for encodings, and it notices every broken promise."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from framebus.core.contracts import Encoding
from framebus.core.errors import BadFrame
from framebus.core.registry import ENCODINGS
from framebus.testing import EncodingConformance
from framebus.testing.samples import pictures

Array = npt.NDArray[Any]
EVERYTHING = tuple(pictures())
ALL = [name for name in vars(EncodingConformance) if name.startswith("test_")]


class TestJpeg(EncodingConformance):
    def make(self) -> Encoding:
        encoding: Encoding = ENCODINGS.get("jpeg")
        return encoding


class TestPng(EncodingConformance):
    holds = ("bgr24", "rgb24", "gray8", "gray16", "four channels")

    def make(self) -> Encoding:
        encoding: Encoding = ENCODINGS.get("png")
        return encoding


class TestLz4(EncodingConformance):
    holds = EVERYTHING

    def make(self) -> Encoding:
        encoding: Encoding = ENCODINGS.get("lz4")
        return encoding


class TestRaw(EncodingConformance):
    holds = EVERYTHING

    def make(self) -> Encoding:
        encoding: Encoding = ENCODINGS.get("raw")
        return encoding


class Packed:
    """What `Good` makes."""

    def __init__(self, encoding: Good, image: Array, format: str) -> None:
        self.encoding, self._encoding, self._format = encoding.name, encoding, format
        self.shape, self.dtype = image.shape, image.dtype
        raw = np.ascontiguousarray(image).tobytes()
        self.data = memoryview(zlib.crc32(raw).to_bytes(4, "big") + raw)

    def decode(self) -> Array:
        return self._encoding.decode(self.data, self.shape, self.dtype, self._format)


class Good:
    """An encoding that keeps every promise: the pixels behind their checksum."""

    name = "good"
    lossless = True

    def encode(self, array: Array, format: str) -> Any:
        return Packed(self, array, format)

    def decode(self, data: memoryview, shape: tuple[int, ...], dtype: np.dtype[Any], format: str) -> Array:
        raw = bytes(data[4:])
        if len(raw) != int(np.prod(shape)) * dtype.itemsize or zlib.crc32(raw).to_bytes(4, "big") != bytes(data[:4]):
            raise BadFrame("damaged")
        return np.frombuffer(raw, dtype).reshape(shape)


class ShoutsItsName(Good):
    name = "GOOD"


class ForgetsShapes(Good):
    def encode(self, array: Array, format: str) -> Any:
        packed = super().encode(array, format)
        packed.shape = packed.shape[:2]
        return packed


class LosesALittle(Good):
    def encode(self, array: Array, format: str) -> Any:
        return super().encode(array // 2 * 2, format)


class IsFarOff(Good):
    lossless = False

    def encode(self, array: Array, format: str) -> Any:
        return super().encode((array // 64 * 64).astype(array.dtype), format)


class TakesWholePicturesOnly(Good):
    def encode(self, array: Array, format: str) -> Any:
        array.data.cast("B")
        return super().encode(array, format)


class DrawsOnThem(Good):
    def encode(self, array: Array, format: str) -> Any:
        array[0] = 0
        return super().encode(array, format)


class RefusesGray(Good):
    def encode(self, array: Array, format: str) -> Any:
        if array.ndim == 2:
            raise BadFrame("no gray")
        return super().encode(array, format)


class FillsWhatIsMissing(Good):
    def decode(self, data: memoryview, shape: tuple[int, ...], dtype: np.dtype[Any], format: str) -> Array:
        size = int(np.prod(shape)) * dtype.itemsize
        return np.frombuffer(bytes(data[4:]).ljust(size, b"\0")[:size], dtype).reshape(shape)


class CrashesOnNoise(Good):
    def decode(self, data: memoryview, shape: tuple[int, ...], dtype: np.dtype[Any], format: str) -> Array:
        try:
            return super().decode(data, shape, dtype, format)
        except BadFrame as error:
            raise ValueError("damaged") from error


def failures(make: Callable[[], Any]) -> set[str]:
    """Which tests of the suite an encoding fails."""

    class Suite(EncodingConformance):
        def make(self) -> Encoding:
            encoding: Encoding = make()
            return encoding

    failed = set()
    for name in ALL:
        try:
            getattr(Suite(), name)()
        except Exception:
            failed.add(name)
    return failed


def test_a_good_encoding_passes() -> None:
    assert failures(Good) == set()


@pytest.mark.parametrize(
    ("broken", "noticed"),
    [
        (ShoutsItsName, "test_says_what_it_is"),
        (ForgetsShapes, "test_knows_its_picture_without_decoding"),
        (LosesALittle, "test_gives_the_picture_back"),
        (IsFarOff, "test_gives_the_picture_back"),
        (TakesWholePicturesOnly, "test_takes_pictures_that_lie_scattered_in_memory"),
        (DrawsOnThem, "test_leaves_the_picture_as_it_is"),
        (RefusesGray, "test_takes_or_refuses_everything"),
        (FillsWhatIsMissing, "test_refuses_what_was_cut_off"),
        (FillsWhatIsMissing, "test_refuses_another_shape_or_type_than_was_said"),
        (CrashesOnNoise, "test_survives_noise"),
    ],
)
def test_broken_promises_are_noticed(broken: type, noticed: str) -> None:
    assert noticed in failures(broken)
