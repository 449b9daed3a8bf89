"""Coded video: dropped by groups of pictures, joined at a key, shared and thinned by nobody."""

from __future__ import annotations

import pytest

from framebus.session.latest import LatestGroup
from framebus.session.stream_progress import MAX_GOP_BYTES
from tests.session.desk import Desk, Listener, Speaker, packet, pair


def play(publisher: Speaker, first: int, last: int, *, every: int = 5) -> None:
    """Packets `first` to `last`, a key at each multiple of `every`."""
    for seq in range(first, last + 1):
        item = packet(seq, key=seq % every == 0)
        publisher.session.audience.blocked_by(item.nbytes, item.stream)
        publisher.send(item)


def decodable(reader: Listener, every: int = 5) -> bool:
    """Every packet that arrived follows the one before it, or is a key."""
    seen = reader.arrived
    return all(seq % every == 0 or before == seq - 1 for before, seq in zip([-9, *seen], seen, strict=False))


def test_once_a_packet_is_dropped_all_up_to_the_next_key_are() -> None:
    _, publisher, reader = pair(window_frames=3)
    reader.ask()
    play(publisher, 0, 12)
    assert reader.arrived == [0, 1, 2]
    assert reader.read_all() == [0, 1, 2, 10, 11, 12]
    assert reader.missed == 7
    assert decodable(reader)


def test_packets_travel_in_a_larger_window_than_pictures() -> None:
    desk = Desk()
    publisher = desk.publisher("here")
    play(publisher, 0, 0)
    reader = desk.reader(publisher, "here")
    reader.ask()
    play(publisher, 1, 4)
    assert reader.arrived == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("keep", ["latest", "all"])
def test_a_reader_that_comes_in_the_middle_starts_at_the_last_key_at_once(keep: str) -> None:
    desk = Desk()
    publisher = desk.publisher()
    play(publisher, 0, 7)
    reader = desk.reader(publisher, keep=keep)
    reader.ask()
    assert reader.arrived == [5, 6, 7]
    play(publisher, 8, 11)
    assert reader.read_all() == [5, 6, 7, 8, 9, 10, 11]
    assert reader.missed == 0


def test_a_reader_of_everything_does_not_start_at_a_key_whose_followers_it_cannot_all_have() -> None:
    desk = Desk()
    publisher = desk.publisher(retain_bytes=300, when_full="wait")
    play(publisher, 0, 4, every=6)
    reader = desk.reader(publisher, keep="all")
    play(publisher, 5, 8, every=6)
    assert reader.arrived == [6, 7, 8]
    assert [(item.seq, item.missed) for item in reader.read_items()] == [(6, 1), (7, 0), (8, 0)]


@pytest.mark.parametrize("keep", ["latest", "all"])
def test_a_key_that_is_larger_than_all_that_may_be_kept_is_a_start(keep: str) -> None:
    desk = Desk()
    publisher = desk.publisher(retain_bytes=50)
    play(publisher, 0, 0)
    reader = desk.reader(publisher, keep=keep)
    reader.ask()
    assert reader.arrived == [0]


@pytest.mark.parametrize("keep", ["latest", "all"])
def test_without_a_key_to_start_at_it_waits_for_the_next(keep: str) -> None:
    desk = Desk()
    publisher = desk.publisher()
    for seq in range(1, 4):
        publisher.send(packet(seq))
    reader = desk.reader(publisher, keep=keep)
    reader.ask()
    play(publisher, 4, 6)
    assert reader.read_all() == [5, 6]
    assert reader.missed == 1


def test_the_group_of_pictures_is_kept_within_limits() -> None:
    desk = Desk()
    publisher = desk.publisher()
    publisher.send(packet(0, key=True, nbytes=MAX_GOP_BYTES // 2))
    publisher.send(packet(1, nbytes=MAX_GOP_BYTES // 2))
    progress = publisher.session.audience.streams["cam"]
    assert len(progress.gop) == 2
    publisher.send(packet(2))
    assert (progress.gop, progress.gop_bytes) == ([], 0)
    publisher.send(packet(3), packet(4, key=True))
    assert [entry.identity.seq for entry in progress.gop] == [4]


def test_a_new_run_starts_a_new_group_of_pictures() -> None:
    desk = Desk()
    publisher = desk.publisher()
    publisher.send(packet(0, key=True), packet(1), packet(0, key=True, run=7))
    progress = publisher.session.audience.streams["cam"]
    assert [entry.identity.run for entry in progress.gop] == [7]
    assert progress.gop_bytes == 100


def test_a_reader_that_returns_gets_only_what_it_has_not_seen() -> None:
    desk, publisher, reader = pair()
    reader.ask()
    play(publisher, 0, 2)
    assert reader.read_all() == [0, 1, 2]
    reader.cut(down_s=0.5)
    play(publisher, 3, 4)
    desk.wait(1)
    assert reader.read_all() == [3, 4]
    assert reader.missed == 0


def test_a_slow_readers_packets_are_held_up_to_a_number() -> None:
    _, publisher, reader = pair(window_frames=1)
    reader.ask()
    limit = LatestGroup.MAX_HELD_PACKETS
    play(publisher, 0, limit + 50, every=10_000)
    [group] = publisher.session.audience.groups.values()
    assert group.owed == 0
    play(publisher, 10_000, 10_002, every=10_000)
    assert group.owed == 3


def test_lossless_readers_lose_whole_groups_of_pictures() -> None:
    desk = Desk()
    publisher = desk.publisher(retain_bytes=1000, when_full="skip")
    reader = desk.reader(publisher, keep="all", group="file", window_frames=2)
    play(publisher, 0, 33)
    items = reader.read_items()
    assert decodable(reader)
    assert len(items) + reader.missed == 34
    assert publisher.session.audience.groups["file"].missed == reader.missed


def test_max_fps_is_refused() -> None:
    desk = Desk()
    publisher = desk.publisher()
    play(publisher, 0, 1)
    reader = desk.reader(publisher, max_fps=5.0)
    assert reader.refusal is not None
    assert reader.refusal.code == "packets"
    assert "max_fps cannot thin coded video" in reader.refusal.message
    other = desk.reader(publisher, "other", max_fps=5.0, want=("pictures",))
    assert other.refusal is None


def test_also_where_the_packets_come_later() -> None:
    _, publisher, reader = pair(max_fps=5.0)
    play(publisher, 0, 1)
    assert reader.session.calling is not None
    assert "max_fps cannot thin" in (reader.session.calling.refusal or "")
    assert publisher.session.idle


def test_a_publisher_that_called_learns_it_too() -> None:
    desk = Desk()
    hub = desk.reader(max_fps=5.0)
    publisher = desk.publisher(calls=hub)
    play(publisher, 0, 0)
    assert publisher.session.calling is not None
    assert "max_fps cannot thin" in (publisher.session.calling.refusal or "")
    second = desk.publisher("second", calls=hub)
    assert second.session.calling is not None
    assert second.session.calling.welcomed


def test_a_group_takes_one_member() -> None:
    desk = Desk()
    publisher = desk.publisher()
    play(publisher, 0, 1)
    first = desk.reader(publisher, "first", keep="all", group="file")
    second = desk.reader(publisher, "second", keep="all", group="file")
    assert second.refusal is not None
    assert (second.refusal.code, second.refusal.retry) == ("packets", True)
    first.kill()
    desk.wait(1)
    assert second.session.calling is not None
    assert second.session.calling.welcomed


def test_members_that_came_before_the_packets_are_sent_away() -> None:
    desk = Desk()
    publisher = desk.publisher()
    readers = [desk.reader(publisher, f"reader{n}", keep="all", group="file") for n in range(2)]
    play(publisher, 0, 1)
    refused = [reader for reader in readers if reader.refusal is not None]
    assert len(refused) == 1
    assert len(publisher.session.audience.members) == 1
