"""The durable name of a place on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.names import valid_name
from framebus.sinks import group
from framebus.sinks.group import group_of, host_id


@pytest.fixture(autouse=True)
def _forget_host() -> Iterator[None]:
    host_id.cache_clear()
    yield
    host_id.cache_clear()


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8")))
def test_any_path_gives_a_name(path: str) -> None:
    assert valid_name(group_of(path))


def test_the_same_place_has_one_name_and_others_have_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert group_of("run.h5") == group_of("./run.h5") == group_of(str(tmp_path / "x" / ".." / "run.h5"))
    assert group_of("run.h5").startswith("run.h5.")
    assert group_of("run.h5") != group_of("deeper/run.h5")


def test_other_hosts_have_other_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = set()
    for machine in ("aaaa", "bbbb"):
        (tmp_path / machine).write_text(f"{machine}\n")
        monkeypatch.setattr(group, "_MACHINE_IDS", (str(tmp_path / machine),))
        host_id.cache_clear()
        assert host_id() == machine
        names.add(group_of("/data/run.h5"))
    assert len(names) == 2


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_a_host_without_an_id_is_known_by_its_network_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "id").write_bytes(content)
    monkeypatch.setattr(group, "_MACHINE_IDS", (str(tmp_path / "id"),))
    monkeypatch.setattr("uuid.getnode", lambda: 0xABCDEF)
    assert host_id() == "000000abcdef"
