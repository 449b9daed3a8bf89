"""A spool that is too small, full, broken: frames are missing then, and counted, and nobody waits."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from framebus.links.spool import retention as spooling
from framebus.links.spool.store import Store
from framebus.wire.control import Observe
from tests.links.spools import files
from tests.links.yard import Yard, got, send, whole
from tests.session.desk import RUN, frame


def test_a_full_spool_gives_up_the_oldest_frames_and_counts_them(yard: Yard, caplog: pytest.LogCaptureFixture) -> None:
    publisher = yard.spooler(size=30_000)
    yard.away(publisher)
    send(publisher, *range(300))
    frames, nbytes = publisher.session.audience.retention.stored
    assert publisher.session.audience.retention.needed_bytes > 300 * 100
    assert 20 < frames < 150
    assert nbytes <= 30_000
    reader = yard.saver(publisher)
    items = reader.read_items()
    assert got(items) == [(RUN, 300 - len(items), 300 - len(items)), *whole(RUN, *range(301 - len(items), 300))]
    assert publisher.session.audience.groups["saver"].missed == reader.missed == 300 - frames
    full, caught_up = (record.getMessage() for record in caplog.records)
    assert publisher.session.audience.retention.needed_bytes == 0
    assert "is full" in full
    assert "group saver misses its oldest frames" in full
    assert f"{300 - frames} frames were given up" in caught_up
    needed = int(caught_up.rpartition("spool_size=")[2].split()[0])
    assert needed > 300 * 100


def test_the_size_that_was_said_to_be_enough_is_enough(yard: Yard, caplog: pytest.LogCaptureFixture) -> None:
    publisher = yard.spooler(size=30_000)
    yard.away(publisher)
    send(publisher, *range(300))
    yard.saver(publisher).read_all()
    needed = int(caplog.records[-1].getMessage().rpartition("spool_size=")[2].split()[0])
    yard.end(publisher)
    publisher = yard.spooler(size=needed)
    yard.away(publisher, "other")
    send(publisher, *range(300))
    assert publisher.session.audience.groups["other"].missed == 0


def test_a_group_that_keeps_up_loses_nothing_when_anothers_frames_fill_the_spool(yard: Yard) -> None:
    publisher = yard.spooler(size=30_000)
    yard.away(publisher)
    here = yard.saver(publisher, "here")
    for number in range(300):
        send(publisher, number)
        assert here.read_all() == [number]
    assert here.missed == 0


def test_a_frame_larger_than_the_spool_is_only_kept_in_memory(yard: Yard) -> None:
    publisher = yard.spooler(size=1000)
    yard.away(publisher)
    send(publisher, 0, 1, 2, nbytes=5000)
    assert publisher.session.audience.retention.stored == (0, 0)
    assert got(yard.saver(publisher).read_items()) == [(RUN, 2, 2)]


class Disk:
    """A disk that takes nothing more while it is `full`."""

    def __init__(self, patch: pytest.MonkeyPatch, code: int) -> None:
        self.full = True
        patch.setattr(spooling, "RETRY_S", 0.0)
        put = Store.put

        def refuse(store: Store, *what: Any) -> Any:
            if self.full:
                raise OSError(code, "the disk says no")
            return put(store, *what)

        patch.setattr(Store, "put", refuse)


def test_a_full_disk_costs_frames_never_the_publisher(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    publisher = yard.spooler(retain=2000)
    yard.away(publisher)
    send(publisher, *range(5))
    disk = Disk(monkeypatch, errno.ENOSPC)
    send(publisher, *range(5, 50))
    assert publisher.retained <= 2000
    disk.full = False
    yard.settle()
    send(publisher, *range(50, 60))
    reader = yard.saver(publisher)
    items = reader.read_items()
    assert [item.seq for item in items][-10:] == list(range(50, 60))
    assert len(items) + reader.missed == 60


def test_a_broken_disk_leaves_memory(
    yard: Yard, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    publisher = yard.spooler(retain=2000)
    yard.away(publisher)
    send(publisher, *range(5))
    disk = Disk(monkeypatch, errno.EIO)
    send(publisher, *range(5, 50))
    assert publisher.retained == 2000
    assert [record.getMessage() for record in caplog.records if "disk says no" in record.getMessage()] != []
    disk.full = False
    yard.settle()
    send(publisher, 50)
    reader = yard.saver(publisher)
    items = reader.read_items()
    assert [item.seq for item in items] == [*range(25), 50]
    assert reader.missed == 25


def test_a_frame_that_cannot_be_read_back_is_a_gap(yard: Yard, caplog: pytest.LogCaptureFixture) -> None:
    publisher = yard.spooler()
    yard.away(publisher)
    send(publisher, 0, 1, 2)
    (path,) = files(yard.folder)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"?" * 20)
    reader = yard.saver(publisher)
    assert got(reader.read_items()) == [(RUN, 0, 0), (RUN, 2, 1)]
    assert "frame 1 of stream 'cam' cannot be read" in caplog.text
    assert path.with_name(f"{path.name}.damaged").exists()


def test_a_frame_in_anothers_place_is_a_gap(
    yard: Yard, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    publisher = yard.spooler()
    yard.away(publisher)
    send(publisher, 0, 1)
    read, places = Store.read, [entry.place for entry in publisher.session.audience.groups["saver"]._owed.values()]  # type: ignore[attr-defined]
    monkeypatch.setattr(Store, "read", lambda store, place: read(store, places[0]))
    assert got(yard.saver(publisher).read_items()) == whole(RUN, 0)
    assert "another frame is there" in caplog.text


def test_a_frame_of_which_no_message_can_be_made_is_a_gap(yard: Yard, caplog: pytest.LogCaptureFixture) -> None:
    publisher = yard.spooler()
    yard.away(publisher)
    send(publisher, 0)
    publisher.send(frame(1).replace(meta={"not": object()}))
    send(publisher, 2)
    assert got(yard.saver(publisher).read_items()) == [(RUN, 0, 0), (RUN, 2, 1)]
    assert "meta" in caplog.text


def test_observers_see_what_is_spooled(yard: Yard) -> None:
    publisher = yard.spooler()
    yard.away(publisher)
    send(publisher, 0, 1)
    observer = yard.saver(publisher, "other")
    publisher.session._on_observe(CALLER, Observe(session=""))
    (_, answer) = publisher.session.out[-1]
    status = answer.status  # type: ignore[union-attr]
    assert status["spooled_frames"] == 2
    assert status["spooled_bytes"] == sum(path.stat().st_size for path in files(yard.folder))
    publisher.session.out.clear()
    assert observer.read_all() == []


CALLER = "an observer"
