"""Ways to ask three services about every frame. Each runs in a process of its own and returns how long a frame took."""

from __future__ import annotations

import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from benchmarks.fan_out.services import Answer, Service, check
from benchmarks.harness.frames import Array, Frames, number_of
from benchmarks.harness.processes import FORK, Child, Parent
from benchmarks.harness.rounds import Values

_WARM_UP = 5
_HUNG_AFTER_S = 60.0
Services = tuple[Service, Service, Service]
Ask = Callable[[Iterator[Array]], None]
"""Has every frame answered by all three, and checks the answers."""


def alone(frames: Frames, count: int, services: Services) -> Values:
    """The slowest service in a loop of its own, nothing sent anywhere."""
    return _in_process(_alone, frames, count, services)


def framebus(frames: Frames, count: int, services: Services, in_flight: int) -> Values:
    """`fb.gather` with the functions themselves."""
    return _in_process(_framebus, frames, count, services, in_flight)


def futures(frames: Frames, count: int, services: Services, in_flight: int) -> Values:
    """An executor with one process for each service."""
    return _in_process(_futures, frames, count, services, in_flight)


def pickled(frames: Frames, count: int, services: Services) -> Values:
    """REQ sockets that `send_pyobj` to three REP processes, then wait for each answer."""
    with tempfile.TemporaryDirectory(prefix="bench-gather-") as folder, ExitStack() as running:
        addresses = [f"ipc://{Path(folder) / str(index)}" for index in range(len(services))]
        for pair in zip(services, addresses, strict=True):
            running.enter_context(Child(_serve, *pair))
        return _in_process(_pickled, frames, count, addresses)


def _in_process(task: Callable[..., Values], *args: object) -> Values:
    with Parent(task, *args) as child:
        return child.result(_HUNG_AFTER_S)


def _timed(ask: Ask, frames: Frames, count: int) -> Values:
    ask(_numbered(frames, 1, _WARM_UP))
    began = time.monotonic()
    ask(_numbered(frames, 1 + _WARM_UP, count))
    return {"per_frame_ms": (time.monotonic() - began) / count * 1e3, "frames": count}


def _numbered(frames: Frames, first: int, count: int) -> Iterator[Array]:
    return (frames.numbered(number) for number in range(first, first + count))


def _alone(frames: Frames, count: int, services: Services) -> Values:
    def ask(some: Iterator[Array]) -> None:
        for frame in some:
            check(services[-1](frame), number_of(frame))

    return _timed(ask, frames, count)


def _framebus(frames: Frames, count: int, services: Services, in_flight: int) -> Values:
    import framebus as fb

    fast, middling, slow = services
    with fb.gather(fast=fast, middling=middling, slow=slow) as gather:

        def ask(some: Iterator[Array]) -> None:
            for frame, answer in gather.each(some, in_flight=in_flight):
                if answer.missing:
                    raise ValueError(f"no answer of {answer.missing}")
                for one in (answer.fast, answer.middling, answer.slow):
                    check(one, number_of(frame.image))

        return _timed(ask, frames, count)


def _futures(frames: Frames, count: int, services: Services, in_flight: int) -> Values:
    with ExitStack() as opened:
        pools = [opened.enter_context(ProcessPoolExecutor(1, FORK)) for _ in services]
        asked: deque[tuple[int, list[Future[Answer]]]] = deque()

        def finish(most: int) -> None:
            while len(asked) > most:
                number, answers = asked.popleft()
                for answer in answers:
                    check(answer.result(), number)

        def ask(some: Iterator[Array]) -> None:
            for frame in some:
                finish(in_flight - 1)
                answers = [pool.submit(service, frame) for pool, service in zip(pools, services, strict=True)]
                asked.append((number_of(frame), answers))
            finish(0)

        return _timed(ask, frames, count)


def _pickled(frames: Frames, count: int, addresses: list[str]) -> Values:
    import zmq

    context = zmq.Context()
    sockets = [context.socket(zmq.REQ) for _ in addresses]
    for socket, address in zip(sockets, addresses, strict=True):
        socket.connect(address)

    def ask(some: Iterator[Array]) -> None:
        for frame in some:
            for socket in sockets:
                socket.send_pyobj(frame)
            for socket in sockets:
                check(socket.recv_pyobj(), number_of(frame))

    return _timed(ask, frames, count)


def _serve(service: Service, address: str) -> None:
    import zmq

    socket = zmq.Context().socket(zmq.REP)
    socket.bind(address)
    while True:
        socket.send_pyobj(service(socket.recv_pyobj()))
