"""What one process leaves in a spool, another one finds there: whatever happened in between."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from framebus.core.errors import BadFrame, Unavailable
from framebus.links.spool import notes
from framebus.links.spool.segments import Place
from framebus.links.spool.spool_folder import Holder
from framebus.links.spool.store import Store
from tests.links.spools import RUN, content, files, label, owed, put, store

GROUPS = ("left", "right")


def test_what_is_put_is_found_again_in_order_and_for_whom_it_is(tmp_path: Path) -> None:
    spool = store(tmp_path)
    put(spool, 1, "left", "right")
    put(spool, 0, "left")
    spool.close()
    again = store(tmp_path)
    assert owed(again) == {"left": [0, 1], "right": [1]}
    assert again.next_order == 2
    again.close()


def test_what_was_acknowledged_is_not_found_again(tmp_path: Path) -> None:
    spool = store(tmp_path)
    for order in range(4):
        put(spool, order, "left", "right")
    spool.done(1, "left")
    spool.done(2, "right")
    spool.close()
    again = store(tmp_path)
    assert owed(again) == {"left": [0, 2, 3], "right": [0, 1, 3]}
    again.close()


def test_files_go_as_soon_as_nobody_is_owed_any_of_them(tmp_path: Path) -> None:
    spool = store(tmp_path, max_bytes=160_000)  # ten thousand bytes in each
    places = [put(spool, order, "left", nbytes=4000) for order in range(10)]
    assert len(files(tmp_path)) == 5
    for order, place in enumerate(places[:4]):
        spool.done(order, "left")
        spool.drop(place)
    assert len(files(tmp_path)) == 3
    assert spool.used == sum(path.stat().st_size for path in files(tmp_path))
    for order, place in enumerate(places[4:], 4):
        spool.done(order, "left")
        spool.drop(place)
    assert files(tmp_path) == []
    assert (spool.used, spool.frames) == (0, 0)
    spool.close()


def test_numbers_go_on_so_that_an_old_acknowledgement_means_no_new_frame(tmp_path: Path) -> None:
    spool = store(tmp_path)
    place = put(spool, 7, "left")
    spool.done(7, "left")
    spool.drop(place)
    spool.commit()
    spool.disown()
    again = store(tmp_path)
    assert again.next_order == 8
    again.close()


def test_a_frame_may_be_owed_to_one_group_more(tmp_path: Path) -> None:
    spool = store(tmp_path)
    put(spool, 0, "left")
    spool.remember(notes.Group("right"))
    spool.owe(0, notes.Share("right", 0, -1, 0))
    spool.done(0, "left")
    spool.close()
    for _ in range(2):
        again = store(tmp_path)
        assert owed(again) == {"left": [], "right": [0]}
        again.close()


def test_a_group_that_got_its_name_late_keeps_what_it_is_owed(tmp_path: Path) -> None:
    spool = store(tmp_path)
    for order in range(3):
        put(spool, order, "run.h5")
    spool.done(0, "run.h5")
    spool.rename("run.h5", notes.Group("run.h5.1a2b3c4d"), until=3)
    spool.done(1, "run.h5.1a2b3c4d")
    spool.close()
    for _ in range(2):
        again = store(tmp_path)
        assert owed(again) == {"run.h5.1a2b3c4d": [2]}
        again.close()


def test_how_far_a_group_was_is_known_as_long_as_something_of_that_run_is_owed(tmp_path: Path) -> None:
    spool = store(tmp_path)
    place = put(spool, 5, "left")
    put(spool, 6, "left")
    spool.mark("left", "cam", RUN, (4, 1))
    spool.mark("left", "cam", RUN, (2, 0))
    spool.mark("left", "cam", 1, (9, 9))
    spool.done(5, "left")
    spool.drop(place)
    spool.close()
    for _ in range(2):
        again = store(tmp_path)
        assert again.marks.of("left") == {("cam", RUN): (4, 1)}
        again.close()


def test_how_far_a_group_was_is_written_down_before_the_file_goes(tmp_path: Path) -> None:
    spool = store(tmp_path, max_bytes=16_000)
    place = put(spool, 5, "left", nbytes=4000)
    put(spool, 6, "left", nbytes=4000)
    spool.commit()
    spool.mark("left", "cam", RUN, (5, 0))
    spool.done(5, "left")
    spool.drop(place)
    spool.disown()
    again = store(tmp_path)
    assert again.marks.of("left") == {("cam", RUN): (5, 0)}
    again.close()


def test_what_a_group_wants_is_written_down_before_its_first_frame(tmp_path: Path) -> None:
    spool = store(tmp_path)
    spool.remember(notes.Group("left", ("cam",), 5.0, exclusive=True))
    spool.put(label(0, "left"), b"{}", content(0))
    spool.disown()
    again = store(tmp_path)
    assert again.groups["left"] == notes.Group("left", ("cam",), 5.0, exclusive=True)
    again.close()


def test_fsync_reaches_the_disk_before_anybody_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr("os.fsync", synced.append)
    spool = Store(str(tmp_path), 1_000_000, fsync=True)
    spool.commit()
    assert synced == []
    put(spool, 0, "left")
    spool.commit()
    assert len(set(synced)) == 2
    spool.close()


def test_a_forgotten_group_is_owed_nothing(tmp_path: Path) -> None:
    spool = store(tmp_path)
    put(spool, 0, "left")
    spool.forget("left")
    spool.close()
    again = store(tmp_path)
    assert owed(again) == {}
    assert files(tmp_path) == []
    again.close()


def test_the_journal_is_written_anew_before_it_outgrows_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framebus.links.spool.owed_journal.LEAST_BYTES", 2000)
    spool = store(tmp_path)
    put(spool, 0, "left")
    for order in range(1, 500):
        place = put(spool, order, "left")
        spool.done(order, "left")
        spool.drop(place)
        spool.commit()
    assert (tmp_path / "journal").stat().st_size < 10_000
    spool.close()
    again = store(tmp_path)
    assert owed(again) == {"left": [0]}
    again.close()


def test_only_one_process_has_it_and_the_next_one_is_told_which(tmp_path: Path) -> None:
    spool = Store(str(tmp_path / "yard"), 1000, holder=Holder(4711, "python camera.py", "tcp://localhost:5555/yard"))
    with pytest.raises(Unavailable, match=r"python camera.py \(pid 4711\), which publishes tcp://localhost:5555/yard"):
        store(tmp_path / "yard")
    spool.close()
    store(tmp_path / "yard").close()


def test_a_folder_that_others_may_look_into_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    with pytest.raises(Unavailable, match="chmod 700"):
        store(folder)
    store(tmp_path / "made" / "here").close()
    assert (tmp_path / "made" / "here").stat().st_mode & 0o777 == 0o700


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(Unavailable, match="cannot be used"):
        store(tmp_path / "file")


# whatever happens -------------------------------------------------------------------------------------------------


class Spooling(RuleBasedStateMachine):
    """Frames come and are acknowledged; the process closes in order, is killed, or its newest file is cut short."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.spool: Store
        self.places: dict[int, Place]
        self.ends: dict[int, int] = {}
        self.owed: dict[str, set[int]]
        self.possible: dict[str, set[int]]
        """Owed now, or acknowledged since that was written down last."""

    @initialize()
    def open(self) -> None:
        self.spool = store(self.folder, max_bytes=16_000)
        self.places = {found.order: place for found, place in self.spool.found}
        self.owed = {group: set() for group in GROUPS}
        for group, orders in owed(self.spool).items():
            self.owed[group] = set(orders)
        self.next = self.spool.next_order
        self._commit()

    def _commit(self) -> None:
        self.spool.commit()
        self.possible = {group: set(orders) for group, orders in self.owed.items()}

    @rule(groups=st.sampled_from([("left",), ("right",), GROUPS]), nbytes=st.sampled_from([0, 4, 400, 3000]))
    def put(self, groups: tuple[str, ...], nbytes: int) -> None:
        self.places[self.next] = put(self.spool, self.next, *groups, nbytes=nbytes)
        self.ends[self.next] = self.places[self.next].segment.size
        for group in groups:
            self.owed[group].add(self.next)
            self.possible[group].add(self.next)
        self.next += 1

    @rule(group=st.sampled_from(GROUPS), at=st.floats(0, 1, exclude_max=True))
    def acknowledge(self, group: str, at: float) -> None:
        if not self.owed[group]:
            return
        order = sorted(self.owed[group])[int(at * len(self.owed[group]))]
        self.owed[group].discard(order)
        self.spool.done(order, group)
        if not any(order in orders for orders in self.owed.values()):
            self.spool.drop(self.places.pop(order))

    @rule()
    def commit(self) -> None:
        self._commit()

    @rule()
    def close(self) -> None:
        self.spool.close()
        self._reopen(self.owed, self.owed)

    @rule()
    def kill(self) -> None:
        self.spool.disown()
        self._reopen(self.owed, self.possible)

    @precondition(lambda self: self.places)
    @rule(at=st.floats(0, 1))
    def cut(self, at: float) -> None:
        self._commit()
        self.spool.disown()
        newest = files(self.folder)[-1]
        end = int(newest.stat().st_size * at)
        whole = {order for order, place in self.places.items() if place.segment.path != str(newest)}
        whole |= {order for order in self.places if self.ends[order] <= end}
        with newest.open("r+b") as file:
            file.truncate(end)
        left = {group: orders & whole for group, orders in self.owed.items()}
        self._reopen(left, left)

    @rule(at=st.floats(0, 1))
    def cut_journal(self, at: float) -> None:
        """Frames come twice then, but none is missing."""
        self.spool.disown()
        journal = self.folder / "journal"
        with journal.open("r+b") as file:
            file.truncate(int(journal.stat().st_size * at))
        self._reopen(self.owed, None)

    def _reopen(self, least: dict[str, set[int]], most: dict[str, set[int]] | None) -> None:
        before = self.next
        self.open()
        for group in GROUPS:
            assert least[group] <= self.owed[group]
            assert most is None or self.owed[group] <= most[group]
        if least == most:
            assert self.next >= max((order + 1 for orders in least.values() for order in orders), default=0)
        assert self.next <= before

    @invariant()
    def adds_up(self) -> None:
        if hasattr(self, "spool"):
            assert self.spool.frames == len(self.places)
            assert self.spool.used == sum(path.stat().st_size for path in files(self.folder))

    def teardown(self) -> None:
        if hasattr(self, "spool"):
            self.spool.close()
        shutil.rmtree(self.folder)


TestSpooling = Spooling.TestCase
TestSpooling.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)


def test_what_cannot_be_read_says_so(tmp_path: Path) -> None:
    spool = store(tmp_path)
    place = put(spool, 0, "left")
    with files(tmp_path)[0].open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"?")
    with pytest.raises(BadFrame, match="checksum"):
        spool.read(place)
    spool.close()
