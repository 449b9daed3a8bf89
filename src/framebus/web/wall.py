"""All streams, where they come from, and who sees them: lives in the server's loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from framebus.codecs.decoding import Decoder
from framebus.core import clock
from framebus.core.contracts import Item
from framebus.core.errors import Error
from framebus.core.frame import Frame, Packet
from framebus.web import page_messages
from framebus.web.condition import gone
from framebus.web.darkroom import Darkroom
from framebus.web.handover import Handover
from framebus.web.intake import Intake
from framebus.web.local_streams import Here, look_around
from framebus.web.outbox import CodedLane
from framebus.web.page_names import Naming
from framebus.web.server_decoding import Decodings, newest
from framebus.web.shown import Shown
from framebus.web.sights import Sight, Sights

if TYPE_CHECKING:
    from framebus.web.viewer import Viewer

log = logging.getLogger("framebus")

TICK_S = 1.0
THREADS = 4


class Wall:
    """Opens `places` at once and reads them from `begin()` to `close()`; raises what `framebus.open` raises.

    `begin` is called in the loop, `close` after it has ended or in it; the rest in the loop only.
    """

    def __init__(self, places: Sequence[str], wishes: Mapping[str, Any]) -> None:
        self.shown: dict[str, Shown] = {}
        self.viewers: set[Viewer] = set()
        self.handover = Handover(self._wake, self._is_awaited)
        self.sights = Sights()
        self.executor = ThreadPoolExecutor(THREADS, "framebus-web")
        self.darkroom = Darkroom(self.executor, self.sights.of_pictures)
        self.intakes: list[Intake] = []
        self.taps: dict[str, Callable[[Item], None]] = {}
        """Who else gets all items of a stream, in the thread that reads it."""
        self.hearers: dict[str, set[Callable[[Item], None]]] = {}
        """Who else is told of the items of a stream that come to the loop, in it."""
        self.notes: list[Callable[[str], Mapping[str, Any]]] = []
        """What else is told of a stream."""
        self._naming = Naming()
        self._decodings = Decodings(self.executor, self.darkroom.develop)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticking: asyncio.Task[None] | None = None
        with contextlib.ExitStack() as opened:
            for place in places:
                self.intakes.append(Intake(place, wishes))
                opened.callback(self.intakes[-1].close)
            opened.pop_all()

    # life ------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Read, from now on; does nothing the second time."""
        if self._loop is not None:
            return
        self._loop = asyncio.get_running_loop()
        self._ticking = asyncio.create_task(self._tick())
        for number, intake in enumerate(self.intakes):
            if intake.announced:
                name = self._naming.name_of(number, intake.announced)
                intake.streams[name] = intake.announced
                self._stream(name, intake).camera = intake.states.get(name)
            intake.start(self._giver(number, intake))

    def rest(self) -> None:
        """Nothing more happens in the loop, which is about to end."""
        if self._ticking is not None:
            self._ticking.cancel()
        self._decodings.close()

    def close(self) -> None:
        """Stop reading and encoding; from any thread, idempotent."""
        for intake in self.intakes:
            intake.close()
        self.executor.shutdown()
        self.handover.take()
        self.shown.clear()

    # who sees what ---------------------------------------------------------------------------------------

    def see(self, sight: Sight) -> None:
        """Show `sight` its stream from now on, beginning with the picture there is."""
        self.take_in()
        self.sights.add(sight)
        if (intake := self.intake_of(sight.watch.stream)) is not None:
            intake.hurry(True)
        shown = self.shown.get(sight.watch.stream)
        if shown is None:
            return
        if sight.coded:
            self._begin(sight, shown)
        elif shown.track is not None:
            self._decodings.begin(shown)
        self.darkroom.develop(shown)

    def leave(self, sight: Sight) -> None:
        """Show `sight` nothing more."""
        self.sights.remove(sight)
        if not self.sights.of_pictures(sight.watch.stream):
            self._end_decoding(sight.watch.stream)

    def ready(self, sight: Sight) -> None:
        """`sight` has worked off what it got."""
        if not sight.coded and (shown := self.shown.get(sight.watch.stream)) is not None:
            self.darkroom.develop(shown)

    async def picture(self, shown: Shown) -> Frame | None:
        """The newest picture, decoded for the purpose where it has to be; None before the first."""
        self.take_in()
        if shown.picture is not None or shown.track is None:
            return shown.picture
        packets = [unit.packet for unit in shown.track.units]
        return await asyncio.get_running_loop().run_in_executor(self.executor, newest, Decoder(), packets)

    # what is told ----------------------------------------------------------------------------------------

    def told(self) -> dict[str, Any]:
        """All streams and places, JSON-able."""
        self.take_in()
        now_ns = clock.mono_ns()
        streams = [self.told_of(name, now_ns) for name in sorted(self.shown)]
        places = [{"place": intake.place, "ended": intake.ended} for intake in self.intakes]
        return {"streams": streams, "places": places, "now_ms": now_ns * 1e-6, "viewers": len(self.viewers)}

    def tell(self) -> None:
        """Tell every viewer how all streams are."""
        if self.viewers:
            told = self.listing()
            for viewer in self.viewers:
                viewer.tell(told)

    def listing(self) -> str:
        """`told`, as pages are told it."""
        return page_messages.say("streams", **self.told())

    def news(self) -> None:
        """`tell`, soon; from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop has just ended
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self.tell)

    def intake_of(self, name: str) -> Intake | None:
        """Where a stream comes from."""
        return next((intake for intake in self.intakes if name in intake.streams), None)

    def told_of(self, name: str, now_ns: int) -> dict[str, Any]:
        """One stream, JSON-able."""
        told = self.shown[name].told(now_ns) | {"watched": len(self.sights.of(name))}
        for note in self.notes:
            told |= note(name)
        return told

    # what comes ------------------------------------------------------------------------------------------

    def _giver(self, number: int, intake: Intake) -> Callable[[Item], None]:
        def give(item: Item) -> None:
            name = self._naming.name_of(number, item.stream)
            intake.streams.setdefault(name, item.stream)
            item = item if name == item.stream else item.replace(stream=name)
            self.handover.give(item)
            if (tap := self.taps.get(name)) is not None:
                tap(item)
            intake.hurry(tap is not None or self._is_awaited(name))

        return give

    def _wake(self) -> None:
        """In the thread of an intake."""
        with contextlib.suppress(RuntimeError):  # the loop has just ended
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self.take_in)

    def _is_awaited(self, stream: str) -> bool:
        """Whether somebody here wants what comes as it comes. In the thread of an intake."""
        return stream not in self.shown or stream in self.hearers or bool(self.sights.of(stream))

    def take_in(self) -> None:
        """Take what has come: whoever asks for the state of now has that done first."""
        for item, at_ns in self.handover.take():
            shown = self.shown.get(item.stream) or self._arrival(item.stream)
            try:
                self._take(shown, item, at_ns)
            except Error as error:
                shown.trouble = str(error)
            for hear in self.hearers.get(item.stream, ()):
                hear(item)

    def _take(self, shown: Shown, item: Item, at_ns: int) -> None:
        if isinstance(item, Packet) and item.codec == "mjpeg":
            item = Decoder()(item) or item  # stays the JPEG it is
        if isinstance(item, Frame):
            shown.take_frame(item, at_ns)
            self.darkroom.develop(shown)
            for sight in self.sights.coded(item.stream):
                sight.wake()
            return
        unit, anew = shown.take_packet(item, at_ns)
        for sight in self.sights.coded(item.stream):
            if anew or not sight.begun:
                self._begin(sight, shown)
            elif shown.track is None or shown.track.whole:
                sight.lane.offer(unit.shaped(sight.watch.how))
            sight.wake()
        if self.sights.of_pictures(item.stream):
            self._decodings.feed(shown, item)

    def _begin(self, sight: Sight, shown: Shown) -> None:
        """A player starts, or starts anew, with what it needs to know and the last key frame."""
        if shown.track is None or (first := shown.track.begin(sight.watch.how)) is None:
            return
        if not sight.begun and isinstance(sight.lane, CodedLane):
            sight.lane.fill(shown.track.history(sight.watch.how))
        else:
            sight.lane.offer(first)
            for unit in shown.track.units[-1:]:
                sight.lane.offer(unit.shaped(sight.watch.how))
        sight.begun = True
        sight.wake()

    def _end_decoding(self, name: str) -> None:
        self._decodings.end(name)
        if (shown := self.shown.get(name)) is not None:
            shown.decoded = None  # it is the newest picture no longer

    # as time goes by -------------------------------------------------------------------------------------

    def _arrival(self, name: str) -> Shown:
        return self._stream(name, self.intake_of(name))

    def _stream(self, name: str, intake: Intake | None) -> Shown:
        shown = self.shown[name] = Shown(name, intake.place if intake else "")
        for sight in self.sights.of(name):
            sight.begun = False
        asyncio.get_running_loop().call_soon(self.tell)
        return shown

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                self._turn(await self._look_around())
            except Exception:  # the next second is another one: the page goes on
                log.exception("the page could not look after its streams")

    def _turn(self, here: Here | None) -> None:
        """A second is over."""
        self.take_in()
        at_s = int(time.time()) - 1
        for shown in list(self.shown.values()):
            shown.history.tick(at_s)
            self._judge(shown, here)
        self.tell()

    def _note(self) -> None:
        for intake in self.intakes:
            intake.note()

    async def _look_around(self) -> Here | None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self.executor, self._note)
        if not any(intake.joinable for intake in self.intakes):
            return None
        try:
            return await loop.run_in_executor(self.executor, look_around, bool(self.viewers))
        except (Error, OSError):  # the folder of this machine's streams cannot be read now: nothing is known
            return None

    def _judge(self, shown: Shown, here: Here | None) -> None:
        intake = self.intake_of(shown.name)
        if intake is None:
            return
        shown.ended = intake.ended
        shown.camera = intake.states.get(shown.name)
        if intake.joinable and here is not None:
            shown.published = shown.name in here.streams
            shown.camera = here.states.get(shown.name, shown.camera)
        now_ns = clock.mono_ns()
        if (news := shown.news(now_ns)) is not None:
            log.info("%s", ": ".join(filter(None, (shown.name, *news))))
        silent_s = shown.silent_s(now_ns)
        if gone(silent_s=silent_s, published=shown.published, watchable=intake.joinable):
            self._end_decoding(shown.name)
            del self.shown[shown.name]
