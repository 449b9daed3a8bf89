"""The hub at work: a source of messages in, files and log lines out."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from datetime import datetime

import numpy as np

from framebus.compat.imagehub import picture_names
from framebus.compat.imagehub.counts import Counts, Troubles
from framebus.compat.imagehub.event_log import EventLog, one_line
from framebus.compat.imagehub.picture_store import Images
from framebus.compat.imagehub.settings import HubSettings
from framebus.compat.imagehub.silence import Silence
from framebus.compat.imagehub.text_fields import Kind, Message, understand
from framebus.core.addresses import Link, parse
from framebus.core.contracts import Item
from framebus.core.errors import BadFrame, Timeout
from framebus.core.frame import Frame
from framebus.core.source import Source
from framebus.wire.encodings import encode

TICK_S = 0.25
"""How often it looks up while nothing comes."""
MAX_ODD = 100
"""Of so many senders it is said that they send no pictures; anybody may call itself anything."""

log = logging.getLogger("framebus")


def open_hub(settings: HubSettings) -> Hub:
    """A hub that listens as `settings` say; raises `Unavailable` where the port or the disk is not to be had."""
    from framebus.links.link import open_link

    link = parse(settings.address)
    assert isinstance(link, Link)  # noqa: S101  (checked when the settings were read; tells the type checker)
    images, events = open_store(settings)
    try:
        source = open_link(
            link, keep="all", listen=True, allow=settings.allow, insecure=settings.open_to_all, answers=True
        )
    except BaseException:
        images.close()
        events.close()
        raise
    return Hub(
        source,
        images,
        events,
        answer=lambda item: source.answer(item, b"OK"),
        patience_s=60 * settings.patience,
    )


def open_store(settings: HubSettings) -> tuple[Images, EventLog]:
    """The places on disk that `settings` name."""
    images = Images(os.path.join(settings.data_directory, "images"), most=settings.max_images_write)
    try:
        return images, EventLog(os.path.join(settings.data_directory, "logs"), most=settings.max_log_lines)
    except BaseException:
        images.close()
        raise


class Hub:
    """Files what `source` gives until it ends or somebody stops it; `answer` is called once a picture is written.

    `run` in one thread, `stop` from any or from a signal handler. Closes all it was given.
    """

    def __init__(
        self,
        source: Source[Item],
        images: Images,
        events: EventLog,
        *,
        patience_s: float,
        answer: Callable[[Item], None] = lambda item: None,
        now: Callable[[], datetime] = datetime.now,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.source = source
        self.counts = Counts()
        self._images, self._events = images, events
        self._silence = Silence(patience_s)
        self._answer = answer
        self._now, self._monotonic_s = now, monotonic_s
        self._stopping = False  # not an Event: a signal handler sets it
        self._said: set[str] = set()
        self._odd: set[str] = set()
        self._troubles = Troubles(self.counts)

    def run(self) -> None:
        """Work until the end."""
        try:
            while not self._stopping:
                try:
                    item = self.source.take(TICK_S)
                except Timeout:
                    self.look_after()
                    continue
                if item is None:
                    break
                self.handle(item)
                self._answer(item)
                self.source.done(item)
                self.look_after()
        finally:
            self.close()

    def stop(self) -> None:
        """End after the message at hand."""
        self._stopping = True

    def close(self) -> None:
        """Let go of the port and the files; idempotent."""
        self.source.close()
        self._images.close()
        self._events.close()

    def handle(self, item: Item) -> None:
        """Do what one message asks for; nothing a sender sends makes it raise."""
        message = understand(item.meta.get("msg"))
        if message.kind is not Kind.TEST:
            self._heard(message.node)
        if message.kind is Kind.PICTURE:
            self._keep(message, item)
        elif message.kind is Kind.EVENT:
            self._record(message.text)
        elif message.kind is Kind.HEARTBEAT:
            self.counts.heartbeats += 1
        else:
            self.counts.ignored += 1

    def look_after(self) -> None:
        """Report nodes that have fallen silent."""
        for node, silent_s in self._silence.fallen_silent(self._monotonic_s()):
            self._note(f"{node}|silent|{silent_s / 60:.3g} min")

    def _heard(self, node: str) -> None:
        silent_s = self._silence.heard(node, self._monotonic_s())
        if silent_s is not None:
            self._note(f"{node}|back|after {silent_s / 60:.3g} min")

    def _note(self, text: str) -> None:
        """A line of the hub's own, in the log and for whoever watches."""
        log.warning("%s", one_line(text))
        self._record(text)

    def _keep(self, message: Message, item: Item) -> None:
        try:
            data = _jpeg(item)
        except BadFrame as error:
            self.counts.ignored += 1
            self._say_once(message.name, error)
            return
        with self._troubles.during("pictures"):
            if self._images.put(message.name, self._now(), data) is None:
                self._over(f"pictures: {self._images.root} has all it may have for today (max_images_write)")
            else:
                self.counts.pictures += 1

    def _say_once(self, name: str, error: BadFrame) -> None:
        if name not in self._odd and len(self._odd) < MAX_ODD:
            self._odd.add(name)
            log.warning("%s sent no picture: %s", one_line(name), error)

    def _record(self, text: str) -> None:
        with self._troubles.during("events"):
            if self._events.write(text, self._now()):
                self.counts.events += 1
            else:
                self._over(f"events: {self._events.path} has all lines it may have for today (max_log_lines)")

    def _over(self, what: str) -> None:
        self.counts.over += 1
        word = f"{picture_names.day(self._now())} {what}"
        if word not in self._said:
            self._said = {said for said in self._said if said[:10] == word[:10]} | {word}
            log.warning("no more %s; what comes is counted", what)


def _jpeg(item: Item) -> memoryview:
    """The picture as a JPEG, as received where it is one."""
    if not isinstance(item, Frame):
        raise BadFrame("coded video")
    content = item.content
    if isinstance(content, np.ndarray) or content.encoding != "jpeg":
        content = encode(item, "jpeg=95").content
    assert not isinstance(content, np.ndarray)  # noqa: S101  (just encoded; tells the type checker)
    return content.data
