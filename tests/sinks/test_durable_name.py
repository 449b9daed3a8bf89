"""The durable name of a place on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.names import valid_name
from framebus.sinks import durable_name
from framebus.sinks.durable_name import group_of


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8")))
def test_any_path_gives_a_name(path: str) -> None:
    assert valid_name(group_of(path))


def test_the_same_place_has_one_name_and_others_have_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert group_of("run.h5") == group_of("./run.h5") == group_of(str(tmp_path / "x" / ".." / "run.h5"))
    assert group_of("run.h5").startswith("run.h5.")
    assert group_of("run.h5") != group_of("deeper/run.h5")


def test_other_hosts_have_other_names(monkeypatch: pytest.MonkeyPatch) -> None:
    here = group_of("/data/run.h5")
    monkeypatch.setattr(durable_name, "host_id", lambda: "another")
    assert group_of("/data/run.h5") != here
