"""What readers get of a publisher that spools: everything, in order, whoever was away."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from framebus.core.frame import Frame
from framebus.links.spool.retention import SpoolRetention
from framebus.session.outgoing import Entry
from tests.links.spools import files
from tests.links.yard import Yard, got, send, whole
from tests.session.desk import RUN


def test_ten_times_what_fits_into_memory_is_kept_and_read_in_order(yard: Yard) -> None:
    publisher = yard.spooler()
    yard.away(publisher)
    send(publisher, *range(100))
    assert publisher.retained == 0
    assert publisher.session.audience.retention.stored[0] == 100
    assert got(yard.saver(publisher).read_items()) == whole(RUN, *range(100))
    assert publisher.session.audience.retention.stored == (0, 0)
    assert files(yard.folder) == []


def test_what_is_kept_counts_as_delivered_to_whoever_sent_it(yard: Yard) -> None:
    publisher = yard.spooler()
    reader = yard.saver(publisher)
    send(publisher, 0)
    assert publisher.done == []
    reader.read_all()
    assert publisher.done == [0]
    reader.cut()
    send(publisher, 1)
    assert publisher.done == [0, 1]


def test_the_pixels_are_the_same(yard: Yard) -> None:
    publisher = yard.spooler(retain=100_000)
    yard.away(publisher)
    image = np.arange(30_000, dtype=np.uint16).reshape(100, 100, 3)
    sent = Frame(
        content=image, stream="cam", run=RUN, seq=0, captured_ns=17, captured_mono_ns=4, clock="here", format="array",
        meta={"exposure": 0.5}, extra=(("mask", image[..., 0]),),
    )  # fmt: skip
    publisher.send(sent)
    image = image.copy()
    (item,) = yard.saver(publisher).read_items()
    assert isinstance(item, Frame)
    assert (item.data == image).all()
    assert (item.arrays["mask"] == image[..., 0]).all()
    kept = ("stream", "run", "seq", "captured_ns", "captured_mono_ns", "clock", "format", "meta")
    assert [getattr(item, name) for name in kept] == [getattr(sent, name) for name in kept]


def test_nobody_else_waits_for_a_group_that_is_away(yard: Yard) -> None:
    publisher = yard.spooler()
    yard.away(publisher)
    here = yard.saver(publisher, "here")
    newest = yard.reader(publisher, "viewer")
    for number in range(50):
        newest.ask()
        send(publisher, number)
        assert here.read_all() == newest.read_all() == [number]
    assert got(yard.saver(publisher).read_items()) == whole(RUN, *range(50))


def test_a_frame_that_a_slow_viewer_may_still_be_shown_stays_in_memory(yard: Yard) -> None:
    publisher = yard.spooler()
    yard.away(publisher)
    viewer = yard.reader(publisher, "viewer")
    send(publisher, 0, 1, 2)
    assert publisher.retained == 100
    assert viewer.read_all() == [2]


def test_a_reader_that_is_behind_gets_the_rest_from_disk(yard: Yard) -> None:
    publisher = yard.spooler()
    reader = yard.saver(publisher)
    send(publisher, *range(30))
    assert publisher.retained == 800  # on their way
    assert publisher.session.audience.retention.stored[0] == 22
    assert got(reader.read_items()) == whole(RUN, *range(30))


def test_what_was_on_its_way_to_a_reader_that_went_is_put_away_too(yard: Yard) -> None:
    publisher = yard.spooler()
    reader = yard.saver(publisher)
    send(publisher, *range(5))
    assert (publisher.retained, publisher.session.audience.retention.stored[0]) == (500, 0)
    reader.cut()
    yard.settle()
    assert (publisher.retained, publisher.session.audience.retention.stored[0]) == (0, 5)
    send(publisher, 5)
    reader.connect()
    assert got(reader.read_items()) == whole(RUN, *range(6))
    assert reader.session.repeated == 5


def test_memory_stays_within_retain_however_many_read(yard: Yard) -> None:
    publisher = yard.spooler(retain=1000)
    readers = [yard.saver(publisher, f"group{n}") for n in range(4)]
    for number in range(40):
        send(publisher, number)
        assert publisher.retained <= 1000
    everything = [[item.seq for item in reader.read_items()] for reader in readers]
    while any(reader.read_all() for reader in readers):
        pass
    assert all(numbers == sorted(numbers) for numbers in everything)
    assert publisher.session.audience.retention.stored == (0, 0)
    assert all(reader.missed == 0 for reader in readers)


def test_memory_stays_within_retain_however_much_a_reader_would_take(yard: Yard) -> None:
    publisher = yard.spooler(retain=1000)
    yard.away(publisher)
    send(publisher, *range(20), nbytes=400)
    reader = yard.saver(publisher)
    numbers: list[int] = []
    while len(numbers) < 20:
        assert publisher.retained <= 1000
        numbers += reader.read_all()
    assert numbers == list(range(20))


def test_large_frames_come_back_one_at_a_time_so_that_others_have_their_turn(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = yard.spooler(retain=10_000_000, size=100_000_000)
    yard.away(publisher)
    send(publisher, *range(4), nbytes=1_000_000)
    story: list[str] = []
    recall, tick = SpoolRetention.recall, publisher.session.tick

    def recalling(retention: SpoolRetention, entry: Entry) -> bool:
        story.append("recall")
        return recall(retention, entry)

    def ticking(now: float) -> None:
        story.append("tick")
        tick(now)

    monkeypatch.setattr(SpoolRetention, "recall", recalling)
    monkeypatch.setattr(publisher.session, "tick", ticking)
    assert yard.saver(publisher).read_all() == [0, 1, 2, 3]
    assert story.count("recall") == 4
    assert ("recall", "recall") not in itertools.pairwise(story)


def test_members_of_a_group_share_what_is_kept_each_frame_once(yard: Yard) -> None:
    publisher = yard.spooler()
    yard.away(publisher, "pool")
    send(publisher, *range(40))
    both = [yard.saver(publisher, "pool") for _ in range(2)]
    numbers: list[int] = []
    for _ in range(40):
        for reader in both:
            if (item := reader.read()) is not None:
                numbers.append(item.seq)
    assert sorted(numbers) == list(range(40))
    assert all(reader.missed == 0 for reader in both)
