"""The options of a job over files: which are taken, how they are read, what is written, what is told."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from framebus.core import units, values
from framebus.core.option import Option

SUBSAMPLINGS = ("444", "422", "420", "440", "411")
MAX_PIXELS = 100_000_000
_ALSO = "a folder or template and its ops ('thumbs/=resize=128x128|gray')"


def _patterns(value: Any) -> tuple[str, ...]:
    found = (value,) if isinstance(value, str) else tuple(value)
    if all(isinstance(pattern, str) and pattern for pattern in found):
        return found
    raise ValueError


def _quality(value: Any) -> int:
    return values.up_to(value, 100)


def _path(value: Any) -> str:
    return os.fsdecode(value)


def _place(value: Any) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError


def _also(value: Any) -> dict[str, Any]:
    """Outputs and their ops, also as `PLACE=OP|OP` texts."""
    if isinstance(value, Mapping):
        return {os.fspath(place): values.ops(ops) for place, ops in value.items()}
    pairs = [text.partition("=") for text in ([value] if isinstance(value, str) else value)]
    found = {place: tuple(filter(None, ops.split("|"))) for place, _, ops in pairs}
    if len(found) < len(pairs) or not all(found):
        raise ValueError
    return found


BATCH_OPTIONS = (
    Option(
        name="match",
        group="read",
        parse=_patterns,
        default=(),
        default_text="what looks like an image by its name",
        metavar="PATTERN",
        repeatable=True,
        allowed="patterns of names ('*.jpg') or, with a slash, of paths below the input ('2024/*')",
        help="take the files of a folder that match this, whatever their case",
    ),
    Option(
        name="max_pixels",
        group="read",
        parse=values.count,
        default=MAX_PIXELS,
        default_text="100 million",
        metavar="N",
        allowed="a whole number from 1",
        help="refuse pictures of more pixels, by their headers",
    ),
    Option(
        name="tolerant",
        group="read",
        parse=values.switch,
        default=False,
        default_text="no",
        allowed="true or false",
        help="keep what there is of a JPEG that is damaged or cut short, and report it",
    ),
    Option(
        name="resume",
        group="work",
        parse=values.switch,
        default_text="yes",
        allowed="true or false",
        help="go on with a job that was begun, instead of beginning it again",
    ),
    Option(
        name="compare",
        group="work",
        parse=values.switch,
        default=False,
        default_text="no",
        allowed="true or false",
        help="first measure, on a part of the inputs, how many times as fast as one process the workers are",
    ),
    Option(
        name="dry_run",
        group="work",
        parse=values.switch,
        default=False,
        default_text="no",
        allowed="true or false",
        help="find and check everything, but read and write no picture",
    ),
    Option(
        name="join",
        group="work",
        parse=_place,
        metavar="ADDRESS",
        default_text="nobody joins",
        allowed="where to listen for them: ipc://router.ipc, or tcp://*:5555",
        help="let workers of an older program join a job: they ask for paths there, and answer",
    ),
    Option(
        name="max_memory",
        group="work",
        parse=units.nbytes,
        metavar="BYTES",
        default_text="enough for max_pixels; none with ops of your own",
        allowed=f"{units.BYTES}; 0 for none",
        help="limit of what each worker may need for a picture",
    ),
    Option(
        name="also",
        group="write",
        parse=_also,
        default={},
        default_text="none",
        metavar="PLACE=OP|OP",
        repeatable=True,
        allowed=_ALSO,
        help="a further file of each picture, with its own ops instead",
    ),
    Option(
        name="quality",
        group="write",
        parse=_quality,
        default_text="95",
        metavar="N",
        allowed="a whole number from 1 to 100",
        help="of JPEG and WebP files",
    ),
    Option(
        name="subsampling",
        group="write",
        parse=values.choice(*SUBSAMPLINGS),
        choices=SUBSAMPLINGS,
        default="420",
        default_text="420",
        allowed=f"one of {', '.join(SUBSAMPLINGS)}",
        help="how much of the colours JPEG files keep",
    ),
    Option(
        name="fsync",
        group="write",
        parse=values.switch,
        default=False,
        default_text="no",
        allowed="true or false",
        help="force every file, or what a spool keeps, to the disk before it counts as written; slow",
    ),
    Option(
        name="report",
        group="write",
        parse=_path,
        metavar="FILE",
        default_text="none",
        allowed="a file name",
        help="write what became of every input there, as JSON",
    ),
)
