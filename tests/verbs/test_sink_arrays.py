"""Arrays that a program sends to a sink and uses again are copied where the sink may look at them later."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import framebus as fb
from framebus.core.contracts import Done, Item
from framebus.core.frame import Frame
from framebus.verbs.sinking import SinkPublisher


class Keeping:
    """A sink that keeps what it is given."""

    keep: str | None = None
    group: str | None = None

    def __init__(self) -> None:
        self.items: list[Item] = []

    def write(self, item: Item, done: Done) -> None:
        self.items.append(item)
        done()

    def close(self) -> None:
        pass


class ReadingAtOnce(Keeping):
    at_once = True


@pytest.mark.parametrize(("sink", "copied"), [(Keeping(), True), (ReadingAtOnce(), False)])
def test_what_a_sink_may_look_at_later_is_copied(sink: Keeping, copied: bool) -> None:
    image = np.zeros((4, 4), np.uint8)
    with SinkPublisher(sink) as out:
        out.send(image)
    (frame,) = sink.items
    assert isinstance(frame, Frame)
    assert np.shares_memory(frame.data, image) is not copied


@pytest.mark.parametrize(
    ("name", "options", "at_once"),
    [
        ("run.h5", {}, True),
        ("run.h5", {"compress": "lz4"}, False),
        ("run.h5", {"around": lambda frame: True}, False),
        ("run.zarr", {}, True),
        ("run.zarr", {"compress": "gzip"}, False),
        ("run.tif", {}, True),
    ],
)
def test_files_have_the_pictures_that_were_sent(
    tmp_path: Path, name: str, options: dict[str, object], at_once: bool
) -> None:
    image = np.zeros((32, 32), np.uint16)
    with fb.publish(tmp_path / name, **options) as out:  # type: ignore[arg-type]
        assert isinstance(out, SinkPublisher)
        assert getattr(out.sink, "at_once", False) is at_once
        for number in range(20):
            image[:] = number
            out.send(image)
    written = tmp_path / name if (tmp_path / name).exists() else next(tmp_path.glob("*.h5"))
    with fb.open(written) as recording:
        assert [int(frame.image.max()) for frame in recording] == list(range(20))
