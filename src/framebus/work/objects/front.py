"""One object that lives elsewhere: its members, calls to them, what they gave to iterate over, its events."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from typing import Any

from framebus.core.closing import Closing
from framebus.core.errors import RemoteError
from framebus.links.patience import Patience
from framebus.work.objects import speech
from framebus.work.objects.asker import Asker
from framebus.work.objects.members import Description, Member, unknown
from framebus.work.objects.object_channel import Channel, Hearer
from framebus.work.objects.question_outcome import NoSuchMember
from framebus.work.objects.remote_streams import EventStream, OpenStream
from framebus.work.objects.speech import Do, Question

MAX_STREAMS = 5
"""Open at once through one front: each may keep a place of the link's window to itself."""


class Front(Closing):
    """Safe to use from several threads, whose calls take turns; belongs to one process."""

    def __init__(self, channel: Callable[[Hearer], Channel], limit_s: float | None) -> None:
        """`limit_s`: how long an answer may take; None: for ever."""
        self._limit_s = limit_s
        self._asker = Asker(channel)
        self._calls = self._asker.lane()
        self._open: weakref.WeakSet[OpenStream] = weakref.WeakSet()

    @property
    def channel(self) -> Channel:
        """The way to it."""
        return self._asker.channel

    # members ----------------------------------------------------------------------------------------------------

    @property
    def members(self) -> Mapping[str, Member]:
        """Those known so far; none before the object was there for the first time."""
        known = self._asker.known
        return {} if known is None else known.members

    @property
    def name(self) -> str:
        """The object's class, once that is known; else where it is."""
        known = self._asker.known
        return self.channel.name if known is None else known.description.name

    def description(self) -> Description:
        """The object as it is now. Raises `Timeout` where it is not there in time."""
        return self._asker.describe(self._calls, Patience(self._limit_s)).description

    def member(self, name: str) -> Member:
        """The member called `name`; asks again where it is not known, as attributes come and go.

        Raises `NoSuchMember` naming what there is.
        """
        members = self.members
        if name not in members and (self._asker.known is None or self.channel.connection is not None):
            self.description()
            members = self.members
        if name not in members:
            raise NoSuchMember(f"{self._asker.place}{unknown(self.name, name, members)}")
        return members[name]

    # asking -----------------------------------------------------------------------------------------------------

    def get(self, name: str) -> Any:
        """The value of an attribute."""
        return self._value("get", name, None, name)

    def set(self, name: str, value: Any) -> None:
        """Give an attribute a value; raises `NoSuchMember`, and `RemoteError` for what can only be read."""
        member = self.member(name)
        if member.kind == "method" or not member.writable:
            kind = "is a method" if member.kind == "method" else "can only be read"
            raise RemoteError(f"{self._asker.place}{self.name}.{name} {kind}: it takes no value")
        self._value("set", name, value, f"{name} = …")

    def stop(self) -> None:
        """End the object, and what serves it; one in a process of ours is closed."""
        if self.channel.private:
            self.close()
        else:
            self._value("stop", "", None, "stop()")

    def call(self, name: str, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
        """The answer of a method; an `OpenStream` where it gave something to iterate over."""
        what = f"{self.name}.{name}()"
        question = Question("call", name)
        heard = self._asker.ask(self._calls, question, [arguments, dict(named)], what, Patience(self._limit_s))
        number = speech.stream_of(heard.reply.data)
        return self._asker.value(heard, what) if number is None or heard.reply.error else self._opened(number, what)

    def _value(self, do: Do, name: str, given: Any, what: str) -> Any:
        what = f"{self.name}.{what}"
        heard = self._asker.ask(self._calls, Question(do, name), given, what, Patience(self._limit_s))
        return self._asker.value(heard, what)

    # streams ----------------------------------------------------------------------------------------------------

    def _opened(self, number: int, what: str) -> OpenStream:
        known = self._asker.known
        instance = "" if known is None else known.description.instance
        if sum(stream.alive for stream in self._open) >= MAX_STREAMS:
            self._asker.tell(Question("drop", instance=instance), number)
            raise RemoteError(f"{self._asker.place}{MAX_STREAMS} streams are open already: close some, or open another")
        stream = OpenStream(self._asker, number, instance, what, self._limit_s)
        self._open.add(stream)
        return stream

    def events(self) -> EventStream:
        """What the object emits, until it ends or this front is closed. Also across its restarts."""
        return EventStream(self._asker, f"{self.name}'s events", self._limit_s)

    def close(self) -> None:
        """Let go of the object; one in a process of ours ends. Idempotent."""
        self._asker.close()
