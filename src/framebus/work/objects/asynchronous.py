"""The same proxy for event loops: calls run in a thread, and are awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from framebus.core.errors import Error, RemoteError
from framebus.work.objects.front import Front
from framebus.work.objects.question_outcome import NoSuchMember
from framebus.work.objects.remote_streams import END, Opened


class _Thread:
    """One thread that does things in the order in which they are asked."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "framebus-await")

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)

    def end(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


class AsyncRemote:
    """What `async with` gives for a remote: everything that asks the object is awaited.

        frame = await cam.read()
        exposure = await cam.exposure_ms
        await cam.exposure_ms.set(12)
        async for frame in cam.frames(): ...
        async for event in cam.events(): ...

    A call that is cancelled, and was sent, is executed all the same; calls made after it wait for that.
    """

    __slots__ = ("_front", "_thread")
    _front: Front
    _thread: _Thread

    def __init__(self, front: Front) -> None:
        object.__setattr__(self, "_front", front)
        object.__setattr__(self, "_thread", _Thread())

    def __getattr__(self, name: str) -> AsyncMember:
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return AsyncMember(self._front, self._thread, name)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"setting takes time: write `await cam.{name}.set({value!r})` with your cam")

    def __repr__(self) -> str:
        return f"<AsyncRemote of {self._front.name}, {self._front.channel}>"

    async def aclose(self) -> None:
        """Let go of the object; one that was spawned ends with its process."""
        await asyncio.to_thread(self._front.close)
        self._thread.end()


class AsyncMember:
    """A method, to be called; or an attribute, to be awaited, or `set`."""

    __slots__ = ("_front", "_name", "_thread")

    def __init__(self, front: Front, thread: _Thread, name: str) -> None:
        self._front = front
        self._thread = thread
        self._name = name

    def __call__(self, *arguments: Any, **named: Any) -> Pending:
        """Call it: await the answer, or iterate with `async for`."""
        return Pending(self._thread, lambda: self._called(arguments, named))

    def __await__(self) -> Generator[Any, None, Any]:
        return self._thread.run(self._value).__await__()

    async def set(self, value: Any) -> None:
        """Give the attribute a value."""
        await self._thread.run(self._front.set, self._name, value)

    def _called(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        try:
            self._front.member(self._name)
        except NoSuchMember:
            if self._name in ("events", "stop"):
                return getattr(self._front, self._name)(*arguments, **named)
            raise
        return self._front.call(self._name, arguments, named)

    def _value(self) -> Any:
        if self._front.member(self._name).kind == "method":
            raise RemoteError(f"{self._name} is a method: await {self._name}(…)")
        return self._front.get(self._name)


class Pending:
    """A call that has not begun: await it, or iterate over what it gives."""

    __slots__ = ("_call", "_thread")

    def __init__(self, thread: _Thread, call: Callable[[], Any]) -> None:
        self._thread = thread
        self._call = call

    def __await__(self) -> Generator[Any, None, Any]:
        return self._answer().__await__()

    async def _answer(self) -> Any:
        answer = await self._thread.run(self._call)
        return AsyncStream(answer) if isinstance(answer, Opened) else answer

    async def __aiter__(self) -> AsyncIterator[Any]:
        answer = await self._answer()
        if not isinstance(answer, AsyncStream):
            raise RemoteError(f"the answer is no stream but of type {type(answer).__name__}: await it")
        async with answer:
            async for item in answer:
                yield item


class AsyncStream:
    """What a generator method, or one that returned a source, gives: `async for`, in an `async with` if left early."""

    def __init__(self, stream: Opened) -> None:
        self._stream = stream
        self._thread = _Thread()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        try:
            item = await self._thread.run(self._stream.next)
        except asyncio.CancelledError:
            self._stream.interrupt()
            raise
        if item is END:
            await self.aclose()
            raise StopAsyncIteration
        return item

    async def aclose(self) -> None:
        """Close it; idempotent."""
        self._stream.interrupt()
        with suppress(RuntimeError):  # closed before
            await self._thread.run(self._closed)
        self._thread.end()

    def _closed(self) -> None:
        with suppress(Error):
            self._stream.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
