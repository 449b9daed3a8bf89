"""Services elsewhere: served in one process, asked from others, at any kind of address."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from framebus.core.errors import AddressError, OpError, OptionError, Unavailable
from framebus.core.frame import Frame
from framebus.testing.children import Child
from framebus.work.gather import gather
from framebus.work.serve import serve, serving
from tests.conftest import StartChild
from tests.serving import running
from tests.work.functions import DIE, NAP, RAISE, Unbuildable, brightness, identity, inverted, picture

ROOT = Path(__file__).parents[2]
Address = Callable[[], str]


@pytest.fixture(params=["tcp", "ipc", "shm"])
def address(request: pytest.FixtureRequest, free_port: int, runtime_dir: Path) -> str:
    return {"tcp": f"tcp://127.0.0.1:{free_port}", "ipc": f"ipc://{runtime_dir}/s", "shm": "shm://seg"}[request.param]


@pytest.fixture
def here(free_port: int) -> str:
    return f"tcp://127.0.0.1:{free_port}"


@contextmanager
def served(target: Any, address: str, workers: int = 0) -> Iterator[None]:
    """A service in a thread of this process."""
    with serving(target, address, workers=workers) as service, running(service):
        yield


def start(child: StartChild, target: str, address: str, workers: int = 1) -> Child:
    """A service as somebody would start it in Python."""
    code = (
        "import sys; from framebus.work.serve import serve\n"
        f"print('serving', flush=True); serve('tests.work.functions:{target}', sys.argv[1], workers=int(sys.argv[2]))"
    )
    process = child("-c", code, address, str(workers), cwd=ROOT)
    process.wait_line("serving")
    return process


def stop(process: Child) -> None:
    process.interrupt()
    process.wait()
    assert process.tracebacks == 1
    assert process.stderr.rstrip().endswith("KeyboardInterrupt")


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_a_function_answers_from_elsewhere(child: StartChild, address: str, workers: int) -> None:
    process = start(child, "inverted", address, workers)
    with gather(seg=address, det=brightness) as ask:
        for value in range(5):
            large = np.full((480, 640, 3), value, np.uint8)
            answer = ask(large)
            assert (answer.seg == 255 - value).all()
            assert answer.seg.shape == large.shape
            assert not answer.seg.flags.writeable
    stop(process)


def test_start_order_does_not_matter(child: StartChild, address: str) -> None:
    with gather(seg=address) as ask:
        assert ask(picture(1), timeout="50ms").missing == {"seg": f"no answer within 0.05 s: nobody serves {address}"}
        process = start(child, "brightness", address)
        assert ask(picture(2)).seg == 2
    stop(process)


def test_the_frame_arrives_with_its_own_identity(here: str) -> None:
    with served(identity, here), gather(which=here) as ask:
        assert ask(Frame.of(picture(0), stream="cam", run=7, seq=5)).which == ("cam", 5)


def test_its_exceptions_arrive(here: str) -> None:
    with served(brightness, here), gather(seg=here) as ask:
        answer = ask(Frame.of(picture(RAISE), stream="cam", run=7, seq=5))
        with pytest.raises(OpError, match="seg failed on frame 5 of cam: ValueError: too dark"):
            _ = answer.seg
        assert ask(picture(1)).seg == 1


def test_a_worker_that_crashes_is_missing_and_started_again(here: str) -> None:
    with served(brightness, here, workers=1), gather(seg=here) as ask:
        answer = ask(picture(DIE))
        assert answer.missing == {"seg": "the process that worked on it was killed by SIGKILL"}
        assert answer.seg is None
        assert ask(picture(1)).seg == 1


def test_a_service_that_was_killed_answers_when_it_is_back(child: StartChild, address: str) -> None:
    process = start(child, "brightness", address, workers=0)
    with gather(seg=address) as ask:
        assert ask(picture(1)).seg == 1
        process.kill()
        process = start(child, "brightness", address, workers=0)
        assert [answer.seg for _, answer in ask.each(map(picture, range(5)), in_flight=3)] == list(range(5))
        process.kill()
        answers = ask.each(map(picture, range(6)), in_flight=6)
        restarted = threading.Timer(0.2, lambda: start(child, "brightness", address, workers=0))
        restarted.start()
        assert [answer.seg for _, answer in answers] == list(range(6))
        restarted.join()


def test_what_was_asked_is_kept_however_long_the_service_is_away(
    child: StartChild, here: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framebus.session.audience.ANONYMOUS_PATIENCE_S", 0.0)  # that of readers without a group
    process = start(child, "brightness", here, workers=0)
    with gather(seg=here) as ask:
        assert ask(picture(1)).seg == 1
        process.kill()
        answers = ask.each(map(picture, range(3)), in_flight=3, timeout=30)
        restarted = threading.Timer(1.0, lambda: start(child, "brightness", here, workers=0))
        restarted.start()
        assert [answer.seg for _, answer in answers] == [0, 1, 2]
        restarted.join()


def test_several_may_ask_and_all_get_their_own_answers(here: str) -> None:
    wrong: list[Any] = []

    def many(first: int) -> None:
        with gather(seg=here) as ask:
            values = range(first, first + 20)
            answers = [answer.seg for _, answer in ask.each(map(picture, values), in_flight=4)]
            wrong.extend([answers] if answers != list(values) else [])

    with served(brightness, here, workers=2):
        threads = [threading.Thread(target=many, args=(first,)) for first in (0, 50, 100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_two_may_ask_about_the_same_frames(here: str) -> None:
    """As when several programs watch one camera."""
    frames = [Frame.of(picture(seq), stream="cam", run=7, seq=seq) for seq in range(10)]
    with served(identity, here), gather(which=here) as one, gather(which=here) as other:
        asked = zip(one.each(frames, in_flight=2), other.each(frames, in_flight=2), strict=True)
        assert [(a.which, b.which) for (_, a), (_, b) in asked] == [(("cam", seq), ("cam", seq)) for seq in range(10)]


def test_what_is_stopped_finishes_what_it_has_begun(here: str) -> None:
    service = serving(brightness, here, workers=1)
    thread = threading.Thread(target=service.run)
    thread.start()
    with gather(seg=here) as ask:
        assert ask(picture(1)).seg == 1
        threading.Timer(0.1, service.stop).start()
        assert ask(picture(NAP)).seg == NAP
        thread.join()
        service.close()
        service.close()
    assert (service.answered, service.failed) == (2, 0)


def test_a_service_that_cannot_be_built_says_so(here: str) -> None:
    for workers in (0, 1):
        with pytest.raises(OpError, match="no weights"), served_here(Unbuildable, here, workers):
            pass


@contextmanager
def served_here(target: Any, address: str, workers: int) -> Iterator[None]:
    with serving(target, address, workers=workers) as service:
        service.run()
        yield


def test_a_place_that_is_taken_says_by_whom(address: str) -> None:
    with served(brightness, address), pytest.raises(Unavailable, match=str(os.getpid())):
        serving(inverted, address)


def test_serve_blocks_until_ctrl_c(here: str) -> None:
    """`KeyboardInterrupt` reaches the caller after everything is closed."""

    def interrupt() -> None:
        with gather(seg=here) as ask:
            assert ask(picture(3)).seg == 3
        os.kill(os.getpid(), signal.SIGINT)

    asker = threading.Thread(target=interrupt)
    asker.start()
    with pytest.raises(KeyboardInterrupt):
        serve(brightness, here, workers=0)
    asker.join()


@pytest.mark.parametrize(
    ("target", "place", "options", "error", "says"),
    [
        (object(), "shm://x", {}, OptionError, "object is neither a function nor a class nor an object"),
        (3, "shm://x", {}, OptionError, "int is neither"),
        ("seg", "shm://x", {"workers": 0}, OptionError, "file.py:function"),
        (brightness, "shm://x", {"workers": -1}, OptionError, "workers=-1"),
        (brightness, "shm://x", {"workers": True}, OptionError, "workers=True"),
        (brightness, "shm://", {}, AddressError, "a name of its own"),
        (brightness, "tcp://other-machine:7000", {}, AddressError, "other-machine is another machine"),
        (brightness, "tcp://:7000/seg", {}, AddressError, "leave out 'seg'"),
        ("tcp://:7000", brightness, {}, OptionError, "what is served first, then the address; got function"),
        (brightness, "frames/", {}, AddressError, "no place for a service"),
        (brightness, "tcp://:7000", {}, Unavailable, "framebus keys invite"),
        (brightness, "tcp://:7000", {"allow": "desk"}, OptionError, "allow="),
    ],
)
def test_what_cannot_be_served_is_refused_at_once(
    target: Any, place: Any, options: dict[str, Any], error: Any, says: str
) -> None:
    with pytest.raises(error, match=says):
        serving(target, place, **options)


def test_allow_lets_in(free_port: int) -> None:
    with (
        serving(brightness, f"tcp://:{free_port}", workers=0, allow=["127.0.0.1"]) as service,
        running(service),
        gather(seg=f"tcp://127.0.0.1:{free_port}") as ask,
    ):
        assert ask(picture(3)).seg == 3
