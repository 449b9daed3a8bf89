"""Pictures on disk: complete or not there, so many a day and no more, and a full disk is no end."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from framebus.compat.imagehub.picture_store import Images
from framebus.core.errors import Unavailable
from framebus.sinks import place

WHEN = datetime(2025, 11, 21, 8, 30)
SECOND = timedelta(seconds=1)


@pytest.fixture
def images(tmp_path: Path) -> Iterator[Images]:
    opened = Images(str(tmp_path / "images"), most=3)
    yield opened
    opened.close()


def files(images: Images) -> list[str]:
    return sorted(str(path.relative_to(images.root)) for path in Path(images.root).rglob("*") if path.is_file())


def test_a_picture_is_what_was_sent(images: Images) -> None:
    path = images.put("Barn", WHEN, b"jpeg")
    assert path == "2025-11-21/Barn-2025-11-21T08.30.00.000000.jpg"
    assert (Path(images.root) / path).read_bytes() == b"jpeg"


def test_a_day_has_so_many_and_the_next_one_begins_anew(images: Images) -> None:
    put = [images.put("Barn", WHEN + number * SECOND, b"jpeg") is not None for number in range(5)]
    assert put == [True, True, True, False, False]
    assert images.put("Barn", WHEN + timedelta(days=1), b"jpeg") is not None
    assert len(files(images)) == 4


def test_what_is_there_counts_after_a_restart(images: Images) -> None:
    images.put("Barn", WHEN, b"jpeg")
    images.put("Barn", WHEN + SECOND, b"jpeg")
    images.close()
    again = Images(images.root, most=3)
    assert again.put("Barn", WHEN + 2 * SECOND, b"jpeg") is not None
    assert again.put("Barn", WHEN + 3 * SECOND, b"jpeg") is None
    again.close()


def test_two_in_the_same_microsecond_are_two_files(images: Images) -> None:
    assert images.put("Barn", WHEN, b"one") != images.put("Barn", WHEN, b"two")
    assert len(files(images)) == 2


def test_a_full_disk_leaves_nothing_half_written_and_is_no_end(images: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(partial: str, data: bytes, *, fsync: bool) -> None:
        Path(partial).write_bytes(data[:2])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(place, "write_new", half)
        with pytest.raises(Unavailable, match="disk is full"):
            images.put("Barn", WHEN, b"jpeg")
    assert files(images) == []
    assert images.put("Barn", WHEN, b"jpeg") is not None


def test_a_directory_that_was_removed_is_made_again(images: Images) -> None:
    images.put("Barn", WHEN, b"jpeg")
    shutil.rmtree(images.root)
    with pytest.raises(Unavailable):
        images.put("Barn", WHEN, b"jpeg")
    assert images.put("Barn", WHEN, b"jpeg") is not None


def test_two_hubs_do_not_share_a_directory(images: Images) -> None:
    with pytest.raises(Unavailable, match="another sink"):
        Images(images.root, most=3)


def test_a_place_that_cannot_be_is_an_error_at_once(tmp_path: Path) -> None:
    (tmp_path / "images").write_text("a file")
    with pytest.raises(Unavailable):
        Images(os.path.join(tmp_path, "images"), most=3)
