"""iceoryx2: a publish-subscribe service that loses nothing, and an event service that wakes its readers."""

from __future__ import annotations

import ctypes
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import iceoryx2 as iox2
import numpy as np

from benchmarks.harness.frames import Array
from benchmarks.harness.leftovers import FOLDER
from benchmarks.peers.base import Peer, Receive, Send, Wire, stamp

iox2.set_log_level(iox2.LogLevel.Error)
_MOST_READERS, _BUFFERED = 3, 8


class Shape(ctypes.Structure):
    """What a reader must know to make an array of the bytes."""

    _fields_ = (("height", ctypes.c_uint64), ("width", ctypes.c_uint64), ("channels", ctypes.c_uint64))

    @staticmethod
    def type_name() -> str:
        """The name both sides must agree on."""
        return "Shape"


class Copied(Peer):
    """A loaned sample into which the frame is copied."""

    listens = "either"
    max_window = _BUFFERED

    def prepare(self, wire: Wire) -> Path:
        """Where iceoryx2 keeps its files for this link; those in shared memory begin with the folder's name."""
        return Path(tempfile.mkdtemp(prefix="bench-iox2-"))

    def discard(self, inherited: Path) -> None:
        for path in FOLDER.glob(f"{inherited.name}*"):
            path.unlink(missing_ok=True)
        shutil.rmtree(inherited)

    def sender(self, wire: Wire) -> Send:
        return _writer(wire, np.copyto)

    def receiver(self, wire: Wire, index: int) -> Receive:
        frames, events = _services(wire)
        listener, subscriber = events.listener_builder().create(), frames.subscriber_builder().create()
        sample: Any = None

        def receive() -> Array:
            nonlocal sample
            if sample is not None:
                sample.delete()  # nothing else keeps it: views do not
            while (sample := subscriber.receive()) is None:
                listener.blocking_wait()
            shape = sample.user_header().contents
            flat = np.frombuffer(sample.payload().as_memory_view(), np.uint8)
            return flat.reshape(shape.height, shape.width, shape.channels)

        return receive


class InPlace(Copied):
    """A loaned sample, made where it is."""

    def sender(self, wire: Wire) -> Send:
        return _writer(wire, stamp)


def _config(root: Path) -> iox2.config.Config:
    config = iox2.config.default()
    config.global_cfg.root_path = iox2.Path.new(f"{root}/")
    config.global_cfg.prefix = iox2.FileName.new(f"{root.name}_")
    return config


def _services(wire: Wire) -> tuple[iox2.PortFactoryPublishSubscribe, iox2.PortFactoryEvent]:
    mode = iox2.SignalHandlingMode.Disabled
    builder = iox2.NodeBuilder.new().config(_config(wire.inherited)).signal_handling_mode(mode)
    node = builder.create(iox2.ServiceType.Ipc)
    frames = (
        node.service_builder(iox2.ServiceName.new(wire.name))
        .publish_subscribe(iox2.Slice[ctypes.c_uint8])
        .user_header(Shape)
        .enable_safe_overflow(False)
        .subscriber_max_buffer_size(_BUFFERED)
        .subscriber_max_borrowed_samples(2)
        .max_publishers(1)
        .max_subscribers(_MOST_READERS)
        .open_or_create()
    )
    return frames, node.service_builder(iox2.ServiceName.new(f"{wire.name}/new")).event().open_or_create()


def _writer(wire: Wire, write: Callable[[Array, Array], None]) -> Send:
    frames, events = _services(wire)
    notifier, publisher = events.notifier_builder().create(), None

    def send(frame: Array) -> None:
        nonlocal publisher
        if publisher is None:
            publisher = frames.publisher_builder().initial_max_slice_len(frame.nbytes).create()
        sample = publisher.loan_slice_uninit(frame.nbytes)
        place = np.frombuffer(sample.payload().as_memory_view(), np.uint8)
        shape = sample.user_header().contents
        shape.height, shape.width, shape.channels = frame.shape
        write(place.reshape(frame.shape), frame)
        sample.assume_init().send()
        notifier.notify()

    return send
