"""Coded video becomes pictures here, for viewers that cannot decode it and for snapshots; only while there are any."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from framebus.codecs.decoding import Decoder
from framebus.core.errors import Error
from framebus.core.frame import Frame, Packet
from framebus.web.shown import Shown

MOST_WAITING = 120


class Decoding:
    """One stream's; used in the loop, works in the executor.

    `shown(frame)` and `failed(why)` are called in the loop.
    """

    def __init__(self, executor: Executor, shown: Callable[[Frame], None], failed: Callable[[str], None]) -> None:
        self._executor = executor
        self._shown = shown
        self._failed = failed
        self._decoder = Decoder()
        self._waiting: list[Packet] = []
        self._lost = False
        self._busy = self._closed = False

    def feed(self, packets: Sequence[Packet]) -> None:
        """More packets; when the decoder does not keep up, it goes on with the next key frame."""
        if len(self._waiting) > MOST_WAITING:
            self._waiting = []
            self._lost = True
        for packet in packets:
            self._waiting.append(packet.replace(missed=packet.missed + 1) if self._lost else packet)
            self._lost = False
        self._go_on()

    def close(self) -> None:
        """No more of it."""
        self._closed = True
        self._waiting = []

    def _go_on(self) -> None:
        if self._busy or self._closed or not self._waiting:
            return
        packets, self._waiting = self._waiting, []
        self._busy = True
        work = asyncio.get_running_loop().run_in_executor(self._executor, newest, self._decoder, packets)
        work.add_done_callback(self._done)

    def _done(self, work: asyncio.Future[Frame | None]) -> None:
        self._busy = False
        if work.cancelled() or self._closed:
            return
        error = work.exception()
        if isinstance(error, Error):
            self._failed(str(error))
        elif error is not None:
            raise error
        elif (frame := work.result()) is not None:
            self._shown(frame)
        self._go_on()


class Decodings:
    """Those of all streams; used in the loop. `shown(stream)` is called there with every picture that is made."""

    def __init__(self, executor: Executor, shown: Callable[[Shown], None]) -> None:
        self._executor = executor
        self._shown = shown
        self._at_work: dict[str, Decoding] = {}

    def begin(self, shown: Shown) -> None:
        """From the last key frame on, unless it is at work already."""
        if shown.name in self._at_work or shown.track is None:
            return

        def decoded(frame: Frame) -> None:
            shown.decoded = frame
            self._shown(shown)

        def failed(why: str) -> None:
            shown.trouble = why

        decoding = self._at_work[shown.name] = Decoding(self._executor, decoded, failed)
        decoding.feed([unit.packet for unit in shown.track.units])

    def feed(self, shown: Shown, packet: Packet) -> None:
        """One more packet of a stream of which somebody wants pictures."""
        if (decoding := self._at_work.get(shown.name)) is not None:
            decoding.feed([packet])
        else:
            self.begin(shown)

    def end(self, name: str) -> None:
        """Nobody wants pictures of that stream any more."""
        if (decoding := self._at_work.pop(name, None)) is not None:
            decoding.close()

    def close(self) -> None:
        """Of none."""
        for name in list(self._at_work):
            self.end(name)


def newest(decoder: Decoder, packets: Sequence[Packet]) -> Frame | None:
    """The last picture in `packets`."""
    frame = None
    for packet in packets:
        frame = decoder(packet) or frame
    return frame
