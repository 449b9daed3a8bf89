"""What every link must do, as a test class: subclass it, say how an address is made, and run it with pytest.

    class TestMyLink(LinkConformance):
        def address(self, streams=""):
            return "my://somewhere" + (f"/{streams}" if streams else "")

`address` is called once per test for the publisher and again for its readers, and must mean the same place within one
test. Readers and publishers of these tests live in one process, in threads.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import selectors
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest

import framebus as fb
from framebus.core.contracts import Item
from framebus.core.frame import Frame

WAIT_S = 20.0
"""How long anything may take before the test calls it hung."""

Array = npt.NDArray[Any]


class Reading:
    """A reader in a thread of its own that keeps everything it was given."""

    def __init__(self, source: fb.Source, until: Callable[[list[Frame]], bool] = lambda frames: False) -> None:
        self.frames: list[Frame] = []
        self.error: BaseException | None = None
        self._source = source
        self._until = until
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            with self._source as frames:
                for frame in frames:
                    assert isinstance(frame, Frame)
                    self.frames.append(frame)
                    if self._until(self.frames):
                        return
        except BaseException as error:
            self.error = error

    def wait_for(self, count: int) -> None:
        """Until it has read `count` frames."""
        deadline = time.monotonic() + WAIT_S
        while len(self.frames) < count:
            assert time.monotonic() < deadline, f"hung after {len(self.frames)} frames"
            self._thread.join(0.005)

    def result(self) -> list[Frame]:
        """Everything it read, once it ended."""
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive(), f"hung after {len(self.frames)} frames"
        if self.error is not None:
            raise self.error
        return self.frames


def picture(number: int, shape: tuple[int, ...] = (24, 32, 3), dtype: str = "uint8") -> Array:
    """A small array that differs for every number."""
    return np.full(shape, number, dtype)


def numbers(frames: list[Frame]) -> list[int]:
    """Their sequence numbers."""
    return [frame.seq for frame in frames]


class LinkConformance(ABC):
    """Delivery, in every way users can ask for it."""

    options: ClassVar[Mapping[str, Any]] = {}
    """What both ends are opened with besides."""

    @abstractmethod
    def address(self, streams: str = "") -> str:
        """The link's address, naming `streams` of it."""

    @contextlib.contextmanager
    def publishing(self, streams: str = "cam", **options: Any) -> Iterator[fb.Publisher]:
        """A publisher at the address that waits when lossless readers are slow."""
        with fb.publish(self.address(streams), **{"when_full": "wait", **self.options, **options}) as out:
            yield out

    def reading(self, streams: str = "", *, keep: str | None = "all", **options: Any) -> fb.Source:
        """A source at the address."""
        return fb.open(self.address(streams), keep=keep, timeout=WAIT_S, **self.options, **options)

    # what arrives ------------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("shape", "dtype"),
        [
            ((24, 32, 3), "uint8"),
            ((24, 32), "uint8"),
            ((24, 32), "uint16"),
            ((5, 6, 7), "float32"),
            ((3, 4, 5, 2), "complex128"),
            ((7,), "int64"),
            ((480, 640, 3), "uint8"),
            ((0, 4), "uint8"),
        ],
    )
    def test_an_array_arrives_as_it_was(self, shape: tuple[int, ...], dtype: str) -> None:
        sent = (np.random.default_rng(1).random(shape) * 100).astype(dtype)
        reader = Reading(self.reading())
        with self.publishing(wait_for=1) as out:
            out.send(sent, meta={"exposure_ms": 12.5})
        [frame] = reader.result()
        assert frame.data.dtype == sent.dtype
        assert np.array_equal(frame.data, sent)
        assert frame.meta["exposure_ms"] == 12.5
        assert frame.stream == "cam"
        assert not frame.image.flags.writeable

    def test_a_column_first_array_and_a_slice_arrive_as_they_look(self) -> None:
        whole = np.arange(4000, dtype="uint16").reshape(40, 100)
        reader = Reading(self.reading())
        with self.publishing(wait_for=1) as out:
            out.send(whole[::2, ::5])
            out.send(np.asfortranarray(whole))
        first, second = reader.result()
        assert np.array_equal(first.data, whole[::2, ::5])
        assert np.array_equal(second.data, whole)

    def test_shape_and_type_may_change_from_frame_to_frame(self) -> None:
        reader = Reading(self.reading())
        sent = [picture(1), picture(2, (8, 8), "uint16"), picture(3, (100, 120, 3))]
        with self.publishing(wait_for=1) as out:
            for image in sent:
                out.send(image)
        assert [frame.shape for frame in reader.result()] == [image.shape for image in sent]

    def test_an_encoded_frame_stays_encoded_until_looked_at(self) -> None:
        reader = Reading(self.reading())
        with self.publishing(wait_for=1, encode="png") as out:
            out.send(picture(9))
        [frame] = reader.result()
        assert frame.nbytes < picture(9).nbytes
        assert np.array_equal(frame.image, picture(9))

    def test_several_arrays_travel_in_one_frame(self) -> None:
        reader = Reading(self.reading())
        depth = np.arange(768, dtype="float32").reshape(24, 32)
        with self.publishing(wait_for=1) as out:
            out.send(Frame.of(picture(1), arrays={"depth": depth}))
        [frame] = reader.result()
        assert np.array_equal(frame.arrays["depth"], depth)
        assert np.array_equal(frame.image, picture(1))

    def test_identity_and_capture_time_survive_a_relay(self) -> None:
        original = Frame.of(picture(1), run=77, seq=41, stream="left")
        reader = Reading(self.reading())
        with self.publishing("", wait_for=1) as out:
            out.send(original)
        [frame] = reader.result()
        assert frame.identity == original.identity
        assert frame.captured_ns == original.captured_ns
        assert frame.captured_mono_ns == original.captured_mono_ns

    def test_filling_in_place_sends_what_was_written(self) -> None:
        reader = Reading(self.reading())
        with self.publishing(wait_for=1) as out, out.fill((4, 5), "uint16") as image:
            image[:] = 1234
        [frame] = reader.result()
        assert frame.data.tolist() == [[1234] * 5] * 4

    # what is kept ------------------------------------------------------------------------------------------

    def test_a_lossless_reader_gets_every_frame_in_order(self) -> None:
        reader = Reading(self.reading())
        with self.publishing(wait_for=1) as out:
            for number in range(300):
                out.send(picture(number % 256))
        frames = reader.result()
        assert numbers(frames) == list(range(300))
        assert [int(frame.image[0, 0, 0]) for frame in frames] == [number % 256 for number in range(300)]
        assert sum(frame.missed for frame in frames) == 0

    def test_several_lossless_readers_each_get_every_frame(self) -> None:
        readers = [Reading(self.reading()) for _ in range(3)]
        with self.publishing(wait_for=3) as out:
            for number in range(100):
                out.send(picture(number))
        for reader in readers:
            assert numbers(reader.result()) == list(range(100))

    def test_a_live_reader_knows_exactly_what_it_missed(self) -> None:
        source = self.reading(keep="latest")
        first = threading.Event()
        reader = Reading(source, lambda frames: (first.set(), False)[1])  # type: ignore[func-returns-value]
        with self.publishing(wait_for=1) as out:
            while not first.is_set():
                out.send(picture(0))
            for number in range(500):
                out.send(picture(number % 256))
        frames = reader.result()
        seen = numbers(frames)
        assert seen == sorted(set(seen))
        gaps = [after - before - 1 for before, after in itertools.pairwise(seen)]
        assert [frame.missed for frame in frames[1:]] == gaps
        assert (
            source.stats().missed + len(frames) == out.stats().streams["cam"].frames - frames[0].seq + frames[0].missed
        )

    def test_the_newest_frame_reaches_a_reader_that_becomes_ready_without_another_send(self) -> None:
        source = self.reading(keep="latest")
        with source, self.publishing() as out:
            reading = Reading(source, lambda frames: True)
            while not reading.frames:
                out.send(picture(1))
            reading.result()
            source2 = self.reading(keep="latest")
            with source2:
                descriptor = source2.fileno()
                selector = selectors.DefaultSelector()
                selector.register(descriptor, selectors.EVENT_READ)
                count = 0
                while not selector.select(0.01):
                    out.send(picture(2))
                    count += 1
                assert isinstance(source2.read(), Frame)
                selector.close()

    def test_max_fps_thins_without_calling_it_missed(self) -> None:
        reader = Reading(self.reading(max_fps=10))
        with self.publishing(wait_for=1) as out:
            for number in range(31):
                out.send(Frame.of(picture(number), captured_ns=10**18 + number * 10**9 // 30))
        frames = reader.result()
        assert 10 <= len(frames) <= 12
        assert sum(frame.missed for frame in frames) == 0

    # groups ------------------------------------------------------------------------------------------------

    def test_a_group_shares_a_stream_each_frame_to_one_member(self) -> None:
        members = [Reading(self.reading(group="fft")) for _ in range(2)]
        with self.publishing(wait_for=2) as out:
            for number in range(200):
                out.send(picture(number))
        shares = [numbers(member.result()) for member in members]
        assert sorted(shares[0] + shares[1]) == list(range(200))
        assert all(share == sorted(share) for share in shares)

    def test_a_group_goes_on_where_its_reader_left(self) -> None:
        with self.publishing(wait_for=["saver"]) as out:
            first = Reading(self.reading(group="saver"), lambda frames: len(frames) == 3)
            for number in range(10):
                out.send(picture(number))
            begun = numbers(first.result())
            second = Reading(self.reading(group="saver"))
        again = numbers(second.result())
        assert begun == [0, 1, 2]
        assert again[0] in (2, 3)  # the frame in hand when it left was not acknowledged
        assert again[-8:] == list(range(again[-1] - 7, again[-1] + 1))
        assert again[-1] == 9

    def test_a_group_named_in_wait_for_is_owed_every_frame_from_the_first(self) -> None:
        out = fb.publish(self.address("cam"), wait_for=["late"], when_full="wait")
        sender = threading.Thread(target=lambda: [out.send(picture(n)) for n in range(5)])
        sender.start()
        reader = Reading(self.reading(group="late"))
        sender.join(WAIT_S)
        out.close()
        assert numbers(reader.result()) == [0, 1, 2, 3, 4]

    # names -------------------------------------------------------------------------------------------------

    def test_streams_are_chosen_by_name_and_by_beginning(self) -> None:
        one, yards, everything = (
            Reading(self.reading("gate")),
            Reading(self.reading("yard-*")),
            Reading(self.reading()),
        )
        with self.publishing("", wait_for=3) as out:
            for stream in ("gate", "yard-1", "yard-2"):
                out.send(picture(1), stream=stream)
        assert [frame.stream for frame in one.result()] == ["gate"]
        assert {frame.stream for frame in yards.result()} == {"yard-1", "yard-2"}
        assert {frame.stream for frame in everything.result()} == {"gate", "yard-1", "yard-2"}

    # waiting and ending ------------------------------------------------------------------------------------

    def test_reading_with_a_timeout_raises_and_goes_on(self) -> None:
        with self.publishing() as out, self.reading() as source:
            with pytest.raises(fb.Timeout, match="no frame came"):
                source.read(timeout=0.05)
            reading = Reading(source, lambda frames: True)
            while not reading.frames:
                out.send(picture(5))
            assert np.array_equal(reading.result()[0].image, picture(5))

    def test_a_reader_may_come_first(self) -> None:
        reader = Reading(self.reading())
        with self.publishing(wait_for=1) as out:
            out.send(picture(3))
        assert numbers(reader.result()) == [0]

    def _send_one_and_fail(self, reading: Reading) -> None:
        with self.publishing(wait_for=1) as out:
            out.send(picture(1))
            reading.wait_for(1)
            raise RuntimeError

    def test_leaving_by_an_exception_is_no_end(self) -> None:
        reading = Reading(self.reading(), lambda frames: len(frames) == 2)
        with pytest.raises(RuntimeError):
            self._send_one_and_fail(reading)
        with self.publishing(wait_for=1) as out:
            out.send(picture(2))
        frames = reading.result()
        assert [int(frame.image[0, 0, 0]) for frame in frames] == [1, 2]
        assert frames[0].run != frames[1].run

    def test_what_a_group_is_owed_for_too_long_is_a_timeout_that_names_it(self) -> None:
        out = fb.publish(self.address("cam"), wait_for=["slow"], patience=0.1, retain=5000)
        with self.reading(group="slow") as source:
            source.fileno()
            with pytest.raises(fb.Timeout, match="slow"):
                _send_many(out)
            out.abandon()

    def test_closing_wakes_a_waiting_reader(self) -> None:
        source = self.reading()
        reading = Reading(source)
        while source.stats() is None:
            pass
        source.close()
        with pytest.raises(fb.Error, match="closed"):
            reading.result()

    # other ways to wait ------------------------------------------------------------------------------------

    def test_async_for_reads_everything(self) -> None:
        source = self.reading()
        got: list[Item] = []

        async def read() -> None:
            async for frame in source:
                got.append(frame)

        thread = threading.Thread(target=lambda: asyncio.run(read()))
        thread.start()
        with self.publishing(wait_for=1) as out:
            for number in range(20):
                out.send(picture(number))
        thread.join(WAIT_S)
        source.close()
        assert [item.seq for item in got] == list(range(20))

    def test_the_descriptor_is_readable_exactly_while_something_is_there(self) -> None:
        with self.reading() as source, selectors.DefaultSelector() as selector:
            selector.register(source.fileno(), selectors.EVENT_READ)
            assert not selector.select(0)
            with self.publishing(wait_for=1) as out:
                out.send(picture(1))
                assert selector.select(WAIT_S)
                assert isinstance(source.read(), Frame)
                assert not selector.select(0)
                source.done(source._held)  # type: ignore[arg-type]
                source._held = None
            assert selector.select(WAIT_S)
            assert list(source) == []


def _send_many(out: fb.Publisher) -> None:
    for number in range(50):
        out.send(picture(number))
