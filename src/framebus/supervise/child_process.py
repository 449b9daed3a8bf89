"""One child process: started, noticed when it ends, killed, always reaped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol, Self

from framebus.core.errors import Unavailable


def interpreter(what: str) -> list[str]:
    """This Python with its switches, to start `what` with; `-P`: no folder but those we name is imported from.

    Raises `Unavailable` in a program that has none.
    """
    if not sys.executable:
        raise Unavailable(f"this program has no Python interpreter to start {what} with (sys.executable is empty)")
    isolated = ["-I"] if sys.flags.isolated else ["-P"]
    return [sys.executable, *isolated, *(f"-W{option}" for option in sys.warnoptions)]


_FROM_OUTSIDE = frozenset({-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP})


class Child(Protocol):
    """What a `Process` needs to know of its child: `subprocess.Popen`, or `Copy`."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def poll(self) -> int | None: ...

    def wait(self) -> int: ...

    def kill(self) -> None: ...


class Process:
    """A child process that inherits the descriptors it is given, our output and nothing else.

    Used by one thread, all but `strike`. Start it from a thread that outlives it where it is to die with its parent.
    """

    def __init__(self, child: Child) -> None:
        self._child = child
        self._descriptor = self._watched()
        self._reaping = threading.Lock()

    @classmethod
    def of(cls, command: Sequence[str], descriptors: Sequence[int], env: Mapping[str, str]) -> Self:
        """Start `command`; raises `Unavailable` where the system has no process or descriptor to spare."""
        try:
            child = subprocess.Popen(  # noqa: S603  (our own command)
                command, stdin=subprocess.DEVNULL, pass_fds=descriptors, env=dict(env)
            )
        except OSError as error:
            raise Unavailable(f"no process can be started ({' '.join(command)}): {error}") from error
        return cls(child)

    def _watched(self) -> int | None:
        if not hasattr(os, "pidfd_open"):
            return None
        try:
            return os.pidfd_open(self.pid)
        except OSError:  # an old kernel, or no descriptor left: whoever waits has to look
            return None

    @property
    def pid(self) -> int:
        """The process id; another process may have it once this one is reaped."""
        return self._child.pid

    @property
    def descriptor(self) -> int | None:
        """Readable once the process has ended; None where the system has no such thing, and `ended` is asked."""
        return self._descriptor

    def ended(self) -> bool:
        """True once it has ended; it is reaped then."""
        with self._reaping:
            if self._child.poll() is None:
                return False
        self._let_go()
        return True

    def kill(self) -> None:
        """SIGKILL and reap it; fine when it has ended."""
        self.strike()
        with self._reaping:
            self._child.wait()
        self._let_go()

    def strike(self) -> None:
        """SIGKILL; fine when it has ended. From any thread: whoever watches it notices."""
        with self._reaping, suppress(ProcessLookupError):
            if self._child.returncode is None:
                self._child.kill()

    @property
    def ending(self) -> str:
        """How it ended, as the second half of a sentence: `was killed by SIGSEGV`, `ended with exit code 3`."""
        code = self._child.returncode
        if code is None:
            return "runs"
        return f"was killed by {_signal(-code)}" if code < 0 else f"ended with exit code {code}"

    @property
    def killed_by_others(self) -> bool:
        """True when a signal ended it that nothing inside a process sends by accident."""
        return self._child.returncode in _FROM_OUTSIDE

    def _let_go(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
