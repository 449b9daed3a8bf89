"""How much memory may be taken: the machine's, less when a control group says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from framebus.memory.available import RESERVE_BYTES, available_bytes, reserve_bytes

MB = 1 << 20


class System:
    """Files of a made-up system under `root`."""

    def __init__(self, root: Path) -> None:
        self.proc, self.groups = root / "proc", root / "cgroup"

    def memory(self, total_mb: int, available_mb: int) -> None:
        self._write(
            self.proc / "meminfo",
            f"MemTotal: {total_mb << 10} kB\nMemFree: 1 kB\nMemAvailable: {available_mb << 10} kB\n",
        )

    def member_of(self, line: str) -> None:
        self._write(self.proc / "self/cgroup", line + "\n")

    def group(self, path: str, **files: str) -> None:
        for name, text in files.items():
            self._write(self.groups / path / name.replace("__", "."), text)

    def _write(self, file: Path, text: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    @property
    def available(self) -> int:
        return available_bytes(self.proc, self.groups)

    @property
    def reserve(self) -> int:
        return reserve_bytes(self.proc, self.groups)


@pytest.fixture
def system(tmp_path: Path) -> System:
    made = System(tmp_path)
    made.memory(total_mb=8000, available_mb=5000)
    return made


def test_without_control_groups_the_machine_decides(system: System) -> None:
    assert system.available == 5000 * MB
    assert system.reserve == 400 * MB


def test_a_small_machine_keeps_sixty_four_megabytes_free(system: System) -> None:
    system.memory(total_mb=1000, available_mb=500)
    assert system.reserve == RESERVE_BYTES


def test_in_a_tiny_container_a_quarter_stays_free(system: System) -> None:
    system.member_of("0::/")
    system.group("", memory__max=str(100 * MB), memory__current="0")
    assert system.reserve == 25 * MB


def test_a_group_leaves_its_limit_less_what_is_used_and_cannot_be_dropped(system: System) -> None:
    system.member_of("0::/box")
    system.group("box", memory__max=str(300 * MB), memory__current=str(200 * MB))
    assert system.available == 100 * MB
    system.group("box", memory__stat=f"anon {50 * MB}\ninactive_file {150 * MB}\n")
    assert system.available == 250 * MB


def test_the_tightest_of_all_groups_around_the_process_counts(system: System) -> None:
    system.member_of("0::/outer/inner")
    system.group("outer", memory__max=str(90 * MB), memory__current=str(20 * MB))
    system.group("outer/inner", memory__max=str(300 * MB), memory__current=str(10 * MB))
    assert system.available == 70 * MB


def test_a_group_without_limit_limits_nothing(system: System) -> None:
    system.member_of("0::/box")
    system.group("box", memory__max="max\n", memory__current=str(200 * MB))
    assert system.available == 5000 * MB


def test_a_container_sees_its_own_group_at_the_top(system: System) -> None:
    system.member_of("0::/docker/0123abc")
    system.group("", memory__max=str(300 * MB), memory__current=str(100 * MB))
    assert system.available == 200 * MB


def test_a_group_outside_of_what_is_visible_is_looked_up_at_the_top(system: System) -> None:
    system.member_of("0::/../other")
    system.group("", memory__max=str(300 * MB), memory__current="0")
    assert system.available == 300 * MB


def test_control_groups_of_the_first_version_are_understood(system: System) -> None:
    system.member_of("9:name=systemd:/\n4:cpu,memory:/box\n0::/")
    system.group(
        "memory/box",
        memory__limit_in_bytes=str(300 * MB),
        memory__usage_in_bytes=str(200 * MB),
        memory__stat=f"total_inactive_file {30 * MB}\n",
    )
    system.group("memory", memory__limit_in_bytes="9223372036854771712", memory__usage_in_bytes="5")
    assert system.available == 130 * MB


def test_more_used_than_allowed_leaves_nothing(system: System) -> None:
    system.member_of("0::/")
    system.group("", memory__max=str(100 * MB), memory__current=str(120 * MB))
    assert system.available == 0


def test_where_nobody_says_there_is_no_limit(tmp_path: Path) -> None:
    assert available_bytes(tmp_path, tmp_path) > 1 << 50


def test_this_machine_has_some() -> None:
    assert available_bytes() > MB
    assert reserve_bytes() > 0
