"""What is sent again unless it is acknowledged: every frame that somebody asked for, though the stream is live."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import framebus as fb
from framebus.core.errors import Closed
from framebus.core.source import Source
from framebus.core.statistics import Stats
from framebus.testing import samples
from framebus.testing.links import WAIT_S
from tests.verbs.makers import Fed

PICTURE = np.zeros((48, 64, 3), np.uint8)


@pytest.fixture
def link(runtime_dir: Path) -> str:
    return f"ipc://{runtime_dir}/cam.sock"


@pytest.mark.parametrize("wait_for", [1, ["work"]])
@pytest.mark.parametrize("among_others", [False, True])
def test_a_frame_of_a_group_that_is_waited_for_is_owed_any_other_live_one_is_not(
    link: str, wait_for: int | list[str], among_others: bool
) -> None:
    with fb.publish(link, wait_for=wait_for) as out, fb.open(link, group="work" if wait_for != 1 else None) as one:
        source = fb.open(one, Fed()) if among_others else one
        with source:
            source.fileno()
            out.send(PICTURE)
            frame = source.take(WAIT_S)
            assert frame is not None
            assert source.live
            assert source.lossless == source.owes(frame) == (wait_for != 1)
            source.done(frame)


def test_of_sources_that_are_no_links_finite_ones_owe() -> None:
    with fb.open(samples(1)) as finite, fb.open("synthetic:") as live:
        assert finite.lossless
        assert not live.lossless


class Live(Source[fb.Frame]):
    """Live, and every frame of it is owed."""

    lossless = True

    def __init__(self) -> None:
        super().__init__()
        self.frames = samples(3)
        self.acknowledged: list[int] = []

    def take(self, timeout: float | None) -> fb.Frame | None:
        return self.frames.pop(0) if self.frames else None

    def done(self, item: fb.Frame) -> None:
        self.acknowledged.append(item.seq)

    def fileno(self) -> int:
        raise Closed("nobody waits for it")

    def stats(self) -> Stats:
        return Stats()

    def close(self) -> None:
        return


def test_a_map_acknowledges_what_is_owed_after_its_result_was_taken() -> None:
    source = Live()
    seen = []
    with closing(fb.map(lambda image: image, source, workers=1)) as results:
        for result in results:
            seen.append((result.seq, list(source.acknowledged)))
    assert seen == [(0, []), (1, [0]), (2, [0, 1])]
    assert source.acknowledged == [0, 1, 2]
