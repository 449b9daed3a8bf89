"""A spool whose files are not what was written: told of, kept apart, and never more than a gap."""

from __future__ import annotations

import shutil
import struct
import tempfile
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framebus.core.errors import BadFrame
from framebus.links.spool import notes, records
from tests.links.spools import files, owed, put, store


@pytest.fixture(scope="module")
def sound() -> Path:
    """A spool of two files, with a frame that one of two groups has."""
    folder = Path(tempfile.mkdtemp()) / "sound"
    spool = store(folder, max_bytes=32_000)
    for order in range(6):
        put(spool, order, "left", "right", nbytes=400)
    spool.done(0, "left")
    spool.close()
    return folder


@pytest.fixture
def spoiled(sound: Path, tmp_path: Path) -> Path:
    """A copy of it that may be spoiled."""
    folder = tmp_path / "spool"
    shutil.copytree(sound, folder)
    return folder


def spoil(path: Path, at: int, by: bytes) -> None:
    """Other bytes in the middle of a file."""
    with path.open("r+b") as file:
        file.seek(at)
        file.write(by)


def test_a_torn_tail_is_cut_off_without_a_word(spoiled: Path, caplog: pytest.LogCaptureFixture) -> None:
    last = files(spoiled)[-1]
    size = last.stat().st_size
    with last.open("ab") as file:
        file.write(last.read_bytes()[: size // 2 - 1])
    spool = store(spoiled)
    assert owed(spool) == {"left": [1, 2, 3, 4, 5], "right": [0, 1, 2, 3, 4, 5]}
    assert last.stat().st_size == size
    assert not caplog.records
    spool.close()


def test_what_follows_a_damaged_place_is_kept_apart_and_named(spoiled: Path, caplog: pytest.LogCaptureFixture) -> None:
    first, _ = files(spoiled)
    size = first.stat().st_size
    spoil(first, size // 2, b"?" * 300)
    spool = store(spoiled)
    assert owed(spool) == {"left": [1, 4, 5], "right": [0, 1, 4, 5]}
    assert f"{first}: no record begins there (byte {size // 2})" in caplog.text
    assert (spoiled / f"{first.name}.damaged").stat().st_size == size - size // 2
    spool.close()


def test_a_file_of_rubbish_is_kept_apart(spoiled: Path, caplog: pytest.LogCaptureFixture) -> None:
    (spoiled / "0000000009.frames").write_bytes(b"rubbish" * 100)
    spool = store(spoiled)
    assert owed(spool)["right"] == [0, 1, 2, 3, 4, 5]
    assert (spoiled / "0000000009.frames.damaged").read_bytes() == b"rubbish" * 100
    assert "no record begins there" in caplog.text
    spool.close()


def test_a_length_that_changed_hides_nothing(spoiled: Path, caplog: pytest.LogCaptureFixture) -> None:
    first, _ = files(spoiled)
    spoil(first, 12, b"\xff")  # the second byte of the head's length, in the first record
    store(spoiled).close()
    assert first.with_name(f"{first.name}.damaged").exists()
    assert "no record begins there" in caplog.text


def test_a_file_that_is_there_twice_counts_once(spoiled: Path) -> None:
    shutil.copy(files(spoiled)[0], spoiled / "0000000009.frames")
    spool = store(spoiled)
    assert owed(spool) == {"left": [1, 2, 3, 4, 5], "right": [0, 1, 2, 3, 4, 5]}
    spool.close()
    assert not (spoiled / "0000000009.frames").exists()


def test_lengths_that_lie_cost_no_memory(spoiled: Path) -> None:
    lengths = struct.pack("<IIQII", 2**32 - 1, 2**32 - 1, 2**63, 0, 0)
    (spoiled / "0000000009.frames").write_bytes(records.MAGIC + struct.pack("<I", crc32(lengths)) + lengths)
    spool = store(spoiled)
    assert owed(spool)["right"] == [0, 1, 2, 3, 4, 5]
    spool.close()


def test_without_its_journal_everything_is_sent_again(spoiled: Path) -> None:
    (spoiled / "journal").unlink()
    spool = store(spoiled)
    assert owed(spool) == {"left": [0, 1, 2, 3, 4, 5], "right": [0, 1, 2, 3, 4, 5]}
    spool.close()


def test_a_record_that_is_no_label_is_left_out(spoiled: Path, caplog: pytest.LogCaptureFixture) -> None:
    with (spoiled / "0000000009.frames").open("wb") as file:
        for part in records.frame(b"no label", b"{}", b"pixels"):
            file.write(part)
    spool = store(spoiled)
    assert owed(spool)["right"] == [0, 1, 2, 3, 4, 5]
    assert "not the label of a frame" in caplog.text
    spool.close()


def test_a_journal_that_claims_everything_is_done_takes_no_time(spoiled: Path) -> None:
    with (spoiled / "journal").open("ab") as file:
        everything = notes.Done("left", ((0, 2**61), (0, 2**62 - 1)))
        for part in records.frame(notes.encode(everything)):
            file.write(part)
    spool = store(spoiled)
    assert owed(spool) == {"left": [], "right": [0, 1, 2, 3, 4, 5]}
    spool.close()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_is_spoiled_it_opens_and_gives_nothing_wrong(sound: Path, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "spool"
        shutil.copytree(sound, folder)
        path = data.draw(st.sampled_from([*files(folder), folder / "journal"]))
        at = data.draw(st.integers(0, path.stat().st_size - 1))
        spoil(path, at, data.draw(st.binary(min_size=1, max_size=200)))
        spool = store(folder)
        for found, place in spool.found:
            try:
                _, payload = spool.read(place)
            except BadFrame:
                continue
            assert bytes(payload) == found.order.to_bytes(4, "big") * 100
        put(spool, spool.next_order, "left")
        spool.close()
        store(folder).close()
