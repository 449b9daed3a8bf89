"""Several sources in one loop: each gets its turn, acknowledgements go back, all ends are waited for."""

from __future__ import annotations

import select
import threading

import pytest

from framebus.core.contracts import Item, Maker
from framebus.core.errors import Closed, Timeout
from framebus.verbs.merged import MergedSource
from framebus.verbs.opened import MadeSource
from tests.verbs.makers import Fed, Listed, picture


class Acknowledged(MadeSource):
    """Remembers what was acknowledged."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.acknowledged: list[int] = []

    def done(self, item: Item) -> None:
        self.acknowledged.append(item.seq)


def test_all_frames_of_all_sources_come_and_no_source_starves() -> None:
    left = MadeSource(Listed([picture(n, "left") for n in range(10)]))
    right = MadeSource(Listed([picture(n, "right") for n in range(10)]))
    with MergedSource([left, right]) as both:
        streams = [item.stream for item in both]
    assert sorted(streams) == ["left"] * 10 + ["right"] * 10
    assert streams[:4] in (["left", "right"] * 2, ["right", "left"] * 2)


def test_it_ends_when_the_last_source_ends() -> None:
    live = Fed()
    with MergedSource([MadeSource(Listed([picture(0, "file")])), MadeSource(live)]) as both:
        assert both.read(timeout=10).stream == "file"
        live.put(picture(0, "camera"))
        assert both.read(timeout=10).stream == "camera"
        live.put(None)
        assert list(both) == []


def test_acknowledgements_go_to_the_source_a_frame_came_from() -> None:
    left, right = (
        Acknowledged(Listed([picture(1, "left")])),
        Acknowledged(Listed([picture(2, "right")])),
    )
    with MergedSource([left, right]) as both:
        list(both)
    assert (left.acknowledged, right.acknowledged) == ([1], [2])


def test_the_counters_of_all_are_together_and_each_under_its_name() -> None:
    sources = [MadeSource(Listed([picture(n, "same") for n in range(count)])) for count in (2, 3)]
    with MergedSource(sources) as both:
        list(both)
        assert both.stats().frames == 5
        assert len(both.stats().streams) == 2


def test_the_descriptor_is_readable_when_any_source_is_and_at_the_end() -> None:
    one, other = Fed(), Fed()
    with MergedSource([MadeSource(one), MadeSource(other)]) as both:
        assert not select.select([both.fileno()], [], [], 0)[0]
        other.put(picture(0))
        assert select.select([both.fileno()], [], [], 10)[0]
        both.take(0)
        assert not select.select([both.fileno()], [], [], 0)[0]
        one.put(None)
        other.put(None)
        assert list(both) == []
        assert select.select([both.fileno()], [], [], 10)[0]


def test_nothing_there_raises_timeout() -> None:
    with MergedSource([MadeSource(Fed()), MadeSource(Fed())]) as both, pytest.raises(Timeout, match="2 sources"):
        both.take(0)


def test_close_wakes_whoever_waits_and_closes_all() -> None:
    makers: list[Maker] = [Listed([]), Fed()]
    both = MergedSource([MadeSource(maker) for maker in makers])
    raised = threading.Event()

    def wait() -> None:
        with pytest.raises(Closed):
            both.take(None)
        raised.set()

    thread = threading.Thread(target=wait)
    thread.start()
    both.close()
    both.close()
    thread.join(10)
    assert raised.is_set()


def test_it_is_live_when_one_of_them_is() -> None:
    file, camera = MadeSource(Listed([])), MadeSource(Fed())
    with MergedSource([file, camera]) as both:
        assert both.live
    with MergedSource([MadeSource(Listed([]))]) as alone:
        assert not alone.live
