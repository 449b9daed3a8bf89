"""`null:` takes everything and counts."""

from __future__ import annotations

from pathlib import Path

from framebus.core.addresses import Here
from framebus.core.contracts import Sink
from framebus.core.registry import SINKS
from framebus.sinks.null import Null, open_sink
from framebus.testing import SinkConformance, samples
from framebus.testing.samples import pictures
from framebus.wire.encodings import encode


class TestNull(SinkConformance):
    formats = tuple(pictures())

    def make(self, tmp_path: Path) -> Sink:
        return open_sink(Here("null"))


def test_is_what_the_scheme_opens() -> None:
    assert SINKS.get("null") is open_sink


def test_counts_frames_and_bytes_as_carried() -> None:
    sink, frames = Null(), samples(3)
    frames[2] = encode(frames[2], "jpeg")
    for frame in frames:
        sink.write(frame, lambda: None)
    assert (sink.frames, sink.bytes) == (3, sum(frame.nbytes for frame in frames))
    assert frames[2].nbytes < frames[1].nbytes
