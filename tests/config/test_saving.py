"""When a file counts as saved."""

from __future__ import annotations

import os
from pathlib import Path

from framebus.config.saving import Saving, Signature, signature

OLD: Signature = (1, 10, 7)
HALF: Signature = (2, 4, 7)
NEW: Signature = (2, 12, 7)


def seen(*looks: Signature | None) -> list[bool]:
    saving = Saving(OLD)
    return [saving.saved(look) for look in looks]


def test_an_unchanged_file_was_not_saved() -> None:
    assert seen(OLD, OLD) == [False, False]


def test_a_change_counts_once_it_has_settled_and_only_once() -> None:
    assert seen(HALF, NEW, NEW, NEW) == [False, False, True, False]


def test_a_file_that_is_gone_for_a_moment_is_no_change() -> None:
    assert seen(None, None, OLD, OLD) == [False] * 4
    assert seen(None, NEW, NEW) == [False, False, True]


def test_going_back_counts_too() -> None:
    assert seen(NEW, NEW, OLD, OLD) == [False, True, False, True]


def test_the_signature_tells_a_file_from_another_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    assert signature(str(path)) is None
    path.write_text("x")
    first = signature(str(path))
    other = tmp_path / "b.toml"
    other.write_text("y")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)
    assert signature(str(path)) not in (None, first)
