"""The system in examples/system: all of it works together, each part can be killed, and nobody else notices."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import psutil
import pytest

from framebus.memory.pool import supported
from framebus.testing.children import Child
from tests.conftest import StartChild
from tests.waiting import until

EXAMPLE = Path(__file__).parents[2] / "examples" / "system"
KEYS = {"streams", "pipes.look", "pipes.sketch", "pipes.keep", "pipes.tell", "services.bright"}

pytestmark = pytest.mark.skipif(not supported(), reason="this system cannot share memory between processes")


def nodes(process: Child) -> dict[str, psutil.Process]:
    """The processes of the system, by what they are called in the file."""
    found = psutil.Process(process.pid).children()
    return {one.cmdline()[-1]: one for one in found}


def kept(folder: Path) -> set[str]:
    """The pictures that its pipe `keep` has written."""
    return {path.name for path in (folder / "kept").glob("*.png")}


def test_each_of_it_can_be_killed_and_comes_back_and_the_others_go_on(child: StartChild, tmp_path: Path) -> None:
    pytest.importorskip("cv2")
    folder = shutil.copytree(EXAMPLE, tmp_path / "system")
    process = child("-m", "framebus", "run", "system/system.toml", cwd=tmp_path)
    process.wait_line(r"^tell \| gate-seen \d+: \d+\.\d% of it is bright$")
    before = nodes(process)
    assert set(before) == KEYS
    for key in sorted(KEYS):
        before[key].kill()
        process.wait_line(f"^{key.rpartition('.')[2]} is started again: its process was killed by SIGKILL$")
        after = nodes(process)
        assert [other for other in KEYS if after[other] != before[other]] == [key]
        before = after
    process.wait_line(r"^tell \| yard-seen \d+: \d+\.\d% of it is bright$")
    before_the_end = kept(folder)
    until(lambda: kept(folder) > before_the_end)
    process.interrupt()
    assert process.wait() == 0
    assert re.search(r"3 streams, 4 pipes, 1 service in .* · 6 restarts$", process.stderr.splitlines()[-1])
    assert {name.partition("-")[0] for name in kept(folder)} == {"gate", "yard", "hall"}


def test_the_same_from_a_program(child: StartChild) -> None:
    process = child(EXAMPLE / "in_python.py", "--frames", "20")
    assert process.succeed().splitlines() == ["left: 20 of 20 frames kept", "right: 20 of 20 frames kept"]
