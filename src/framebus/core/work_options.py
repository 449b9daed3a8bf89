"""The options of work on frames: ops, services, and the processes that do it."""

from __future__ import annotations

from framebus.core import units, values
from framebus.core.option import Option

MAX_WORKERS = 1024
MAX_BATCH = 64
ON_ERROR = ("raise", "skip")

WORK_OPTIONS = (
    Option(
        name="gather",
        group="work",
        parse=values.services,
        default={},
        default_text="none",
        metavar="NAME=SERVICE",
        repeatable=True,
        allowed="services by name (seg=models.py:Segment, pose=tcp://gpu-box:7000)",
        help="ask this service about each frame, all at once; answers go into the frame's `meta` and `arrays`",
    ),
    Option(
        name="ops",
        typed="op",
        group="work",
        parse=values.ops,
        default=(),
        default_text="none",
        metavar="OP",
        repeatable=True,
        allowed="an op or a list of ops: built in (resize=512x512), file.py:name or module:name, with =VALUE,KEY=VALUE",
        help="do this to each picture: built in (resize=512x512), file.py:name or module:name; in the order given",
    ),
    Option(
        name="workers",
        group="work",
        parse=lambda value: values.workers(value, MAX_WORKERS),
        default=0,
        default_text="0: this one; process: one for each core",
        metavar="N|all",
        allowed=f"a number of processes up to {MAX_WORKERS}, 0 for none, or 'all' for one per core",
        help="processes that the ops run in; one that dies loses no frame",
    ),
    Option(
        name="batch",
        group="work",
        parse=lambda value: values.up_to(value, MAX_BATCH),
        default=1,
        default_text="1",
        metavar="N",
        allowed=f"a whole number from 1 to {MAX_BATCH}",
        help="give workers so many pictures at once, as a list",
    ),
    Option(
        name="on_error",
        group="work",
        parse=values.choice(*ON_ERROR),
        choices=ON_ERROR,
        default="raise",
        default_text="raise",
        allowed="'raise' or 'skip'",
        help="when an op fails on a frame, or its picture is damaged: stop, or leave that frame out and go on",
    ),
    Option(
        name="work_timeout",
        group="work",
        parse=values.some_time,
        metavar="TIME",
        default_text="as long as it takes; process: 1min",
        allowed=f"{units.DURATIONS}, above 0",
        help="how long workers or services may take for a frame: then it fails, or answers are missing",
    ),
)
