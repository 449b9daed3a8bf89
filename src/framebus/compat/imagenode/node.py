"""The node at work: each camera in a thread, what they see in the outbox, the outbox to the hubs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from framebus.compat.imagenode.camera_settings import DEFAULT_SIZE, CameraSettings
from framebus.compat.imagenode.courier import Courier
from framebus.compat.imagenode.hubs import Connect, Hubs
from framebus.compat.imagenode.node_camera import Camera
from framebus.compat.imagenode.restart import restart
from framebus.compat.imagenode.settings import NodeSettings
from framebus.compat.imagenode.unsent import Outbox
from framebus.core.addresses import Here, parse
from framebus.core.contracts import Item
from framebus.core.errors import BadFrame, Closed, Error
from framebus.core.frame import Frame
from framebus.core.redaction import redact
from framebus.core.source import Source

TICK_S = 0.25
"""How often it looks up whether it is to stop."""
GRACE_S = 5.0
"""How long a node that was stopped goes on sending what it has."""

log = logging.getLogger("framebus")


def open_node(settings: NodeSettings, connect: Connect) -> Node:
    """A node with its cameras open; `connect` makes connections to hubs. Raises what opening a camera raises."""
    hubs = Hubs(settings.hubs, partial(_connected, connect, settings.patience), raw=settings.send_type == "image")
    heartbeat_s = None if settings.heartbeat is None else 60 * settings.heartbeat
    watches: list[Watch] = []
    outbox = Outbox(settings.queuemax)
    try:
        for camera in settings.cameras:
            source = open_camera(camera)
            watches.append(Watch(Camera(settings.name, camera, settings.send_type), source, outbox))
    except BaseException:
        for watch in watches:
            watch.close()
        raise
    outbox.put(restart(settings.name, settings.hubs[0]))
    return Node(watches, outbox, Courier(outbox, hubs, node=settings.name, heartbeat_s=heartbeat_s))


def open_camera(settings: CameraSettings) -> Source[Item]:
    """The source of one camera; size and rate are asked of it where it takes them, and made of what it gives if not.

    A size that cannot be had is said.
    """
    from framebus.verbs.open import open_all, options_of_source

    takes = options_of_source(settings.address)
    own = isinstance(parse(settings.address), Here)
    options: dict[str, Any] = {} if settings.number is None else {"number": settings.number}
    wishes: dict[str, Any] = {}
    if settings.framerate is not None and own and "fps" in takes:
        options["fps"] = settings.framerate
    elif settings.framerate is not None:
        wishes["max_fps"] = settings.framerate
    width, height = settings.size or DEFAULT_SIZE
    if "size" in takes:
        options["size"] = f"{width}x{height}"
    elif settings.size is not None and "resize" in takes:
        options["resize"] = f"{width}x{height}"
    elif settings.size is not None:
        log.warning("camera %s: its resolution stays what %s gives", settings.label, redact(settings.address))
    return open_all([settings.address], wishes, options)


def _connected(connect: Connect, patience_s: float, address: str) -> Any:
    return connect(address, patience_s)


class Watch:
    """Reads one camera in a thread of its own and puts what it sees into the outbox.

    Live cameras never wait: where the outbox is full, older pictures go. Files do.
    """

    def __init__(self, camera: Camera, source: Source[Item], outbox: Outbox) -> None:
        self.error: Error | None = None
        """Why it ended, where that was not the end of its source."""
        self.pictures = 0
        self._camera, self._source, self._outbox = camera, source, outbox
        self._closed = False
        self._said = ""
        self._thread = threading.Thread(target=self._run, name=f"framebus {camera.name}", daemon=True)

    @property
    def running(self) -> bool:
        """Whether it is still reading."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Stop reading; idempotent."""
        self._closed = True
        self._source.close()

    def join(self, timeout_s: float | None) -> None:
        """Wait until it has ended."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            for item in self._source:
                self._see(item)
        except Closed as error:
            self.error = None if self._closed else error
        except Error as error:
            self.error = error
            log.warning("camera %s ended: %s", self._camera.name, str(error))

    def _see(self, item: Item) -> None:
        self.pictures += 1
        wait = not self._source.live
        try:
            if not isinstance(item, Frame):
                raise BadFrame("coded video, which this node does not decode")
            for message in self._camera.look(item):
                self._outbox.put(message, wait=wait)
        except BadFrame as error:
            if str(error) != self._said:
                self._said = str(error)
                log.warning("camera %s: %s", self._camera.name, str(error))


class Node:
    """Cameras, outbox and courier together. `run` in one thread, `stop` from any or from a signal handler."""

    def __init__(self, watches: Sequence[Watch], outbox: Outbox, courier: Courier) -> None:
        self._watches = tuple(watches)
        self._outbox = outbox
        self._courier = courier
        self._stopping = False  # not an Event: a signal handler sets it

    @property
    def pictures(self) -> int:
        """Looked at."""
        return sum(watch.pictures for watch in self._watches)

    @property
    def sent(self) -> int:
        """Messages that hubs took."""
        return self._courier.sent

    @property
    def dropped(self) -> int:
        """Messages that had to go because hubs were slower than cameras, or away."""
        return self._outbox.dropped

    def run(self, sleep: Callable[[float], None] = time.sleep) -> None:
        """Work until somebody stops it, or all cameras have ended and everything is sent.

        Without cameras only heartbeats are sent. Raises the error of a camera where all have ended.
        """
        self._courier.start()
        for watch in self._watches:
            watch.start()
        try:
            while not (self._stopping or self._ended()):
                sleep(TICK_S)
            self._drain()
        finally:
            self.close()
        errors = [watch.error for watch in self._watches if watch.error is not None]
        if errors and not self._stopping:
            raise errors[0]

    def stop(self) -> None:
        """Read no more; `run` returns once what there is has been sent, or after five seconds."""
        self._stopping = True

    def close(self) -> None:
        """Close the cameras and end the courier; idempotent."""
        for watch in self._watches:
            watch.close()
        self._outbox.close()
        for watch in self._watches:
            watch.join(GRACE_S)
        self._courier.leave()

    def _ended(self) -> bool:
        return bool(self._watches) and not any(watch.running for watch in self._watches)

    def _drain(self) -> None:
        """Let what there is be sent: all of it after an end, for five seconds when somebody asked to stop."""
        if self._stopping:
            for watch in self._watches:
                watch.close()
        self._outbox.close()
        deadline_s: float | None = None
        while not self._courier.wait(TICK_S):
            if self._stopping and deadline_s is None:
                deadline_s = time.monotonic() + GRACE_S
            if deadline_s is not None and time.monotonic() > deadline_s:
                return
