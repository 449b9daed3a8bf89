"""Figures for Prometheus, in its text format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_STATES = ("live", "stalled", "away", "ended", "waiting")
_OF_STREAMS = (
    ("framebus_frames_total", "counter", "Frames that came.", lambda stream: stream["frames"]),
    ("framebus_missed_total", "counter", "Frames that were missed.", lambda stream: stream["missed"]),
    ("framebus_rate", "gauge", "Frames per second, now.", lambda stream: stream["rate"]),
    ("framebus_bits_per_second", "gauge", "Bits per second, over five seconds.", lambda stream: stream["bits"]),
    ("framebus_reconnects_total", "counter", "Reconnections to the camera.", lambda stream: stream["reconnects"]),
    ("framebus_watched", "gauge", "Tiles that show it.", lambda stream: stream["watched"]),
    ("framebus_recording", "gauge", "1 while it is recorded.", lambda stream: _recorded(stream)),
    ("framebus_age_seconds", "gauge", "Age of the newest frame.", lambda stream: _seconds(stream["age_ms"])),
)


def text(told: Mapping[str, Any], encoded: int) -> str:
    """All figures; `told` is what the wall tells, `encoded` how many pictures were encoded."""
    streams = told["streams"]
    lines = [line for name, kind, help, value in _OF_STREAMS for line in _family(name, kind, help, streams, value)]
    lines += ["# HELP framebus_state 1 for the state a stream is in.", "# TYPE framebus_state gauge"]
    lines += [
        f'framebus_state{{stream="{_escaped(stream["name"])}",state="{state}"}} {int(stream["state"] == state)}'
        for stream in streams
        for state in _STATES
    ]
    for name, kind, value in (
        ("framebus_viewers", "gauge", told["viewers"]),
        ("framebus_encoded_total", "counter", encoded),
    ):
        lines += [f"# TYPE {name} {kind}", f"{name} {value}"]
    return "\n".join(lines) + "\n"


def _family(name: str, kind: str, help: str, streams: Iterable[Mapping[str, Any]], value: Any) -> Iterable[str]:
    yield f"# HELP {name} {help}"
    yield f"# TYPE {name} {kind}"
    for stream in streams:
        if (number := value(stream)) is not None:
            yield f'{name}{{stream="{_escaped(stream["name"])}"}} {number}'


def _recorded(stream: Mapping[str, Any]) -> int | None:
    """None where nothing can be recorded."""
    if "recording" not in stream:
        return None
    return int((stream["recording"] or {"state": ""})["state"] in ("starting", "recording", "finishing"))


def _seconds(age_ms: float | None) -> float | None:
    return None if age_ms is None else age_ms / 1e3


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
