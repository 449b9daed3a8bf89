"""What every sink promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from framebus.core.contracts import Item, Sink
from framebus.core.errors import BadFrame, Closed
from framebus.core.frame import Frame, Packet
from framebus.core.names import valid_name
from framebus.testing.holding import nothing_left_open
from framebus.testing.samples import RUN, check_text, framed, pictures, raising, samples
from framebus.wire.encodings import encode


class SinkConformance:
    """Subclass it and define `make`; a sink whose frames stay also defines `stored`."""

    formats: Iterable[str] = ("bgr24", "rgb24", "gray8", "gray16", "i420")
    """Which of `framebus.testing.samples.pictures` the sink has to take; others it takes or refuses."""

    def make(self, tmp_path: Path) -> Sink:
        """A sink for this test; asked for a second time, the same place opened again."""
        raise NotImplementedError

    def stored(self, tmp_path: Path) -> int | None:
        """How many frames are kept there now; None for sinks that keep none."""
        return None

    @contextmanager
    def opened(self, tmp_path: Path) -> Iterator[Sink]:
        """A sink that is closed afterwards."""
        sink = self.make(tmp_path)
        try:
            yield sink
        finally:
            sink.close()

    def written(self, tmp_path: Path, items: Iterable[Item]) -> Counter[int]:
        """Write `items` into a sink, close it, and count for each number how often it was done."""
        done: Counter[int] = Counter()
        with self.opened(tmp_path) as sink:
            for item in items:
                sink.write(item, lambda seq=item.seq: done.update([seq]))  # type: ignore[misc]
        return done

    def test_says_what_it_wants(self, tmp_path: Path) -> None:
        """`keep` decides which frames it gets, `group` under which name frames are kept for it."""
        with self.opened(tmp_path) as sink:
            assert isinstance(sink, Sink), "a sink has keep, group, write and close"
            assert sink.keep in ("all", "latest", None)
            assert sink.group is None or valid_name(sink.group), f"{sink.group!r} is no name"

    def test_is_known_by_the_same_name_after_a_restart(self, tmp_path: Path) -> None:
        """Else what is owed to it would be kept for nobody."""
        groups = []
        for _ in range(2):
            with self.opened(tmp_path) as sink:
                groups.append(sink.group)
        assert groups[0] == groups[1]

    def test_says_done_once_for_every_frame(self, tmp_path: Path) -> None:
        """At the latest when it is closed; publishers keep a frame until then."""
        done = self.written(tmp_path, samples(5))
        assert done == Counter(range(5))

    def test_takes_every_format(self, tmp_path: Path) -> None:
        """Those it promises; anything else is taken or refused by name, and the next frame is welcome."""
        with self.opened(tmp_path) as sink:
            for seq, (name, (image, format)) in enumerate(pictures().items()):
                frame = framed(image, format, seq=seq)
                if name in self.formats:
                    sink.write(frame, _nothing)
                else:
                    _offer(sink, frame)

    def test_takes_encoded_frames(self, tmp_path: Path) -> None:
        """Relays pass them on as they came."""
        self.written(tmp_path, [encode(frame, "jpeg=80") for frame in samples(2)])

    def test_takes_frames_that_change_shape(self, tmp_path: Path) -> None:
        """Cameras do that."""
        small, large = samples(1)[0], samples(2, width=64, height=50)[1]
        assert self.written(tmp_path, [small, large]) == Counter([0, 1])

    def test_takes_packets_or_refuses_them(self, tmp_path: Path) -> None:
        """With `BadFrame`, and goes on."""
        packet = Packet(data=memoryview(b"\0\0\0\1"), codec="h264", key=True, pts=0, dts=0, stream="coded", run=RUN)
        with self.opened(tmp_path) as sink:
            _offer(sink, packet)
            sink.write(samples(1)[0], _nothing)

    def test_leaves_frames_as_they_are(self, tmp_path: Path) -> None:
        """Others look at the same pixels."""
        frame = samples(1)[0]
        before = frame.data.copy()
        self.written(tmp_path, [frame])
        assert np.array_equal(frame.data, before)

    def test_keeps_every_frame_written(self, tmp_path: Path) -> None:
        """Where frames stay at all."""
        self.written(tmp_path, samples(5))
        assert self.stored(tmp_path) in (5, None)

    def test_keeps_a_frame_sent_again_once(self, tmp_path: Path) -> None:
        """After a break, publishers send again what was not acknowledged, under the same identity."""
        self.written(tmp_path, samples(4))
        self.written(tmp_path, samples(6)[2:])
        assert self.stored(tmp_path) in (6, None)

    def test_keeps_the_frames_of_earlier_runs(self, tmp_path: Path) -> None:
        """A publisher that was restarted counts from 0 again."""
        self.written(tmp_path, samples(4))
        self.written(tmp_path, samples(3, run=RUN + 1))
        assert self.stored(tmp_path) in (7, None)

    def test_close_is_final_and_idempotent(self, tmp_path: Path) -> None:
        """Writing afterwards raises `Closed`."""
        with self.opened(tmp_path) as sink:
            sink.close()
            sink.close()
            with raising(Closed):
                sink.write(samples(1)[0], _nothing)

    def test_nothing_stays_open(self, tmp_path: Path) -> None:
        """No thread, no file."""
        self.written(tmp_path, samples(2))
        with nothing_left_open():
            self.written(tmp_path, samples(4))


def _offer(sink: Sink, item: Frame | Packet) -> None:
    """Write something the sink may refuse."""
    try:
        sink.write(item, _nothing)
    except BadFrame as error:
        check_text(error)


def _nothing() -> None:
    """Nobody waits."""
