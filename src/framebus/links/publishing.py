"""The writing end of a link as a publisher."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core import clock
from framebus.core.contracts import Done, Item
from framebus.core.errors import BadFrame, Timeout
from framebus.core.formats import guess_format
from framebus.core.frame import NO_META, Frame, Packet
from framebus.core.names import check_name, fill_template
from framebus.core.publisher import Publisher
from framebus.core.statistics import ReaderInfo, Stats
from framebus.links.carrier import Carrier
from framebus.links.endpoint import Endpoint
from framebus.links.patience import Patience
from framebus.session.outgoing import Peer
from framebus.session.publisher import PublisherSession
from framebus.session.status import publisher_status
from framebus.wire import control

LINGER_MS = 500
CONFIRM_S = 1.0


class WritingEnd(Endpoint[PublisherSession]):
    """Drives a publisher session and takes frames for it."""

    def __init__(self, session: PublisherSession, where: str, dial: Callable[[int], Carrier], peers: int = 1) -> None:
        super().__init__(session, where, dial, peers)
        self.stats = Stats()
        session.on_status = self._rates

    def skip(self, stream: str, run: int) -> bool:
        """Count a frame where nobody is there to take it: the fast way; False when somebody is."""
        with self._lock:
            if self._state or not self.session.idle or self._refusal is not None:
                return False
            self.session.skip(stream, run)
            return True

    def send(self, make: Callable[[PublisherSession], Item], done: Done | None) -> None:
        """Send what `make` makes, once it may be sent; `make` runs under the lock, so numbers follow the sending."""
        with self._lock:
            now = time.monotonic()
            self._check()
            if not self.session.started():
                now = self._wait(self.session.started, None, self._missing_text)
            item = make(self.session)
            if self._blocked(item):
                self.session.nudge()
                now = self._wait(lambda: not self._blocked(item), self.session.rules.patience_s, self._blocked_text)
            self.session.offer(item, now, done)
            self._flush(now)
            self._drive_as_caller(now)
            self._count(item)
            self._leave_hot(now)

    def _blocked(self, item: Item) -> bool:
        return self.session.audience.blocked_by(item.nbytes, item.stream) is not None

    def _count(self, item: Item) -> None:
        known = len(self.stats.streams)
        self.stats.count(item)
        if self.entry is not None and len(self.stats.streams) != known:
            self.entry.update(streams=tuple(self.stats.streams))

    def _wait(self, ready: Callable[[], bool], timeout: float | None, text: Callable[[], str]) -> float:
        """Until `ready`; the time then. Raises `Timeout` when nobody took anything for `timeout` seconds.

        `text` says what is waited for.
        """
        patience = Patience(timeout)
        owed = self.session.audience.retention.nbytes
        while True:
            now = time.monotonic()
            self._check()
            self._drive_as_caller(now)
            if ready():
                return now
            if (left := self.session.audience.retention.nbytes) < owed:
                owed = left
                patience.renew(now)
            if patience.over(now):
                advice = "raise patience or retain, or say when_full='skip'"
                raise Timeout(f"{text()}; nothing was taken for {patience.text}: {advice}")
            patience.say_once(now, text)
            self._sleep(patience.until(now))

    def _missing_text(self) -> str:
        missing = self.session.audience.missing()
        count, there = self.session.rules.wait_for, len(self.session.audience.members)
        readers = "a reader" if count == 1 else f"{count} readers, {there} there"
        return f"{self.address}: waiting for {', '.join(missing) or readers}"

    def _blocked_text(self) -> str:
        audience = self.session.audience
        owing = ", ".join(audience.owing(stoppers_only=True))
        return f"{self.address}: waiting for {owing} to take what is owed ({audience.retention.nbytes:,} bytes)"

    def finish(self) -> None:
        """Wait for what is owed, tell readers the end, free everything."""
        try:
            with self._lock:
                if self._state:
                    return
                self.session.close(time.monotonic())
                self._flush(time.monotonic())
                self._settle_up()
        finally:
            self._shut("this publisher is closed", LINGER_MS)

    def _settle_up(self) -> None:
        audience = self.session.audience
        patience = self.session.rules.patience_s
        try:
            self._wait(lambda: not audience.owing(), patience, self._blocked_text)
        except Timeout:
            if audience.owing(stoppers_only=True):
                raise
        self._drive_until(lambda: self.session.finished, time.monotonic() + CONFIRM_S)

    def abandon(self) -> None:
        """Stop without an end."""
        self._shut("this publisher was abandoned", LINGER_MS)

    def readers(self) -> list[ReaderInfo]:
        """Who reads, what they missed and are owed."""
        with self._lock:
            status = publisher_status(self.session)
        return [
            ReaderInfo(
                name=reader["group"],
                keep=reader["keep"],
                missed=reader["missed"],
                owed=reader["owed"],
                credit=reader.get("credit", 0),
                away=reader["away"],
            )
            for reader in status["readers"]
        ]

    def _rates(self) -> dict[str, dict[str, Any]]:
        return {name: stream.snapshot() for name, stream in self.stats.streams.items()}

    def _is_ready(self) -> bool:
        return False

    def _on_control(self, peer: Peer, part: memoryview, now: float) -> None:
        message = control.decode(part)
        self.session.received(peer, message, None, now)
        if isinstance(message, control.Hello):
            self._carrier.admit(peer)

    def _on_pair(self, peer: Peer, head: memoryview, payload: memoryview, now: float) -> None:
        message = control.decode(head)
        if not isinstance(message, control.Reply):
            raise BadFrame("this end publishes: it takes no frames")
        self.session.received(peer, message, payload, now)


class LinkPublisher(Publisher):
    """Sends frames into a link; see `Publisher`."""

    def __init__(
        self,
        end: WritingEnd,
        *,
        name: str,
        fixed: bool = False,
        template: str = "",
        format: str | None = None,
        encode: Callable[[Frame], Frame] | None = None,
    ) -> None:
        self._end = end
        self._run = secrets.randbits(64) or 1
        self._name = name
        self._fixed = fixed
        self._template = template
        self._format = format
        self._encode = encode
        self._names: dict[str | None, str] = {None: fill_template(template, name) if template else name}
        end.start()

    @property
    def where(self) -> str:
        """The address: where it listens, with the port the system chose, or what it connects to."""
        return self._end.address

    @property
    def listens(self) -> bool:
        """True when readers connect to it."""
        return self._end.listens

    def send(
        self, image: npt.NDArray[Any] | Item, stream: str | None = None, meta: Mapping[str, Any] | None = None
    ) -> None:
        if isinstance(image, np.ndarray):
            name = self._names.get(stream) or self._checked(stream)
            if not image.dtype.hasobject and self._end.skip(name, self._run):
                return
            self._send_array(image, name, meta)
        else:
            self._send_item(image, stream, meta, None)

    def write(self, item: Item, done: Done) -> None:
        self._send_item(item, None, None, done)

    def _send_array(self, image: npt.NDArray[Any], name: str, meta: Mapping[str, Any] | None) -> None:
        captured_ns, mono_ns = clock.utc_ns(), clock.mono_ns()
        format = guess_format(image.shape, image.dtype, self._format)
        frame = Frame(
            content=image,
            stream=name,
            run=self._run,
            captured_ns=captured_ns,
            captured_mono_ns=mono_ns,
            clock=clock.boot_id(),
            format=format,
            meta=NO_META if meta is None else meta,
        )
        if self._encode is not None:
            frame = self._encode(frame)
        self._end.send(lambda session: frame.replace(seq=session.next_number(name, self._run)), None)

    def _send_item(self, item: Item, stream: str | None, meta: Mapping[str, Any] | None, done: Done | None) -> None:
        if not isinstance(item, Frame | Packet):
            raise BadFrame(f"a {type(item).__name__} cannot be sent: send a numpy array or a Frame")
        name = self._name_of(item, stream)
        changes: dict[str, Any] = {} if name == item.stream else {"stream": name}
        if meta is not None:
            changes["meta"] = meta
        item = item.replace(**changes) if changes else item
        if self._encode is not None and isinstance(item, Frame):
            item = self._encode(item)
        ready = item
        if ready.run:
            self._end.send(lambda session: ready, done)
        else:
            self._end.send(lambda session: ready.replace(run=self._run, seq=session.next_number(name, self._run)), done)

    def _name_of(self, item: Item, stream: str | None) -> str:
        if stream is not None:
            return self._names.get(stream) or self._checked(stream)
        if self._template:
            return fill_template(self._template, item.stream or self._name)
        return self._name if self._fixed else item.stream or self._name

    def _checked(self, stream: str | None) -> str:
        name = self._names[stream] = check_name(stream or self._name, "stream")
        return name

    def stats(self) -> Stats:
        stats = self._end.stats
        stats.unseen = self._end.session.unseen
        stats.rejected = self._end.rejected
        stats.readers = self._end.readers()
        return stats

    def close(self) -> None:
        self._end.finish()

    def abandon(self) -> None:
        self._end.abandon()
