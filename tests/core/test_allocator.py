"""Memory that frames leave behind is there for those that follow: no page is fetched from the kernel again."""

from __future__ import annotations

import sys
from textwrap import indent

import pytest

from tests.conftest import StartChild

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only glibc keeps memory when it is asked to")

FEW = 5
"""Pages of 4 KB; two pictures of 500 x 500 are 366, five of 25 MB are 30,500."""
FAULTS = """
import resource
import numpy as np

def faults(work):
    for _ in range(20):
        work()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        work()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) // 20

def pictures():
    np.ones((500, 500, 3), np.uint8) + 1

def many_large():
    [np.ones(25_000_000, np.uint8) for _ in range(5)]
"""
IN_A_WORKER = f"""
import framebus as fb
import numpy as np

def op(image):
{indent(FAULTS, "    ")}
    return {{"faults": faults(many_large)}}

for frame in fb.map(op, [np.zeros((48, 64, 3), np.uint8)], workers=1):
    print(frame.meta["faults"])
"""


def faults(child: StartChild, before: str, work: str, **env: str) -> int:
    """Page faults for each time that `work` is done by a process that has done `before`."""
    return int(child("-c", f"{FAULTS}\n{before}\nprint(faults({work}))", env=env).succeed())


def test_what_is_freed_is_kept(child: StartChild) -> None:
    assert faults(child, "from framebus.core.allocator import keep_freed; keep_freed()", "pictures") <= FEW


@pytest.mark.parametrize(
    "link",
    [
        "fb.open('tcp://127.0.0.1:1')",
        "fb.open('shm://nobody')",
        "fb.publish('tcp://127.0.0.1:1', listen=False)",
        "fb.publish('shm://somebody')",
    ],
)
def test_processes_with_a_link_keep_it(link: str, child: StartChild) -> None:
    assert faults(child, f"import framebus as fb; link = {link}", "pictures") <= FEW


def test_others_do_as_they_did(child: StartChild) -> None:
    assert faults(child, "import framebus as fb", "pictures") > FEW


def test_workers_keep_all_that_a_frame_took(child: StartChild) -> None:
    assert int(child("-c", IN_A_WORKER).succeed()) <= FEW


def test_no_more_than_was_asked_for_is_kept(child: StartChild) -> None:
    assert faults(child, "from framebus.core.allocator import keep_freed; keep_freed()", "many_large") > FEW


def test_who_asked_for_more_before_keeps_more(child: StartChild) -> None:
    more_before = "from framebus.core.allocator import keep_freed; keep_freed(512 << 20); keep_freed()"
    assert faults(child, more_before, "many_large") <= FEW


@pytest.mark.parametrize("name", ["MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_"])
def test_settings_of_the_user_stay(name: str, child: StartChild) -> None:
    keep = "from framebus.core.allocator import keep_freed; keep_freed()"
    assert faults(child, keep, "pictures", **{name: "4096"}) > FEW
