"""SIGHUP: the file is read again, unless it says that the terminal has gone."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def hangups(reload: Callable[[], None], stop: Callable[[], None]) -> Iterator[None]:
    """In this block SIGHUP means `reload`, and `stop` where the terminal that was there is no more."""
    if not hasattr(signal, "SIGHUP"):
        yield
        return
    had_terminal = _has_terminal()

    def came(number: int, frame: FrameType | None) -> None:
        (stop if had_terminal and not _has_terminal() else reload)()

    before = signal.getsignal(signal.SIGHUP)
    if before is not signal.SIG_IGN:  # nohup means it
        signal.signal(signal.SIGHUP, came)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@contextmanager
def perhaps_unseen() -> Iterator[None]:
    """What is written here may find its terminal gone: then it is not written."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.EIO:
            raise


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
