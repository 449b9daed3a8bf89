"""PUSH sockets that `send_pyobj` frames to workers, which push pickled results back, as the guide of ZeroMQ does."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import zmq

from benchmarks.farms.base import PIECES_PER_WORKER, Op, Work
from benchmarks.harness.frames import Array
from benchmarks.harness.processes import Child


@contextmanager
def farm(op: Op, workers: int) -> Iterator[Work]:
    """See `Farm`. Results are put in order by the numbers that go with them."""
    with tempfile.TemporaryDirectory(prefix="bench-farm-") as folder, ExitStack() as running:
        there, back = f"ipc://{folder}/there", f"ipc://{folder}/back"
        for _ in range(workers):
            running.enter_context(Child(_serve, op, there, back))
        context = zmq.Context()
        push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        push.bind(there)
        pull.bind(back)
        yield lambda frames: _work(push, pull, frames, PIECES_PER_WORKER * workers)
        context.destroy(linger=0)


def _work(push: zmq.Socket[bytes], pull: zmq.Socket[bytes], frames: Iterator[Array], window: int) -> Iterator[Any]:
    here: dict[int, Any] = {}
    sent = given = 0
    for frame in frames:
        push.send_pyobj((sent, frame))
        sent += 1
        while sent - given >= window:
            yield _next(pull, here, given)
            given += 1
    while given < sent:
        yield _next(pull, here, given)
        given += 1


def _next(pull: zmq.Socket[bytes], here: dict[int, Any], number: int) -> Any:
    while number not in here:
        found, result = pull.recv_pyobj()
        here[found] = result
    return here.pop(number)


def _serve(op: Op, there: str, back: str) -> None:
    context = zmq.Context()
    pull, push = context.socket(zmq.PULL), context.socket(zmq.PUSH)
    pull.rcvhwm = 1
    pull.connect(there)
    push.connect(back)
    while True:
        number, frame = pull.recv_pyobj()
        push.send_pyobj((number, op(frame)))
