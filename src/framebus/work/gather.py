"""`fb.gather`: one frame to several services at once, their answers by name."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterable, Mapping

import numpy as np

from framebus.core.closing import Closing
from framebus.core.errors import BadFrame, OptionError
from framebus.core.frame import Array, Frame
from framebus.core.showing import line
from framebus.core.snapshot import checked, lasting, snapshot
from framebus.core.units import duration
from framebus.memory import room
from framebus.pool.answers import kind_of
from framebus.pool.worker_handle import Worker
from framebus.work.answer import RESERVED, Answer
from framebus.work.arriving import Arriving
from framebus.work.calls import Call
from framebus.work.exchange import Exchange
from framebus.work.gather_services import ElsewhereService, OwnService, Service, Spec, own_job, service_address


def gather(**services: Spec) -> Gather:
    """Ask several services about each frame, all at once, and get their answers by name.

        with fb.gather(seg=Segment, det="models.py:Detect=yolo.onnx", pose="tcp://gpu-box:7000") as ask:
            answer = ask(image)                                  # takes as long as the slowest of them
            for frame, answer in ask.each(fb.open("clip.mp4"), in_flight=3, timeout="200ms"):
                draw(frame.copy(), answer.det, answer.missing)

    A service is a function or a class, as it is or by name (`file.py:name`, `module:name`, arguments after `=`),
    which runs in a process of its own; or the address where `fb.serve` or `framebus serve` runs one. Functions are
    called with each picture, or with the `Frame` where their first parameter is called or annotated so; a class is
    built once in its process, then called. They answer with arrays, numbers, text, None, frames, or lists, tuples and
    dicts of these.

    Raises `OptionError` for what is no service or cannot be taken to another process, and `AddressError`.
    """
    return Gather(services)


class Gather(Closing):
    """Asks services; see `gather`. Safe to use from several threads, belongs to one process. Close it, or use `with`.

    The processes start when it is made; the first question waits until they are built, and raises what kept one from
    that. A process that dies later is started again: the frame it was working on counts as missing.
    """

    def __init__(self, services: dict[str, Spec]) -> None:
        self._exchange = open_exchange(services)

    def __call__(self, frame: Frame | Array, timeout: float | str | None = None) -> Answer:
        """What all services say about `frame`, a `Frame` or an array `(height, width[, channels])`.

        `timeout` counts from when the frame is sent to them (seconds, or text such as `"200ms"`; default: wait for
        all); what has not come by then is in `answer.missing`. Raises `OptionError` or `OpError` when a service could
        not be built, `BadFrame` for what cannot be sent, `Closed` after `close()`.
        """
        limit_s = None if timeout is None else duration(timeout)
        framed = _framed(frame)
        self._exchange.await_start()
        call = self._exchange.ask(framed, limit_s)
        try:
            return self._finished(call)
        finally:
            self._exchange.drop(call)

    def each(
        self, frames: Iterable[Frame | Array], in_flight: int = 1, timeout: float | str | None = None
    ) -> Generator[tuple[Frame, Answer], None, None]:
        """Each frame with the answers to it, in order; up to `in_flight` frames are at the services at once.

        `frames` is a source, or any iterable of frames and arrays. A source's frame is acknowledged when the next one
        is asked for: with more than one in flight that is before its answers are there. `timeout` is that of each
        frame, as in a single question. With `in_flight=1` nothing is computed in vain; two or three keep all services
        busy while you work on an answer.
        """
        if not isinstance(in_flight, int) or isinstance(in_flight, bool) or in_flight < 1:
            raise OptionError(f"in_flight={in_flight!r} is not possible: give a whole number from 1")
        return self._each(frames, in_flight, None if timeout is None else duration(timeout))

    def _each(
        self, frames: Iterable[Frame | Array], in_flight: int, limit_s: float | None
    ) -> Generator[tuple[Frame, Answer], None, None]:
        self._exchange.await_start()
        calls: deque[Call] = deque()
        held = in_flight > 1 and not lasting(frames)
        with Arriving(frames, self._exchange) as arriving:
            try:
                while calls or not arriving.ended:
                    if calls and (len(calls) == in_flight or arriving.ended or calls[0].over(time.monotonic())):
                        answer = self._finished(calls[0])
                        calls.popleft()
                        yield answer.frame, answer
                    elif (frame := arriving.next(calls[0] if calls else None)) is not None:
                        calls.append(self._exchange.ask(_framed(frame, held=held), limit_s))
            finally:
                for call in calls:
                    self._exchange.drop(call)

    def __repr__(self) -> str:
        return line("Gather", lambda: "of " + ", ".join(self._exchange.names), lambda: self._exchange.told_shortly())

    def _finished(self, call: Call) -> Answer:
        self._exchange.wait(call)
        return Answer(call.frame, call.outcomes)

    def close(self) -> None:
        """End the processes, let go of services elsewhere; a question still open raises `Closed`. Idempotent.

        A process that is busy gets two seconds to end, then it is killed.
        """
        self._exchange.close()


def open_exchange(services: Mapping[str, Spec]) -> Exchange:
    """The services of a gather, their processes starting; raises what `gather` does."""
    if not services:
        raise OptionError("gather needs services: gather(seg=function, pose='tcp://gpu-box:7000')")
    for name in services:
        _check_name(name)
    jobs = {name: own_job(name, spec) for name, spec in services.items()}
    addresses = {name: service_address(str(services[name])) for name, job in jobs.items() if job is None}
    own = len(jobs) - len(addresses)
    exchange = Exchange()
    workers = {name: Worker(job, exchange, among=own) for name, job in jobs.items() if job is not None}
    made: dict[str, Service] = {}
    try:
        for name in services:
            made[name] = (
                OwnService(workers[name]) if name in workers else ElsewhereService(name, addresses[name], exchange.told)
            )
    except BaseException:
        for service in made.values():
            service.close(busy=False)
        exchange.close()
        raise
    exchange.begin(made, list(workers.values()))
    return exchange


def _framed(frame: Frame | Array, *, held: bool = False) -> Frame:
    """`held`: the next one may be made in the same array before this one is answered."""
    if isinstance(frame, Frame):
        return frame
    if isinstance(frame, np.ndarray):
        image = checked(frame)
        return Frame.of(snapshot(image, room.empty) if held else image)
    raise BadFrame(f"a {kind_of(frame)} is no frame: ask with an array (height, width[, channels]) or a Frame")


def _check_name(name: str) -> None:
    if not name.isidentifier() or name.startswith("_"):
        raise OptionError(f"{name!r} cannot be the name of a service: letters, digits and _, beginning with a letter")
    if name in RESERVED:
        raise OptionError(f"a service cannot be called {name!r}, which an answer has already: call it otherwise")
