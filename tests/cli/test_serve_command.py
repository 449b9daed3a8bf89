"""`framebus serve` as people use it: what it says, how it is asked, how it ends."""

from __future__ import annotations

import re
import socket
import threading
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from framebus.core.errors import RemoteError
from framebus.testing.children import Child
from framebus.work.gather import gather
from framebus.work.remote import remote
from tests.conftest import StartChild

Array = npt.NDArray[Any]

MODELS = """
import os
class Segment:
    def __init__(self, level=100):
        self.level = level
    def __call__(self, image):
        if image[0, 0] == 9:
            os._exit(3)
        if image[0, 0] == 8:
            raise ValueError("too dark")
        return image > self.level
class Lamp:
    def __init__(self, level=1):
        self.level = level
    def wait_for(self, path):
        import pathlib, time
        pathlib.Path(path + ".waits").touch()
        while not pathlib.Path(path).exists():
            time.sleep(0.001)
        return "there"
    def close(self):
        print("the lamp is off", flush=True)
class BrokenLamp:
    def __init__(self):
        raise RuntimeError("no lamp")
class Broken:
    def __init__(self):
        raise RuntimeError("no weights")
    def __call__(self, image):
        pass
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models.py").write_text(MODELS)
    return tmp_path


def serve(child: StartChild, folder: Path, *arguments: str) -> Child:
    return child("-m", "framebus", "serve", *arguments, cwd=folder)


def picture(value: int) -> Array:
    return np.full((4, 4), value, np.uint8)


@pytest.mark.parametrize("workers", ["0", "1", "2"])
def test_it_says_how_it_is_asked_and_answers(child: StartChild, folder: Path, free_port: int, workers: str) -> None:
    address = f"tcp://localhost:{free_port}"
    process = serve(child, folder, "models.py:Segment=level=5", address, "--workers", workers)
    said = process.wait_line(r'^serving models\.py:Segment at (\S+) · ask: fb\.gather\(segment="(\S+)"\)$')
    with gather(segment=said[2]) as ask:
        assert ask(picture(6)).segment.all()
        assert not ask(picture(5)).segment.any()
    process.interrupt()
    assert process.wait() == 0
    assert re.search(r"^2 frames answered in \d", process.stderr.splitlines()[-1])
    assert "Traceback" not in process.stderr


def test_terminating_it_is_no_failure_either(child: StartChild, folder: Path) -> None:
    process = serve(child, folder, "models.py:Segment", "shm://segment")
    process.wait_line('ask: fb.gather\\(segment="shm://segment"\\)')
    process.terminate()
    assert process.wait() == 0
    assert process.stderr.splitlines()[-1].startswith("0 frames answered")


def test_errors_of_the_function_go_to_whoever_asked_and_are_counted(child: StartChild, folder: Path) -> None:
    process = serve(child, folder, "models.py:Segment", "shm://segment")
    process.wait_line("serving")
    with gather(seg="shm://segment") as ask:
        assert "ValueError: too dark" in ask(picture(8)).missing["seg"]
        assert "ended with exit code 3" in ask(picture(9)).missing["seg"]
        assert not ask(picture(1)).missing
    process.wait_line(r"models\.py:Segment: its process ended with exit code 3; it starts again")
    process.interrupt()
    assert process.wait() == 0
    assert "3 frames answered" in process.stderr
    assert "2 with an error" in process.stderr


def test_for_the_network_it_names_this_machine(child: StartChild, folder: Path, free_port: int) -> None:
    process = serve(child, folder, "models.py:Segment", f"tcp://:{free_port}", "--allow", "10.0.0.7")
    process.wait_line(f'fb.gather\\(segment="tcp://{re.escape(socket.gethostname())}:{free_port}"\\)')
    process.interrupt()
    assert process.wait() == 0


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["models.py:Segmnt", "shm://x"], 2, "did you mean Segment"),
        (["nowhere.py:Segment", "shm://x"], 2, "nowhere.py does not exist"),
        (["models.py:Segment=1,2,3", "shm://x"], 2, "cannot be built"),
        (["models.py:Broken", "shm://x"], 3, "no weights"),
        (["models.py:Broken", "shm://x", "--workers", "0"], 3, "no weights"),
        (["models.py:Segment", "frames/"], 2, "no place for a service"),
        (["models.py:Segment", "tcp://:PORT"], 4, "--insecure"),
        (["models.py:Segment", "tcp://other-machine:PORT"], 2, "other-machine is another machine"),
        (["models.py:Segment", "shm://x", "--workers", "-1"], 2, "--workers"),
        (["models.py:Segment", "shm://x", "--workers", "many"], 2, "--workers many"),
        (["models.py:Segment", "shm://x", "--workres", "2"], 2, "did you mean --workers"),
        (["models.py:Segment"], 2, "ADDRESS"),
        (["models.py:Lamp=levle=3", "shm://x"], 2, "unexpected keyword argument 'levle'"),
        (["models.py:BrokenLamp", "shm://x"], 3, "no lamp"),
        (["models.py:Lamp", "shm://x", "--workers", "2"], 2, "an object lives in one process"),
    ],
)
def test_what_cannot_be_served_is_one_clear_line(
    child: StartChild, folder: Path, free_port: int, arguments: list[str], code: int, says: str
) -> None:
    words = [word.replace("PORT", str(free_port)) for word in arguments]
    process = serve(child, folder, *words)
    assert process.wait() == code, process.stderr
    assert says in process.stderr
    assert "Traceback" not in process.stderr


def test_a_place_that_is_taken_is_named_with_who_has_it(child: StartChild, folder: Path) -> None:
    first = serve(child, folder, "models.py:Segment", "shm://segment")
    first.wait_line("serving")
    second = serve(child, folder, "models.py:Segment", "shm://segment")
    assert second.wait() == 4
    assert f"process {first.pid}" in second.stderr
    first.interrupt()
    assert first.wait() == 0


def test_an_object_is_served_for_whoever_calls_it(child: StartChild, folder: Path, free_port: int) -> None:
    process = serve(child, folder, "models.py:Lamp=level=5", f"tcp://localhost:{free_port}")
    said = process.wait_line(r"^serving models\.py:Lamp at (\S+) · call: framebus call (\S+)$")
    assert said[1] == said[2]
    with remote(said[2]) as lamp:
        assert lamp.level == 5
    process.terminate()
    assert process.wait() == 0
    assert process.stdout == "the lamp is off\n"
    assert re.search(r"^2 calls answered in \d", process.stderr.splitlines()[-1])


def test_ctrl_c_finishes_the_call_under_way(child: StartChild, folder: Path) -> None:
    process = serve(child, folder, "models.py:Lamp", "shm://lamp")
    process.wait_line("serving")
    outcome: list[Any] = []
    with remote("shm://lamp", timeout=None) as lamp:
        thread = threading.Thread(target=lambda: outcome.append(lamp.wait_for(str(folder / "go"))))
        thread.start()
        while not (folder / "go.waits").exists():
            pass
        process.interrupt()
        (folder / "go").touch()
        thread.join()
    assert outcome == ["there"]
    assert process.wait() == 0
    assert process.stdout == "the lamp is off\n"


def test_a_second_ctrl_c_ends_it_now_and_whoever_called_is_told(child: StartChild, folder: Path) -> None:
    process = serve(child, folder, "models.py:Lamp", "shm://lamp")
    process.wait_line("serving")
    outcome: list[Any] = []

    def call() -> None:
        with pytest.raises(RemoteError) as caught:
            lamp.wait_for(str(folder / "go"))
        outcome.append(str(caught.value))

    with remote("shm://lamp", timeout=None) as lamp:
        thread = threading.Thread(target=call)
        thread.start()
        while not (folder / "go.waits").exists():
            pass
        process.interrupt()
        while not outcome:
            process.interrupt()
            thread.join(0.05)
    assert process.wait() == 130
    assert "Lamp.wait_for() failed: KeyboardInterrupt" in outcome[0]
