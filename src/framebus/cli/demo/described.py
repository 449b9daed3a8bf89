"""The demo as people would write it into a file, but for the names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

PICTURES = {"size": "640x480", "fps": 25}
FIND = "framebus.cli.demo.finding:find_balls"


def described(names: Sequence[str], camera: str, recordings: str, web: dict[str, Any]) -> dict[str, Any]:
    """Four streams of these `names`: two made on the spot, one of a camera, and what is found in it.

    camera       the address of one that gives H.264, which is recorded into the folder `recordings`; where it is
                 empty, that stream is made on the spot, too, and nothing is recorded
    web          the table of the page
    """
    aurora, cells, balls, found = names
    made = {aurora: {"source": "synthetic:aurora", **PICTURES}, cells: {"source": "synthetic:cells", **PICTURES}}
    if not camera:
        streams = made | {balls: {"source": "synthetic:balls", **PICTURES}}
        return {"streams": streams, "pipes": {found: {"source": balls, "ops": FIND}}, "web": web}
    coded = {"source": balls, "packets": True}
    sink = f"{recordings}/{{stream}}/{{time}}.mp4"
    return {
        "streams": made | {balls: {"source": camera, "packets": True}},
        "pipes": {found: coded | {"ops": ["decode", FIND]}, "recorder": coded | {"sink": sink, "rotate": "1min"}},
        "web": web | {"recordings": recordings},
    }
