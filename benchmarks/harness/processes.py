"""Forked processes whose return value, or whose failure, comes back to the one that started them."""

from __future__ import annotations

import multiprocessing
import os
import socket
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

_GRACE_S = 0.3
FORK = multiprocessing.get_context("fork")


class MeasurementError(Exception):
    """A process failed, hung or died; the text says which and why."""


class Child:
    """One process running `task(*args)`. It ends without any clean-up, so that no peer's `close()` can hang it."""

    _lonely = True

    def __init__(self, task: Callable[..., Any], *args: Any) -> None:
        self.name = task.__name__
        self._answers, theirs = FORK.Pipe(duplex=False)
        self._process = FORK.Process(target=_run, args=(theirs, task, args), daemon=self._lonely)
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        """Its process id."""
        return int(self._process.pid or 0)

    def result(self, timeout: float, beside: Sequence[Child] = ()) -> Any:
        """What the task returned; raises `MeasurementError` when it raised, died or took over `timeout` seconds, or
        when a process `beside` it, of those that run for ever, ended."""
        others = {child._answers: child for child in beside}
        ready = wait([self._answers, *others], timeout)
        if not ready:
            raise MeasurementError(f"{self.name} hung for {timeout:g} s")
        if self._answers not in ready and not self._answers.poll(_GRACE_S):  # its ends may close before it answers
            others[ready[0]].result(0)
            raise MeasurementError(f"{others[ready[0]].name} ended, and {self.name} was not done")
        try:
            good, value = self._answers.recv()
        except EOFError as error:
            raise MeasurementError(f"{self.name} died") from error
        if not good:
            raise MeasurementError(f"{self.name} failed: {value}")
        return value

    def kill(self) -> None:
        """End it now."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self._answers.close()


class Parent(Child):
    """A child that may have children of its own, which its task ends itself."""

    _lonely = False


def _run(answers: Connection, task: Callable[..., Any], args: tuple[Any, ...]) -> None:
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
