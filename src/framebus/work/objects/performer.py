"""Does with one object what questions say: calls, gets, sets, and keeps what its methods gave to iterate over."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from framebus.core.contracts import Item
from framebus.core.errors import BadFrame
from framebus.core.source import Source
from framebus.pool.answers import pack
from framebus.pool.calling import Said, described
from framebus.work.objects import iterators, speech
from framebus.work.objects.events import Events
from framebus.work.objects.members import Description, first_line, members_of, unknown
from framebus.work.objects.speech import Question

Run = Callable[..., Any]
"""Calls a function with its arguments where the object lives: in this thread, or in an event loop."""
Reply = Callable[[Said], None]

_OURS = frozenset({"framebus", "concurrent", "asyncio"})


def here(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call it in this thread."""
    return function(*arguments, **named)


class _Open(NamedTuple):
    items: Any
    asker: str
    reading: iterators.Reading | None


class Performer:
    """One object and what was opened on it. `perform` is used by one thread at a time."""

    def __init__(self, thing: Any, events: Events, run: Run = here, besides: Collection[str] = ()) -> None:
        """`besides`: public names that others do not get to see."""
        self.name = type(thing).__name__
        self.instance = secrets.token_hex(8)
        self.stopped = False
        """Somebody wants the object to end."""
        self._thing = thing
        self._run = run
        self._events = events
        self._besides = besides
        self._members = members_of(thing, besides)
        self._streams: dict[int, _Open] = {}
        self._numbers = itertools.count(1)

    @property
    def holds(self) -> bool:
        """True while something is open, or waited for, that ends when its asker goes."""
        return bool(self._streams) or self._events.waited_for

    def perform(self, question: Question, item: Item, asker: str, reply: Reply) -> None:
        """Do what `question` says; `reply` is told the outcome, now or (a stream's next item, an event) later.

        Exceptions of the object are told; those that end a program are told, and raised.
        """
        try:
            said = self._done(question, item, asker, reply)
        except (Exception, SystemExit) as error:
            said = failed(error)
        except BaseException as error:
            reply(failed(error))
            raise
        if said is not None:
            reply(said)

    def _done(self, question: Question, item: Item, asker: str, reply: Reply) -> Said | None:
        if question.do == "describe":
            return self._described()
        if question.instance != self.instance:
            return speech.refused("elsewhere", "it was asked of one that has ended since")
        match question.do:
            case "call":
                return self._called(question, item, asker)
            case "get":
                return self._checked(question.name) or packed(self._run(getattr, self._thing, question.name))
            case "set":
                return self._checked(question.name) or self._set(question.name, speech.given(question, item))
            case "next":
                return self._next(int(speech.given(question, item)), asker, reply)
            case "drop":
                return self._drop(int(speech.given(question, item)), asker)
            case "events":
                self._events.ask(speech.given(question, item), asker, reply)
                return None
            case "stop":
                self.stopped = True
                return Said()

    # members ----------------------------------------------------------------------------------------------------

    def _described(self) -> Said:
        self._members = members_of(self._thing, self._besides)
        members = list(self._members.values())
        description = Description(self.name, first_line(type(self._thing)), self.instance, members)
        return packed(msgspec.to_builtins(description))

    def _checked(self, name: str) -> Said | None:
        """What to say where there is no such member; attributes may have come since we looked."""
        if name not in self._members:
            self._members = members_of(self._thing, self._besides)
        if name in self._members:
            return None
        return speech.refused("unknown", unknown(self.name, name, self._members))

    def _set(self, name: str, value: Any) -> Said:
        self._run(setattr, self._thing, name, value)
        return Said()

    def _called(self, question: Question, item: Item, asker: str) -> Said:
        refusal = self._checked(question.name)
        if refusal is not None:
            return refusal
        arguments, named = speech.given(question, item)
        result = self._run(getattr(self._thing, question.name), *arguments, **named)
        return self._opened(result, asker) if iterators.is_stream(result) else packed(result)

    # streams ----------------------------------------------------------------------------------------------------

    def _opened(self, items: Any, asker: str) -> Said:
        if len(self._streams) >= iterators.MAX_STREAMS:
            self._close(_Open(items, asker, None))
            return speech.refused("request", f"{iterators.MAX_STREAMS} streams of it are open already: close some")
        number = next(self._numbers)
        self._streams[number] = _Open(items, asker, iterators.Reading(items) if isinstance(items, Source) else None)
        return speech.opened(number)

    def _next(self, number: int, asker: str, reply: Reply) -> Said | None:
        stream = self._streams.get(number)
        if stream is None or stream.asker != asker:
            return speech.refused("lost", "the stream was closed, because whoever read it was away")
        if stream.reading is not None:
            stream.reading.ask(lambda item: reply(self._read(number, item)))
            return None
        step = iterators.next_of_async if isinstance(stream.items, AsyncIterator) else iterators.next_of
        try:
            item = self._run(step, stream.items)
        except BaseException:
            del self._streams[number]
            raise
        if item is iterators.END:
            del self._streams[number]
        return self._passed_on(item)

    def _read(self, number: int, item: Any) -> Said:
        """In the thread that reads a source, which ends with it."""
        if item is iterators.END or isinstance(item, BaseException):
            self._streams.pop(number, None)
        return self._passed_on(item)

    def _passed_on(self, item: Any) -> Said:
        if item is iterators.END:
            return speech.ended()
        return failed(item) if isinstance(item, BaseException) else packed(item)

    def _drop(self, number: int, asker: str) -> Said:
        stream = self._streams.get(number)
        if stream is not None and stream.asker == asker:
            self._close(self._streams.pop(number))
        return Said()

    def drop_those_of(self, gone: Callable[[str], bool]) -> None:
        """Close what was opened for askers that are `gone`."""
        self._events.forget_those_of(gone)
        for number, stream in list(self._streams.items()):
            if gone(stream.asker):
                del self._streams[number]
                self._close(stream)

    def close(self) -> None:
        """Close everything that is open; the object itself is its owner's."""
        self.drop_those_of(lambda asker: True)

    def _close(self, stream: _Open) -> None:
        if stream.reading is not None:
            stream.reading.close()
            return
        close = getattr(stream.items, "aclose", None) or getattr(stream.items, "close", None)
        if close is not None:
            with suppress(Exception):  # whatever the user's `finally` raises: nobody is there to be told
                self._run(close)


def packed(answer: Any) -> Said:
    """`answer` for the way back, or the error that says which part of it cannot travel."""
    try:
        return Said(*pack(answer))
    except BadFrame as error:
        return Said(error=f"{type(error).__name__}: {error}")


def failed(error: BaseException) -> Said:
    """An exception of the object, with the traceback from where its own code begins."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals.get("__name__", "").partition(".")[0] in _OURS:
        trace = trace.tb_next
    return Said(error=described(error.with_traceback(trace)))
