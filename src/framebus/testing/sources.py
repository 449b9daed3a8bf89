"""What every source of frames promises."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from framebus.core import clock
from framebus.core.contracts import Item, Maker
from framebus.core.formats import guess_format
from framebus.core.frame import Frame
from framebus.core.names import valid_name
from framebus.testing.holding import nothing_left_open
from framebus.wire import header

PATIENCE_S = 20.0


class SourceConformance:
    """Subclass it and define `make`; a source for tests gives at least `enough` frames, promptly."""

    enough = 4
    """How many frames each test looks at."""

    def make(self, tmp_path: Path) -> Maker:
        """A new maker of at least `enough` frames; files it needs go into `tmp_path`, and are the same every time."""
        raise NotImplementedError

    @contextmanager
    def opened(self, tmp_path: Path) -> Iterator[Maker]:
        """A maker that is closed afterwards."""
        maker = self.make(tmp_path)
        try:
            yield maker
        finally:
            maker.close()

    def taken(self, tmp_path: Path) -> list[Item]:
        """The first `enough` frames."""
        with self.opened(tmp_path) as maker:
            items = list(islice(maker, self.enough))
        assert len(items) == self.enough, f"only {len(items)} frames came; lower `enough` or make more"
        return items

    def test_says_what_it_is(self, tmp_path: Path) -> None:
        """`live` decides which frames readers get, `name` what they are called."""
        with self.opened(tmp_path) as maker:
            assert isinstance(maker, Maker), "a maker has live, name, __iter__ and close"
            assert isinstance(maker.live, bool)
            assert valid_name(maker.name), f"{maker.name!r} is no stream name"

    def test_frames_are_numbered_from_zero_without_gaps(self, tmp_path: Path) -> None:
        """Readers tell by the numbers what they missed."""
        assert [item.seq for item in self.taken(tmp_path)] == list(range(self.enough))

    def test_frames_carry_the_makers_name(self, tmp_path: Path) -> None:
        """Unless the user gives another."""
        with self.opened(tmp_path) as maker:
            name = maker.name
        assert {item.stream for item in self.taken(tmp_path)} == {name}

    def test_every_start_is_a_run_of_its_own(self, tmp_path: Path) -> None:
        """So that frames after a restart are never taken for those before."""
        runs = [{item.run for item in self.taken(tmp_path)} for _ in range(2)]
        assert [len(run) for run in runs] == [1, 1], "all frames of one start carry the same run"
        assert runs[0] != runs[1], "the run is random: secrets.randbits(64)"
        assert all(0 < run < 2**64 for found in runs for run in found)

    def test_capture_times_never_go_back(self, tmp_path: Path) -> None:
        """Latency and rate are told by them."""
        items = self.taken(tmp_path)
        for times in ([item.captured_ns for item in items], [item.captured_mono_ns for item in items]):
            assert times == sorted(times)
        assert all(0 < item.captured_ns < 2**63 for item in items)
        for item in items:
            assert (item.clock == clock.boot_id()) == (item.captured_mono_ns > 0), (
                "captured_mono_ns goes with the boot it was measured on, and without one is 0"
            )

    def test_pixels_are_what_the_format_says(self, tmp_path: Path) -> None:
        """Nobody has to guess the order of colours."""
        for frame in self._frames(tmp_path):
            assert guess_format(frame.shape, frame.dtype, frame.format) == frame.format
            assert (frame.data.shape, frame.data.dtype) == (frame.shape, frame.dtype)
            assert frame.image.size > 0

    def test_pixels_are_read_only(self, tmp_path: Path) -> None:
        """A frame may have several readers."""
        for frame in self._frames(tmp_path):
            assert not frame.data.flags.writeable
            assert not frame.image.flags.writeable

    def test_frames_keep_their_pixels(self, tmp_path: Path) -> None:
        """A maker that fills the same buffer again changes frames that somebody still looks at."""
        with self.opened(tmp_path) as maker:
            seen = [(item, _bytes(item)) for item in islice(maker, self.enough)]
            assert all(_bytes(item) == data for item, data in seen)

    def test_frames_travel(self, tmp_path: Path) -> None:
        """Whatever a maker makes can be sent to another process and is the same there."""
        for item in self.taken(tmp_path):
            head, payload = header.encode(item)
            there, _ = header.decode(head, payload)
            assert there.identity == item.identity
            assert there.captured_ns == item.captured_ns
            assert dict(there.meta) == dict(item.meta), "meta is what JSON can carry, with text as keys"
            assert _bytes(there) == _bytes(item)

    def test_close_ends_it(self, tmp_path: Path) -> None:
        """Closed in the middle, it gives no further frame, and raises nothing."""
        with self.opened(tmp_path) as maker:
            frames = iter(maker)
            next(frames)
            maker.close()
            assert next(frames, None) is None

    def test_close_from_another_thread_ends_a_wait(self, tmp_path: Path) -> None:
        """Whoever waits for the next frame does not wait for ever."""
        with self.opened(tmp_path) as maker:
            begun, failures = threading.Event(), []

            def read() -> None:
                try:
                    for _ in maker:
                        begun.set()
                except BaseException as error:
                    failures.append(error)
                begun.set()

            thread = threading.Thread(target=read, name="reader", daemon=True)
            thread.start()
            assert begun.wait(PATIENCE_S), "no frame came"
            maker.close()
            thread.join(PATIENCE_S)
            assert not thread.is_alive(), "the iteration goes on after close()"
            assert not failures, f"close() made the iteration fail: {failures}"

    def test_close_twice_and_without_reading(self, tmp_path: Path) -> None:
        """It closes everything, however little was done."""
        with nothing_left_open():
            maker = self.make(tmp_path)
            maker.close()
            maker.close()

    def test_nothing_stays_open(self, tmp_path: Path) -> None:
        """No thread, no file, whether read to the end or not."""
        self.taken(tmp_path)
        with nothing_left_open():
            self.taken(tmp_path)

    def _frames(self, tmp_path: Path) -> list[Frame]:
        return [item for item in self.taken(tmp_path) if isinstance(item, Frame)]


def _bytes(item: Item) -> bytes:
    return item.data.tobytes()
