"""One stream as the page shows it: its newest picture, its figures, how it is."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from framebus.core import clock
from framebus.core.contracts import Item, SourceState
from framebus.core.frame import Frame, Packet
from framebus.core.statistics import StreamStats
from framebus.web.coded_video import Track, Unit
from framebus.web.condition import Condition, judge
from framebus.web.last_minutes import History
from framebus.web.pixels import Levels

_RATE_KEPT_S = 5


class Shown:
    """Used in the server's loop only; `frame` may be read from any thread."""

    def __init__(self, name: str, place: str) -> None:
        self.name = name
        self.place = place
        """Where it comes from, credentials redacted."""
        self.frame: Frame | None = None
        """The newest picture of a stream of pictures."""
        self.decoded: Frame | None = None
        """The newest picture of a stream of coded video, where it is decoded here."""
        self.track: Track | None = None
        """Of a stream of coded video."""
        self.levels = Levels()
        self.history = History()
        self.stats = StreamStats(name)
        self.camera: SourceState | None = None
        self.ended: str | None = None
        self.published: bool | None = None
        self.trouble = ""
        """Why its newest picture cannot be shown."""
        self._known = Condition("waiting")

    @property
    def picture(self) -> Frame | None:
        """The newest picture there is here."""
        return self.frame or self.decoded

    @property
    def newest(self) -> Item | None:
        """What came last, as it came."""
        return self.frame or (self.track.newest if self.track is not None else None)

    def take_frame(self, frame: Frame, at_ns: int) -> None:
        """A picture came at monotonic `at_ns`."""
        self._count(frame, at_ns)
        self.frame, self.decoded, self.track = frame, None, None

    def take_packet(self, packet: Packet, at_ns: int) -> tuple[Unit, bool]:
        """A packet came at monotonic `at_ns`; see `Track.add`. Raises `BadFrame`."""
        self._count(packet, at_ns)
        self.frame = None
        self.track = self.track or Track()
        return self.track.add(packet)

    def silent_s(self, now_ns: int) -> float | None:
        """Since when no picture came; None before the first."""
        return self.stats.silence_s(now_ns)

    def condition(self, now_ns: int) -> Condition:
        """How it is."""
        return judge(
            camera=self.camera,
            ended=self.ended,
            silent_s=self.silent_s(now_ns),
            interval_s=self.stats.interval_s,
            published=self.published,
        )

    def news(self, now_ns: int) -> Condition | None:
        """How it is, where that is something else than when this was asked before."""
        known, self._known = self._known, self.condition(now_ns)
        return self._known if self._known.state != known.state else None

    def told(self, now_ns: int) -> dict[str, Any]:
        """What the page and the API say of it; JSON-able."""
        condition = self.condition(now_ns)
        silent_s = self.silent_s(now_ns)
        age_s = self.stats.age_s
        recent = list(self.history.seconds)[-_RATE_KEPT_S:]
        return {
            "name": self.name,
            "place": self.place,
            "state": condition.state,
            "why": self.trouble or condition.why,
            "silent_s": None if silent_s is None else round(silent_s, 1),
            "age_ms": None if age_s is None or math.isnan(age_s) else round(age_s * 1e3, 1),
            "rate": round(self.stats.rate_at(now_ns), 2),
            "bits": round(sum(second.bytes for second in recent) * 8 / len(recent)) if recent else 0,
            "frames": self.stats.frames,
            "missed": self.stats.missed,
            "reconnects": self.camera.reconnects if self.camera else 0,
            "camera": msgspec.to_builtins(self.camera) if self.camera else None,
            **self.form(),
        }

    def _count(self, item: Item, at_ns: int) -> None:
        waited_s = (clock.mono_ns() - at_ns) * 1e-9
        self.stats.count(item, item.nbytes, at_ns)
        self.history.note(item.missed, item.nbytes, item.age_s - waited_s)

    def form(self) -> dict[str, Any]:
        """What its pictures are; the same names for every stream."""
        form = {"kind": "", "coding": "", "codec": "", "width": 0, "height": 0, "shape": [], "dtype": "", "format": ""}
        if self.track is not None:
            description = self.track.description
            form |= {"kind": "packets", "coding": self.track.codec}
            return form | (description.told() if description else {})
        if self.frame is None:
            return form
        shape, coding = self.frame.shape, getattr(self.frame.content, "encoding", "")
        height, width = (*shape, 1, 1)[:2]
        height = height * 2 // 3 if self.frame.format == "i420" else height
        form |= {"kind": "pictures", "width": width, "height": height, "shape": list(shape), "coding": coding}
        return form | {"dtype": self.frame.dtype.name, "format": self.frame.format}
