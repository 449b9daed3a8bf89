"""One camera of a node: what is done with each of its pictures, and which messages come of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np
from PIL import Image

from framebus.compat.imagenode import node_messages
from framebus.compat.imagenode.camera_settings import CameraSettings
from framebus.compat.imagenode.detector_region import Array
from framebus.compat.imagenode.detector_settings import DetectorSettings, Send
from framebus.compat.imagenode.node_messages import Message
from framebus.core.errors import BadFrame
from framebus.core.formats import as_gray, guess_format
from framebus.core.frame import Frame


class Camera:
    """Pictures in, messages out, in order: pictures that are sent anyway, events, and the pictures that led to them.

    `node` is the name that messages begin with. One thread at a time.
    """

    def __init__(self, node: str, settings: CameraSettings, send_type: str) -> None:
        self.name = f"{node} {settings.view}".strip()
        """Node and view."""
        self._settings = settings
        self._send_type = send_type
        self._watches = [_Watch(detector, settings.send) for detector in settings.detectors]
        self._always = "continuous" in (settings.send, *(one.send for one in settings.detectors))
        kept = 0 if self._always else max((watch.pictures for watch in self._watches), default=0)
        self._recent: deque[Array] = deque(maxlen=kept)

    def look(self, frame: Frame) -> Iterator[Message]:
        """The messages that one more picture makes; raises `BadFrame` for pixels that are no picture."""
        clean = self.prepared(frame)
        shown = self._outlined(clean)
        self._recent.append(shown)
        if self._always:
            yield self._picture(shown)
        for watch in self._watches:
            yield from self._seen(watch, clean)

    def prepared(self, frame: Frame) -> Array:
        """The picture as sent: `(height, width[, 3])` of uint8, resized and flipped as the settings say."""
        picture = _eight_bits(frame.image)
        if self._settings.width_percent != 100:
            picture = _resized(picture, self._settings.width_percent)
        return np.ascontiguousarray(picture[::-1] if self._settings.flip else picture)

    def _seen(self, watch: _Watch, clean: Array) -> Iterator[Message]:
        state = watch.look(clean)
        if state is None:
            return
        yield node_messages.event(self.name, watch.settings.kind, state)
        if watch.pictures and not self._always:
            yield from map(self._picture, list(self._recent)[-watch.pictures :])
            self._recent.clear()  # each is sent once

    def _outlined(self, clean: Array) -> Array:
        drawn = [one for one in self._settings.detectors if one.outline is not None]
        if not drawn:
            return clean
        picture = clean.copy()
        for one in drawn:
            assert one.outline is not None  # noqa: S101  (chosen above; tells the type checker)
            one.outline.draw(one.region, picture)
        return picture

    def _picture(self, picture: Array) -> Message:
        return node_messages.picture(self.name, picture, self._send_type, self._settings.jpeg_quality)


class _Watch:
    """A detector and the part of the picture it looks at."""

    def __init__(self, settings: DetectorSettings, camera: Send) -> None:
        self.settings = settings
        self.pictures = settings.count if "event" in (settings.send, camera) else 0
        """How many are sent when something changes."""
        self._detector = settings.build()

    def look(self, picture: Array) -> str | None:
        """The new state where this picture makes it change."""
        part = np.ascontiguousarray(self.settings.region.cut(picture))
        return self._detector.look(as_gray(part, guess_format(part.shape, part.dtype)))


def _eight_bits(picture: Array) -> Array:
    """Gray or colour of one byte each; raises `BadFrame` for anything else."""
    if picture.dtype == np.uint16 and picture.ndim == 2:
        return (picture >> 8).astype(np.uint8)
    if picture.dtype == np.uint8 and (picture.ndim == 2 or picture.shape[2:] == (3,)):
        return picture
    raise BadFrame(f"{picture.dtype} of shape {picture.shape} is no picture a node can send: give gray or colour")


def _resized(picture: Array, percent: int) -> Array:
    height, width = picture.shape[:2]
    size = max(1, width * percent // 100), max(1, height * percent // 100)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX))
