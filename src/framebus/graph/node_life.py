"""A node's life: open what it needs, work, tell how it goes, listen for wishes; never outlive the parent."""

from __future__ import annotations

import faulthandler
import logging
import select
import signal
import socket
import threading
import traceback
from types import TracebackType
from typing import Any, Self

import msgspec

from framebus.core.bell import Bell
from framebus.core.errors import Error
from framebus.core.redaction import RedactionFilter, redact
from framebus.core.schemas import look_up
from framebus.graph.appetite import Appetite
from framebus.graph.channel import Channel, Done, Failed, Figures, News, Ready, Stop, Wish
from framebus.graph.plans import Work
from framebus.graph.tasks import Task, task_of
from framebus.supervise.lifeline import die_with

TELL_S = 0.5
"""How often figures are told."""
LAST_WORDS_S = 2.0

log = logging.getLogger("framebus")


look_up(Work)


def serve(end: socket.socket, before: bytes, parent: int, work: Any, *, debug: bool) -> int:
    """Do `work` until it is done or the parent has had enough; the exit code."""
    die_with(parent)
    faulthandler.enable()  # where a native crash happened is worth knowing
    _speak(debug)
    with Reporting(Channel(end, "wishes", before)) as reporting:
        try:
            return _work(msgspec.convert(work, Work), reporting)
        except Error as error:
            for note in getattr(error, "__notes__", ()):  # the traceback of a worker
                log.error("%s", note)
            reporting.say(Failed(why=redact(str(error)), hopeless=error.hopeless, exit_code=error.exit_code))
            return error.exit_code
        except Exception as error:
            if debug:
                traceback.print_exc()
            reporting.say(Failed(why=redact(f"a bug in framebus: {type(error).__name__}: {error}")))
            return 1


def _work(work: Work, reporting: Reporting) -> int:
    task = task_of(work)
    reporting.about(task)
    signal.signal(signal.SIGTERM, lambda number, frame: reporting.stop_task())
    reporting.say(Ready(links=dict(task.links)))
    finished = task.run()
    if finished:
        reporting.say(Done())
    elif not reporting.told_to_stop:
        return 128 + signal.SIGTERM
    return 0


def _speak(debug: bool) -> None:
    """What is logged is printed, which the parent reads."""
    handler = logging.StreamHandler()
    handler.addFilter(RedactionFilter())
    handler.setLevel(logging.DEBUG if debug else logging.WARNING)
    logger = logging.getLogger("framebus")
    logger.handlers[:], logger.propagate = [handler], False
    logger.setLevel(logging.DEBUG if debug else logging.INFO)  # the page keeps these


class Reporting:
    """The node's end of the channel, in a thread of its own. A `with` block: what was said is out when it is left."""

    def __init__(self, channel: Channel) -> None:
        self.told_to_stop = False
        """True once the parent wants it to end."""
        self._stop = self._leave = False
        self._channel = channel
        self._lock = threading.Lock()
        self._task: Task | None = None
        self._early: list[Wish] = []
        self._appetite = Appetite()
        self._bell = Bell()
        self._thread = threading.Thread(target=self._run, name="framebus channel", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave = True
        self._bell.ring()
        self._thread.join()
        self._channel.drain(LAST_WORDS_S)

    def stop_task(self) -> None:
        """Have the task stopped, though the parent did not ask for it. From a signal handler: takes no lock."""
        self._stop = True
        self._bell.ring()

    def about(self, task: Task) -> None:
        """From now on this is what figures are about, and what wishes concern."""
        with self._lock:
            self._task = task
            early, self._early = self._early, []
        for wish in early:
            self._obey(wish, task)

    def say(self, news: News) -> None:
        """Tell the parent."""
        if isinstance(news, Done) and (task := self._task) is not None:
            self._send(task.figures())  # the last ones
        self._send(news)

    def _send(self, news: News) -> None:
        with self._lock:
            self._channel.send(news)

    def _run(self) -> None:
        while not (self._leave or self._channel.ended):
            channel, bell = self._channel.fileno(), self._bell.fileno()
            came, _, _ = select.select([channel, bell], [channel] if self._channel.waiting else [], [], TELL_S)
            self._bell.hush()
            with self._lock:
                self._channel.flush()
                wishes, task = self._channel.received() if channel in came else [], self._task
                if task is None:
                    self._early += wishes
            if task is not None:
                self._attend(task, wishes)

    def _attend(self, task: Task, wishes: list[Wish]) -> None:
        for wish in wishes:
            self._obey(wish, task)
        if self._stop or self._channel.ended:  # the parent has let go of it
            task.stop()
        if not wishes:
            self._send(self._figures(task))

    def _obey(self, wish: Wish, task: Task) -> None:
        if isinstance(wish, Stop):
            self.told_to_stop = True
            task.stop()
        else:
            task.heed(wish)

    def _figures(self, task: Task) -> Figures:
        figures = task.figures()
        figures.cpu, figures.memory, figures.workers = self._appetite.now()
        return figures
