"""A copy of this process that goes on with something else: what is loaded here is loaded there, and not once more.

Only where nothing but the caller runs. A lock that another thread holds would be held in the copy for ever.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NoReturn


def whole() -> bool:
    """Whether a copy would be whole: on Linux, while this process has one thread, those of libraries included."""
    try:
        return sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1
    except OSError:
        return False


class Copy:
    """A child process that was not started by a command; see `Child`."""

    def __init__(self, run: Callable[[], object], descriptors: Sequence[int]) -> None:
        """`run` in a copy of this process that has `descriptors`, our output and nothing else, and ends like a program.

        Raises `OSError`. Call it only where this process is `whole`.
        """
        _flush()
        self.returncode: int | None = None
        with _no_signals() as mask:
            self.pid = os.fork()
            if self.pid == 0:
                _live(run, descriptors, mask)

    def poll(self) -> int | None:
        """Its exit code once it has ended, or less 1 for each number of the signal that ended it; None until then."""
        return self._look(os.WNOHANG)

    def wait(self) -> int:
        """The same, once it has ended."""
        code = self._look(0)
        assert code is not None  # noqa: S101  (who waits without a limit is told)
        return code

    def kill(self) -> None:
        """SIGKILL."""
        os.kill(self.pid, signal.SIGKILL)

    def _look(self, how: int) -> int | None:
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, how)
            except ChildProcessError:  # somebody else in this program has reaped it: how it ended is lost
                self.returncode = 0
            else:
                self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode


@contextmanager
def _no_signals() -> Iterator[set[int]]:
    """None comes here meanwhile; those that were kept out before."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        yield {int(number) for number in before}
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _live(run: Callable[[], object], descriptors: Sequence[int], mask: set[int]) -> NoReturn:
    """The whole life of a copy: nothing that its parent had begun is gone on with, or ended."""
    code = 1
    try:
        gc.freeze()  # what the parent left behind is not ours to collect
        atexit._clear()
        _forget_signals(mask)
        _keep_only(descriptors)
        _differ()
        code = _code_of(run)
        threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as multiprocessing does
        atexit._run_exitfuncs()
        _flush()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError, OSError):  # there is none, it is closed, nobody reads it
            stream.flush()


def _forget_signals(mask: set[int]) -> None:
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _keep_only(descriptors: Sequence[int]) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    low, last = 3, max(map(int, os.listdir("/proc/self/fd")))
    for kept in sorted(descriptors):
        os.closerange(low, kept)
        low = max(low, kept + 1)
    os.closerange(low, last + 1)


def _differ() -> None:
    """Copies draw other random numbers than each other; Python sees to its own by itself."""
    if (numpy_random := sys.modules.get("numpy.random")) is not None:
        numpy_random.seed()


def _code_of(run: Callable[[], object]) -> int:
    try:
        run()
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            return error.code or 0
        sys.stderr.write(f"{error.code}\n")
        return 1
    return 0
