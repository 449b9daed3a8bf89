"""Ages are measured by the monotonic clock where it is the same one, and by UTC elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from framebus.core import clock
from tests.conftest import StartChild


@pytest.fixture
def at_1000_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_000 * 10**9)
    monkeypatch.setattr(time, "monotonic_ns", lambda: 50 * 10**9)


@pytest.fixture
def no_linux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setattr(clock, "_LINUX_BOOT_ID", str(tmp_path / "absent"))
    clock.boot_id.cache_clear()
    yield
    clock.boot_id.cache_clear()


@pytest.mark.usefixtures("at_1000_s")
class TestAge:
    def test_is_monotonic_on_the_boot_that_captured(self) -> None:
        assert clock.age_s(captured_ns=7, captured_mono_ns=48 * 10**9, clock=clock.boot_id()) == 2

    def test_is_utc_for_another_boot(self) -> None:
        assert clock.age_s(captured_ns=999 * 10**9, captured_mono_ns=48 * 10**9, clock="another") == 1

    def test_is_utc_for_a_frame_that_names_no_clock(self) -> None:
        assert clock.age_s(captured_ns=996 * 10**9, captured_mono_ns=0, clock="") == 4

    def test_is_negative_when_the_other_machine_is_ahead(self) -> None:
        assert clock.age_s(captured_ns=1_003 * 10**9, captured_mono_ns=0, clock="") == -3

    def test_is_unknown_when_the_frame_does_not_say(self) -> None:
        assert math.isnan(clock.age_s(captured_ns=0, captured_mono_ns=0, clock=""))


def test_all_processes_of_a_boot_agree_on_its_name(child: StartChild) -> None:
    other = child("-c", "from framebus.core.clock import boot_id; print(boot_id())")
    assert other.succeed().strip() == clock.boot_id() != ""


@pytest.mark.usefixtures("no_linux")
def test_a_system_that_does_not_name_its_boots_gets_a_name_from_host_and_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = {"utc": 1_000 * 10**9, "mono": 400 * 10**9}
    monkeypatch.setattr(time, "time_ns", lambda: now["utc"])
    monkeypatch.setattr(time, "monotonic_ns", lambda: now["mono"])
    first = clock.boot_id()
    now.update(utc=9_000 * 10**9, mono=8_400 * 10**9)
    clock.boot_id.cache_clear()
    assert clock.boot_id() == first
    now.update(mono=1)
    clock.boot_id.cache_clear()
    assert clock.boot_id() != first


def test_clocks_are_in_nanoseconds() -> None:
    assert clock.utc_ns() > 1_700_000_000 * 10**9
    before = clock.mono_ns()
    assert clock.mono_ns() >= before
