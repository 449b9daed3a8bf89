"""An object that lives elsewhere as if it lived here: its methods are called, its attributes read and set."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Any

from framebus.core.closing import Closing
from framebus.work.objects.asynchronous import AsyncRemote
from framebus.work.objects.front import Front
from framebus.work.objects.members import Member
from framebus.work.objects.question_outcome import NoSuchMember
from framebus.work.objects.remote_streams import END, Opened

WORDS = ("events", "stop")
"""What proxies have besides the object's members, unless it has one of that name."""


class Remote(Closing):
    """An object that lives elsewhere; made by `framebus.remote` and `framebus.spawn`.

        cam.exposure_ms = 12                  # attributes are set and read where the object lives
        frame = cam.read()                    # methods are called there; pictures come back as they were returned
        with cam.frames() as frames:          # what a generator method, or one that returns a source, gives
            for frame in frames: ...

    Public methods and attributes (no leading underscore) are there under their own names, and no others: a typo
    raises `RemoteError` (which is an `AttributeError` as well) naming what exists. Arguments and answers are numbers,
    text, None, numeric arrays, frames, and lists, tuples and dicts of these; arrays arrive read-only. An exception of
    the object raises `RemoteError` with its type and text; its traceback is a note.

    Besides: `events()` iterates over what the object emits; `stop()` ends the object and what serves it, unless the
    object has a `stop` of its own, which is called then; `close()` lets go of it (and ends the process of one that was
    spawned), as leaving a `with` block does. `async with` gives the same with everything to be awaited.

    Thread-safe: the object does one thing at a time, in the order in which it was asked. Belongs to one process.
    """

    _front: Front
    _asynchronous: list[AsyncRemote]

    def __init__(self, front: Front) -> None:
        object.__setattr__(self, "_front", front)
        object.__setattr__(self, "_asynchronous", [])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # copying, pickling and notebooks ask for such before they ask for anything else
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        front = self._front
        try:
            member = front.member(name)
        except NoSuchMember:
            if name not in WORDS:
                raise
            return front.stop if name == "stop" else lambda: RemoteStream(front.events())
        return Method(front, member) if member.kind == "method" else front.get(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._front.set(name, value)

    def __dir__(self) -> list[str]:
        return sorted({"close", *WORDS, *self._front.members})

    def __repr__(self) -> str:
        name, where = self._front.name, str(self._front.channel)
        return f"<Remote of {where}>" if name == where else f"<Remote of {name}, {where}>"

    def close(self) -> None:
        """Let go of the object; one that was spawned ends with its process. Whoever waits gets `Closed`. Idempotent."""
        self._front.close()

    # what `async with` gives ----------------------------------------------------------------------------------

    async def __aenter__(self) -> AsyncRemote:
        self._asynchronous.append(AsyncRemote(self._front))
        return self._asynchronous[-1]

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._asynchronous.pop().aclose()


class Method:
    """A method of an object that lives elsewhere: call it."""

    def __init__(self, front: Front, member: Member) -> None:
        self.__name__ = member.name
        self.__doc__ = f"{member.name}{member.signature}\n\n{member.doc}".strip()
        self._signature = member.signature
        self._front = front

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call it where the object lives; the answer, or a `RemoteStream` where it gives one thing after another."""
        answer = self._front.call(self.__name__, arguments, named)
        return RemoteStream(answer) if isinstance(answer, Opened) else answer

    def __repr__(self) -> str:
        return f"<method {self._front.name}.{self.__name__}{self._signature}>"


class RemoteStream(Closing):
    """What a generator method, or one that returned a source, gives: iterate over it.

    The next item is made when it is asked for, so that nothing piles up. Ends when it ends there; leave it early with
    a `with` block or `close()`, which closes it there. Raises `RemoteError` where it failed, or the object ended, and
    `Timeout` when nobody is there for as long as the remote's `timeout`. Used by one thread at a time.
    """

    def __init__(self, stream: Opened) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        item = self._stream.next()
        if item is END:
            raise StopIteration
        return item

    def close(self) -> None:
        """Close it; idempotent."""
        self._stream.close()
