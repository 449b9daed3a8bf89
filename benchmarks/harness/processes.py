"""Forked processes whose return value, or whose failure, comes back to the one that started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from types import FrameType
from typing import Any, Generic, NoReturn, Self, TypeVar

_GRACE_S = 0.3
_GOODBYE_S = 2.0
FORK = multiprocessing.get_context("fork")
T = TypeVar("T")


class MeasurementError(Exception):
    """A process failed, hung or died; the text says which and why."""


class Child(Generic[T]):
    """One process running `task(*args)`, until the end of the `with` block at most.

    It ends without any clean-up, so that no peer's `close()` can hang it.
    """

    _lonely = True

    def __init__(self, task: Callable[..., T], *args: Any) -> None:
        self.name = task.__name__
        self._answers, theirs = FORK.Pipe(duplex=False)
        self._process = FORK.Process(target=_run, args=(theirs, self._lonely, task, args), daemon=self._lonely)
        self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """Its process id."""
        return int(self._process.pid or 0)

    def result(self, timeout: float, beside: Sequence[Child[Any]] = ()) -> T:
        """What the task returned; raises `MeasurementError` when it raised, died or took over `timeout` seconds, or
        when a process `beside` it, of those that run for ever, ended."""
        others = {child._answers: child for child in beside}
        ready = wait([self._answers, *others], timeout)
        if not ready:
            raise MeasurementError(f"{self.name} hung for {timeout:g} s")
        if self._answers not in ready and not self._answers.poll(_GRACE_S):  # its ends may close before it answers
            gone = next(child for answers, child in others.items() if answers in ready)
            gone.result(0)
            raise MeasurementError(f"{gone.name} ended, and {self.name} was not done")
        return self._answer()

    def _answer(self) -> T:
        try:
            good, value = self._answers.recv()
        except EOFError as error:
            raise MeasurementError(f"{self.name} died") from error
        if not good:
            raise MeasurementError(f"{self.name} failed: {value}")
        answer: T = value
        return answer

    def check(self) -> None:
        """Raise what went wrong where it has ended, though it was to run for ever."""
        if self._answers.poll():
            self._answer()
            raise MeasurementError(f"{self.name} ended")

    def kill(self) -> None:
        """End it now."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self._answers.close()


class Parent(Child[T]):
    """A child that may have children of its own, which its task ends itself, also when it is told to end early."""

    _lonely = False

    def kill(self) -> None:
        """Let it end its own children, then end it."""
        self._process.terminate()
        self._process.join(_GOODBYE_S)
        super().kill()


def leave(signum: int, _: FrameType | None) -> NoReturn:
    """A handler of signals: end as `sys.exit` does, so that whatever is open is closed on the way out."""
    sys.exit(128 + signum)


def _run(answers: Connection, lonely: bool, task: Callable[..., object], args: tuple[object, ...]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL if lonely else leave)
    try:
        answers.send((True, task(*args)))
    except BaseException:
        answers.send((False, traceback.format_exc()))
    answers.close()
    os._exit(0)


def free_ports(count: int) -> tuple[int, ...]:
    """TCP ports of loopback nobody listens on just now."""
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = tuple(listener.getsockname()[1] for listener in taken)
    for listener in taken:
        listener.close()
    return ports
