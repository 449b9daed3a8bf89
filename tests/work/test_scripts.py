"""Gather from wherever people write Python: a script without a main guard, `python -c`, a prompt; nothing is left."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from tests.conftest import StartChild
from tests.kin import descendants

SCRIPT = """
import os
from dataclasses import dataclass
import numpy as np
from framebus.work.gather import gather

print("started", flush=True)
OFFSET = 10

@dataclass
class Level:
    value: int

def shifted(image):
    print("user says", int(image[0, 0]))
    return int(image[0, 0]) + OFFSET + twice(Level(1))

def twice(level):
    return 2 * level.value

class Counter:
    def __init__(self):
        self.seen = 0
    def __call__(self, frame):
        self.seen += 1
        return self.seen, frame.seq

factor = 3
answers = []  # printed when nobody else prints: where output is unbuffered, another's line may fall within one
with gather(function=shifted, kind=Counter, anonymous=lambda image: int(image[0, 0]) * factor) as ask:
    for frame, answer in ask.each([np.full((8, 8), value, np.uint8) for value in range(3)], in_flight=2):
        answers.append((answer.function, answer.kind[0], answer.anonymous, answer.missing or "complete"))
for answer in answers:
    print(*answer)
print("done")
"""
MAP = """
import itertools
import numpy as np
import framebus as fb

print("started", flush=True)
factor = 3

class Times:
    def __call__(self, image):
        return {"product": int(image[0, 0]) * factor}

pictures = (np.full((8, 8), value, np.uint8) for value in range(1, 4))
print(*[frame.meta["product"] for frame in fb.map(Times, pictures, workers=2)], "done")
"""
PRINTED = ["started", "12 1 0 complete", "13 2 3 complete", "14 3 6 complete", "done"]
SAID = [f"user says {value}" for value in range(3)]

ENDLESS = """
import os, time
import numpy as np
from framebus.work.gather import gather

def pid(image):
    while image[0, 0] == 1:
        pass
    return os.getpid()

ask = gather(one=pid, two=pid)
first = ask(np.zeros((8, 8), np.uint8))
print("workers", first.one, first.two, flush=True)
"""


def lines(text: str) -> tuple[list[str], list[str]]:
    """What the program printed, and what its functions did, each in order."""
    all_lines = text.splitlines()
    return [line for line in all_lines if line not in SAID], [line for line in all_lines if line in SAID]


@pytest.mark.parametrize("way", ["script", "-c", "stdin"])
def test_functions_and_classes_in_place(way: str, child: StartChild, tmp_path: Path) -> None:
    if way == "script":
        (tmp_path / "mine.py").write_text(SCRIPT)
        process = child("mine.py", cwd=tmp_path)
    elif way == "-c":
        process = child("-c", SCRIPT, cwd=tmp_path)
    else:
        process = child("-", stdin=SCRIPT, cwd=tmp_path)
    assert lines(process.succeed()) == (PRINTED, SAID)
    assert all(line.startswith("waiting for ") for line in process.stderr.splitlines())


@pytest.mark.parametrize("way", ["script", "-c", "stdin"])
def test_a_map_needs_no_guard_either(way: str, child: StartChild, tmp_path: Path) -> None:
    if way == "script":
        (tmp_path / "mine.py").write_text(MAP)
        process = child("mine.py", cwd=tmp_path)
    else:
        process = child("-c", MAP, cwd=tmp_path) if way == "-c" else child("-", stdin=MAP, cwd=tmp_path)
    assert process.succeed() == "started\n3 6 9 done\n"


def test_ctrl_c_in_a_map_ends_it_with_one_traceback_and_leaves_nothing(child: StartChild) -> None:
    process = child("-c", MAP.replace("range(1, 4)", "itertools.cycle([1])").replace("print(*", "list("))
    process.wait_line("started")
    process.interrupt()
    assert process.wait() != 0
    assert process.tracebacks == 1
    assert process.stderr.rstrip().endswith("KeyboardInterrupt")
    assert not descendants()


def test_a_module_of_the_program_is_found_by_its_workers(child: StartChild, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "models.py").write_text("from helper import LEVEL\ndef over(image): return LEVEL\n")
    (tmp_path / "app" / "helper.py").write_text("LEVEL = 41\n")
    (tmp_path / "app" / "main.py").write_text(
        "import numpy as np, models\nfrom framebus.work.gather import gather\n"
        "with gather(a=models.over, b='models:over') as ask: print(*ask(np.zeros((4, 4), np.uint8)).values())\n"
    )
    assert child("app/main.py", cwd=tmp_path).succeed() == "41 41\n"


def test_what_lies_in_the_folder_it_is_started_in_stands_in_nobodys_way(child: StartChild, tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text("raise RuntimeError('not me')\n")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "main.py").write_text(SCRIPT)
    assert lines(child(tmp_path / "elsewhere" / "main.py", cwd=tmp_path).succeed())[0] == PRINTED


@pytest.mark.parametrize("ending", ["", "ask(np.ones((8, 8), np.uint8), timeout=0.01)", "raise ValueError('mine')"])
def test_nothing_is_left_when_a_program_ends_without_closing(ending: str, child: StartChild) -> None:
    process = child("-c", ENDLESS + ending)
    workers = process.wait_line(r"workers (\d+) (\d+)")
    assert process.wait() == (1 if "raise" in ending else 0)
    for pid in workers.groups():
        assert _gone(int(pid))
    assert process.tracebacks == ("raise" in ending)


@pytest.mark.parametrize("busy", [True, False])
def test_kill_9_leaves_no_worker(busy: bool, child: StartChild) -> None:
    process = child("-c", ENDLESS + ("ask(np.ones((8, 8), np.uint8))" if busy else "time.sleep(600)"))
    workers = [int(pid) for pid in process.wait_line(r"workers (\d+) (\d+)").groups()]
    process.kill()
    assert all(map(_gone, workers))


def test_ctrl_c_ends_it_with_one_traceback_and_closes_the_block(child: StartChild) -> None:
    code = ENDLESS.replace("ask = gather", "ask = gather").replace(
        "first =", "import atexit; atexit.register(lambda: print('ended', flush=True))\nfirst ="
    )
    process = child("-c", code + "with ask:\n    ask(np.full((8, 8), 1, np.uint8))")
    workers = [int(pid) for pid in process.wait_line(r"workers (\d+) (\d+)").groups()]
    process.interrupt()
    process.wait_line("ended")
    assert process.wait() != 0
    assert process.tracebacks == 1
    assert process.stderr.rstrip().endswith("KeyboardInterrupt")
    assert all(map(_gone, workers))


def test_ctrl_c_while_the_processes_start_is_quiet_too(child: StartChild) -> None:
    process = child("-c", f"print('begin', flush=True)\n{ENDLESS}")
    process.wait_line("begin")
    process.interrupt()
    process.wait()
    assert process.tracebacks <= 1, process.stderr


def _gone(pid: int) -> bool:
    try:
        psutil.Process(pid).wait(10)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return True
