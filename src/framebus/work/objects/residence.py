"""What a process does that was made for one object: build it, do what is asked of it, run its loop, end it."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from types import FrameType
from typing import Any

from framebus.core.callables import find
from framebus.links.receiving import LinkSource
from framebus.pool import byvalue
from framebus.pool.worker_job import Job
from framebus.work.objects.attendant import Attendant
from framebus.work.objects.building import build, finish, loop_of
from framebus.work.objects.events import Events
from framebus.work.objects.loop import Loop
from framebus.work.objects.members import is_async
from framebus.work.objects.performer import Performer, failed, here

Target = str | Callable[..., Any]


def residence_job(name: str, target: Target, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> Job:
    """The job of a process that holds what `target` makes; raises `OptionError` for what cannot be taken there."""
    target = Job.of(name, target).text if isinstance(target, str) else target
    code = byvalue.to_bytes((target, arguments, dict(named)), name)
    return Job(name, code=code, duty="framebus.work.objects.residence:residence")


def residence(job: Job) -> Residence:
    """The duty of such a process: builds the object now."""
    return Residence(job)


class Residence:
    """One object for the life of a process."""

    def __init__(self, job: Job) -> None:
        target, arguments, named = byvalue.from_bytes(job.code)
        found = find(target)
        self._name = job.name
        self._events = Events()
        arguments, named = (*found.arguments, *arguments), {**found.named, **named}
        self._thing = build(job.name, found.function, arguments, named, self._events.emit)

    def attend(self, source: LinkSource) -> None:
        """Do what is asked, beside the object's own loop, until either ends; then end the object.

        Exits with 1 where its loop failed.
        """
        loop = Loop(self._name) if is_async(self._thing) else None
        run = here if loop is None else loop.run
        own = loop_of(self._thing)
        performer = Performer(self._thing, self._events, run, besides=() if own is None else ("run",))
        attendant = Attendant(source, performer)
        try:
            if own is None:
                attendant.run()
            elif loop is None:
                self._told(lambda: _beside(own, attendant))
            else:
                self._told(lambda: _in_loop(own, loop, attendant))
        finally:
            performer.close()
            finish(self._thing, run)
            if loop is not None:
                loop.close()

    def _told(self, live: Callable[[], None]) -> None:
        try:
            live()
        except Exception as error:
            sys.stderr.write(f"{self._name}.run() failed: {failed(error).error}\n")
            raise SystemExit(1) from None


def _in_loop(own: Callable[[], Any], loop: Loop, attendant: Attendant) -> None:
    """Run `own` in the event loop, until it has ended or nobody needs the object."""
    running = loop.start(own, attendant.stop)
    attendant.run()
    running.cancel()
    try:
        running.result()
    except CancelledError:
        return


def _beside(own: Callable[[], Any], attendant: Attendant) -> None:
    """Run `own` in this, the main thread; calls are executed in another one. Ends like it does at a Ctrl-C."""
    ending = _Ending()

    def attend() -> None:
        attendant.run()
        ending.ask()

    thread = threading.Thread(target=attend, name="framebus-calls", daemon=True)
    thread.start()
    try:
        ending.watch(own)
    finally:
        attendant.stop()
        thread.join()


class _Ending:
    """Ends a function that runs in the main thread by a `KeyboardInterrupt`, wherever it is, also in a sleep."""

    def __init__(self) -> None:
        self._running = False
        self._asked = False
        signal.signal(signal.SIGTERM, self._came)

    def watch(self, function: Callable[[], Any]) -> None:
        """Call it; returns when it has ended, or was ended."""
        try:
            try:
                self._running = True
                if not self._asked:
                    function()
            finally:
                self._running = False
        except KeyboardInterrupt:
            if not self._asked:
                raise

    def ask(self) -> None:
        """From another thread."""
        self._asked = True
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    def _came(self, number: int, frame: FrameType | None) -> None:
        if self._asked and self._running:  # one from elsewhere is the parent's business
            raise KeyboardInterrupt
