"""Ctrl-C, SIGTERM and a closed terminal: the first one finishes what was begun, the second one stops now."""

from __future__ import annotations

import select
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

from framebus.core.bell import Bell

_SIGNALS = tuple(
    number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None
)


class Early:
    """In its `with` block, Ctrl-C is the exception it always is, and remembered.

    For Python drops what is raised inside a callback of its own, as there are many while modules are imported.
    """

    def __init__(self) -> None:
        self.came = False
        self._before: Any = None

    def __enter__(self) -> Self:
        self.came = False
        if threading.current_thread() is threading.main_thread():
            self._before = signal.getsignal(signal.SIGINT)
            if self._before is signal.default_int_handler:
                signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._before)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        self.came = True
        raise KeyboardInterrupt


early = Early()
"""Of the command that runs."""


class Stopping:
    """While in its `with` block, signals are wishes: the first sets `asked`, the second is a `KeyboardInterrupt`.

    Enter it in the main thread, which raises a `KeyboardInterrupt` that was dropped earlier; wait in any.
    """

    def __init__(self) -> None:
        self.asked = False
        self.signal = 0
        """The first signal that came, or 0."""
        self._bell = Bell()  # not an Event: its lock may be held by the very thread that handles the signal
        self._on_first: Callable[[], None] | None = None
        self._before: dict[int, Any] = {}

    @property
    def exit_code(self) -> int:
        """What an unfinished command exits with: 130 after Ctrl-C, 143 after SIGTERM, 129 after a hangup."""
        return 128 + self.signal

    def wait(self, timeout_s: float) -> bool:
        """Wait until somebody asks to stop, at most `timeout_s`; whether somebody did."""
        return bool(select.select([self._bell.fileno()], [], [], timeout_s)[0])

    def then(self, act: Callable[[], None]) -> None:
        """Call `act` at the first signal, now if it came already.

        It runs in the signal handler, so it may set flags but take no lock.
        """
        self._on_first = act
        if self.asked:
            act()

    def __enter__(self) -> Self:
        if early.came:
            self._bell.close()
            raise KeyboardInterrupt
        for number in _SIGNALS:
            ignored = signal.getsignal(number) is signal.SIG_IGN
            if not (ignored and number == getattr(signal, "SIGHUP", 0)):  # nohup means it
                self._before[number] = signal.signal(number, self._came)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._bell.close()

    def _came(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked, self.signal = True, number
        if self._on_first is not None:
            self._on_first()
        self._bell.ring()
