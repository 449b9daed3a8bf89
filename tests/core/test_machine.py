"""Which machine this is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from framebus.core import machine
from framebus.core.machine import host_id


@pytest.fixture(autouse=True)
def _forget_host() -> Iterator[None]:
    host_id.cache_clear()
    yield
    host_id.cache_clear()


def test_machines_differ_and_do_not_tell_their_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = set()
    for name in ("aaaa", "bbbb"):
        (tmp_path / name).write_text(f"{name}\n")
        monkeypatch.setattr(machine, "_FILES", (tmp_path / name,))
        host_id.cache_clear()
        found.add(host_id())
    assert len(found) == 2
    assert all(len(each) == 16 and "aaaa" not in each for each in found)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_one_without_an_id_is_known_by_its_network_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "id").write_bytes(content)
    monkeypatch.setattr(machine, "_FILES", (tmp_path / "id",))
    found = set()
    for card in (0xABCDEF, 0xABCDEF, 0x123456):
        monkeypatch.setattr("uuid.getnode", lambda card=card: card)
        host_id.cache_clear()
        found.add(host_id())
    assert len(found) == 2
