"""A reader's side: it can look, for as long as it likes, and nothing else."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from framebus.core.errors import BadFrame
from framebus.memory.mapping import Mapping
from framebus.memory.slot import Slot
from tests.conftest import StartChild

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory files are Linux's")

SIZE = 1 << 16
Image = npt.NDArray[Any]


@pytest.fixture
def slot() -> Iterator[Slot]:
    made = Slot(0, SIZE)
    pixels = np.frombuffer(made.window(SIZE), np.uint8)
    pixels[:] = np.arange(SIZE) % 251
    yield made
    del pixels
    made.close()


@pytest.fixture
def mapping(slot: Slot) -> Mapping:
    return Mapping(os.dup(slot.descriptor), SIZE)


def mapped() -> int:
    """How many pieces of memory files are mapped."""
    with open("/proc/self/maps") as maps:
        return sum("/memfd:framebus" in line for line in maps)


def test_what_the_owner_writes_is_seen(slot: Slot, mapping: Mapping) -> None:
    view = mapping.view(100, 10, lambda: None)
    assert list(view) == list(range(100, 110))
    slot.window(SIZE)[105] = 7
    assert view[5] == 7


def test_no_descriptor_stays_open(slot: Slot) -> None:
    before = os.listdir("/proc/self/fd")
    mapping = Mapping(os.dup(slot.descriptor), SIZE)
    assert os.listdir("/proc/self/fd") == before
    del mapping


def _flags(image: Image) -> None:
    image.flags.writeable = True


def _setflags(image: Image) -> None:
    image.setflags(write=True)


def _base(image: Image) -> None:
    np.asarray(image.base).flags.writeable = True


def _item(image: Image) -> None:
    image[0] = 1


def _inplace(image: Image) -> None:
    image += 1


def _buffer(image: Image) -> None:
    image.data[0] = 1


def _cast(image: Image) -> None:
    image.data.cast("B")[0] = 1


def _out(image: Image) -> None:
    np.add(image, 1, out=image)


def _frombuffer(image: Image) -> None:
    np.frombuffer(image, np.uint8).flags.writeable = True


def _ctypes(image: Image) -> None:
    import ctypes

    ctypes.c_char.from_buffer(image.data)


def _exporter(image: Image) -> None:
    np.asarray(image.base.obj).flags.writeable = True  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "attempt", [_flags, _setflags, _base, _item, _inplace, _buffer, _cast, _out, _frombuffer, _ctypes, _exporter]
)
def test_nothing_makes_it_writable(mapping: Mapping, attempt: Callable[[Image], None]) -> None:
    image = np.frombuffer(mapping.view(0, 1000, lambda: None), np.uint8)
    with pytest.raises((ValueError, TypeError)):
        attempt(image)


def _slices(image: Image) -> Any:
    return image[3:5, ::2]


def _transposed(image: Image) -> Any:
    return image.transpose(2, 0, 1)


def _view(image: Image) -> Any:
    return image.view(np.int8)


def _memoryview(image: Image) -> Any:
    return image.data[1:2]


def _array_of_view(image: Image) -> Any:
    return np.asarray(image[1:].data)


def _iterator(image: Image) -> Any:
    return iter(image)


def _flat(image: Image) -> Any:
    return image.flat


@pytest.mark.parametrize("derive", [_slices, _transposed, _view, _memoryview, _array_of_view, _iterator, _flat])
def test_the_end_is_told_once_when_the_last_thing_derived_is_gone(
    mapping: Mapping, derive: Callable[[Image], Any]
) -> None:
    ended: list[int] = []
    image = np.frombuffer(mapping.view(0, 3000, lambda: ended.append(1)), np.uint8).reshape(10, 100, 3)
    derived = derive(image)
    del image
    assert not ended
    del derived
    assert ended == [1]


def test_a_copy_keeps_nothing(mapping: Mapping) -> None:
    ended: list[int] = []
    copy = np.frombuffer(mapping.view(0, 3000, lambda: ended.append(1)), np.uint8).copy()
    assert ended == [1]
    copy[0] = 1


def test_each_view_ends_by_itself(mapping: Mapping) -> None:
    ended: list[str] = []
    first = mapping.view(0, 10, lambda: ended.append("first"))
    second = mapping.view(0, 10, lambda: ended.append("second"))
    del second
    assert ended == ["second"]
    del first
    assert ended == ["second", "first"]


def test_views_end_in_any_thread_and_in_the_collection_of_garbage(mapping: Mapping) -> None:
    ended: list[str] = []
    view: list[Any] = [mapping.view(0, 10, lambda: ended.append(threading.current_thread().name))]
    thread = threading.Thread(target=view.clear, name="other")
    thread.start()
    thread.join()
    cycle: list[Any] = [mapping.view(0, 10, lambda: ended.append("collected"))]
    cycle.append(cycle)
    del cycle
    gc.collect()
    assert ended == ["other", "collected"]


def test_memory_is_unmapped_with_the_last_view_not_before(slot: Slot) -> None:
    before = mapped()
    mapping = Mapping(os.dup(slot.descriptor), SIZE)
    view = mapping.view(0, 10, lambda: None)
    del mapping
    assert (mapped(), list(view)) == (before + 1, list(range(10)))
    del view
    assert mapped() == before


@pytest.mark.parametrize(
    ("offset", "nbytes"), [(SIZE, 1), (0, SIZE + 1), (SIZE - 1, 2), (2**63, 1), (1, 2**63), (-1, 2)]
)
def test_bytes_beyond_the_end_are_refused(mapping: Mapping, offset: int, nbytes: int) -> None:
    with pytest.raises(BadFrame, match="do not lie in"):
        mapping.view(offset, nbytes, lambda: None)


@pytest.mark.parametrize("said", [SIZE + 1, 2 * SIZE, 2**62, 0, -1])
def test_memory_smaller_than_said_is_refused(slot: Slot, said: int) -> None:
    with pytest.raises(BadFrame, match="smaller than"):
        Mapping(os.dup(slot.descriptor), said)


def test_memory_that_could_be_taken_away_is_refused() -> None:
    descriptor = os.memfd_create("framebus", os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, SIZE)
    with pytest.raises(BadFrame, match="not sealed"):
        Mapping(descriptor, SIZE)


def test_what_is_no_memory_at_all_is_refused(tmp_path: Any) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(SIZE))
    with pytest.raises(BadFrame, match="not sealed"):
        Mapping(os.open(file, os.O_RDONLY), SIZE)
    reading, writing = os.pipe()
    os.close(writing)
    with pytest.raises(BadFrame):
        Mapping(reading, SIZE)


AT_THE_END = """
import atexit, os, sys
import numpy as np
from framebus.memory.mapping import Mapping
from framebus.memory.slot import Slot
slot = Slot(0, 65536)
mapping = Mapping(os.dup(slot.descriptor), 65536)
image = np.frombuffer(mapping.view(0, 1000, lambda: sys.stdout.write("")), np.uint8)
class Last:
    def __init__(self, image): self.image = image
    def __del__(self): print(self.image.sum())
sys.keeps = Last(image)
cycle = [Last(image)]; cycle.append(cycle)
atexit.register(lambda: print("at exit", image.sum()))
"""


def test_views_live_through_the_end_of_the_interpreter(child: StartChild) -> None:
    process = child("-c", AT_THE_END)
    assert "at exit 0" in process.succeed()
    assert process.stderr == ""


def test_opencv_keeps_what_it_looks_at(mapping: Mapping) -> None:
    cv2 = pytest.importorskip("cv2")
    ended: list[int] = []
    image = np.frombuffer(mapping.view(0, 30000, lambda: ended.append(1)), np.uint8).reshape(100, 100, 3)
    smaller = cv2.resize(image, (10, 10))
    with pytest.raises(cv2.error):
        cv2.rectangle(image, (0, 0), (10, 10), (1, 2, 3))
    assert not ended
    del image
    assert ended == [1]
    assert smaller.shape == (10, 10, 3)
