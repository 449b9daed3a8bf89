"""A worker process made fit for pictures."""

from __future__ import annotations

import signal

import pytest

from tests.conftest import StartChild

ALARM = """
import sys, time
from framebus.batch.tuning import Alarm

alarm = Alarm(float(sys.argv[1]))
alarm.set()
alarm.clear()
time.sleep(0.1)
alarm.set()
while sys.argv[2] == "hang":
    pass
alarm.clear()
"""
PAUSED = """
import sys, time
from contextlib import contextmanager
from framebus.batch.stores import objects
from framebus.batch.tuning import Alarm

alarm = Alarm(float(sys.argv[1]))

@contextmanager
def waiting():
    with alarm.paused():
        time.sleep(0.4)  # as a store may take
        yield

objects.wait_within(waiting)
alarm.set()
objects.write("memory://here/a", b"1")
print("written", flush=True)
while sys.argv[2] == "hang":
    pass
"""
LIMIT = """
import numpy as np
from framebus.batch.tuning import limit_memory
from framebus.core.allocator import keep_freed

keep_freed()
limit_memory(200_000_000)
np.ones(50_000_000, np.uint8)
try:
    np.ones(500_000_000, np.uint8)
except MemoryError:
    print("refused")
"""


def test_who_takes_too_long_is_ended_by_the_kernel(child: StartChild) -> None:
    assert child("-c", ALARM, "0.05", "hang").wait() == -signal.SIGALRM


@pytest.mark.parametrize("limit", ["0.05", "0"])
def test_who_waits_for_work_is_not(limit: str, child: StartChild) -> None:
    child("-c", ALARM, limit, "go on").succeed()


@pytest.mark.parametrize(("word", "code"), [("go on", 0), ("hang", -signal.SIGALRM)])
def test_what_a_store_takes_is_not_counted_and_the_rest_is(word: str, code: int, child: StartChild) -> None:
    process = child("-c", PAUSED, "0.2", word)
    assert process.wait() == code
    assert process.stdout == "written\n"


def test_what_needs_too_much_memory_is_refused(child: StartChild) -> None:
    assert child("-c", LIMIT).succeed() == "refused\n"
