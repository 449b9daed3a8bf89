"""The one vocabulary of options: the same words in Python, on the command line and in TOML.

`OPTIONS` is the single definition; flags, TOML keys and the reference table are made from it. Every bad value
raises `OptionError` with the option, what was given and what is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from framebus.core import units, values
from framebus.core.batch_options import BATCH_OPTIONS
from framebus.core.camera_options import CAMERA_OPTIONS
from framebus.core.dialect_options import DIALECT_OPTIONS
from framebus.core.errors import OptionError
from framebus.core.formats import FORMATS
from framebus.core.names import RULE
from framebus.core.option import GROUPS, Option
from framebus.core.record_options import RECORD_OPTIONS
from framebus.core.units import duration, nbytes, size
from framebus.core.work_options import WORK_OPTIONS

__all__ = [
    "GROUPS",
    "OPTIONS",
    "Option",
    "check",
    "duration",
    "from_texts",
    "nbytes",
    "nearest",
    "reject_unknown",
    "size",
]

# the vocabulary ----------------------------------------------------------------------------------------

_KEEP = ("latest", "all")
_WHEN_FULL = ("wait", "skip", "spool")
_PIXELS = (*FORMATS, "native")

_TABLE = (
    Option(
        name="keep",
        group="read",
        parse=values.choice(*_KEEP),
        choices=_KEEP,
        allowed="'latest' or 'all'",
        default_text="latest for live sources, all for finite ones and for what ends on disk",
        help="which frames a reader gets when it is slower than the source: the newest, or every one",
    ),
    Option(
        name="group",
        group="read",
        parse=values.name,
        metavar="NAME",
        allowed=f"a name ({RULE})",
        default_text="none",
        help="name under which readers share a stream, or one reader resumes it where it stopped",
    ),
    Option(
        name="max_fps",
        group="read",
        parse=values.positive,
        metavar="N",
        allowed="a number above 0",
        default_text="all",
        help="take at most this many frames per second of each stream",
    ),
    Option(
        name="format",
        group="read",
        parse=values.choice(*_PIXELS),
        choices=_PIXELS,
        allowed=f"one of {', '.join(_PIXELS)}",
        default_text="bgr24 for colour, else as made",
        help="pixel format of the pictures read, or of the arrays sent; native is as received",
    ),
    Option(
        name="timeout",
        group="read",
        parse=duration,
        metavar="TIME",
        allowed=units.DURATIONS,
        default_text="wait for ever",
        help="give up when no frame has come for this long",
    ),
    Option(
        name="packets",
        group="read",
        parse=values.switch,
        default_text="no; recorded as video, what a camera coded is kept",
        allowed="true or false",
        help="read coded video packets instead of decoded frames",
    ),
    Option(
        name="frames",
        group="read",
        parse=values.count,
        metavar="N",
        allowed="a whole number from 1",
        default_text="all",
        help="stop after this many frames",
    ),
    Option(
        name="duration",
        group="read",
        parse=values.some_time,
        metavar="TIME",
        allowed=f"{units.DURATIONS}, above 0",
        default_text="to the end",
        help="stop after this much time",
    ),
    Option(
        name="speed",
        group="read",
        parse=values.positive,
        metavar="N",
        allowed="a number above 0 (1 is as recorded)",
        default_text="as fast as possible",
        help="play a file at this multiple of its own speed, as a live stream",
    ),
    *CAMERA_OPTIONS,
    Option(
        name="listen",
        group="deliver",
        parse=values.switch,
        allowed="true or false",
        default_text="read off the address",
        help="wait for connections at the address, or connect to it",
    ),
    Option(
        name="allow",
        group="deliver",
        parse=values.allow,
        default=(),
        default_text="nobody",
        metavar="ADDRESS",
        repeatable=True,
        allowed="IP addresses or networks ('10.0.0.7', '192.168.1.0/24')",
        help="let this address or network connect without keys",
    ),
    Option(
        name="insecure",
        group="deliver",
        parse=values.switch,
        default=False,
        default_text="no",
        allowed="true or false",
        help="let anybody on the network connect, without keys and unencrypted",
    ),
    Option(
        name="carrier",
        group="deliver",
        parse=values.choice("tcp"),
        default=None,
        default_text="shared memory on one machine",
        metavar="NAME",
        allowed="'tcp'",
        help="'tcp': stay on the network's way even where both ends are on one machine and could share memory",
    ),
    Option(
        name="wait_for",
        group="deliver",
        parse=values.wait_for,
        default=0,
        default_text="nobody",
        metavar="N|NAME",
        repeatable=True,
        allowed="a number of readers (2) or names of groups ('run.h5')",
        help="send nothing before so many readers, or these groups, are there",
    ),
    Option(
        name="when_full",
        group="deliver",
        parse=values.choice(*_WHEN_FULL),
        choices=_WHEN_FULL,
        allowed="'wait', 'skip' or 'spool'",
        default_text="wait for finite sources, skip for live ones",
        help="when frames for a slow group fill `retain`: wait for it, let it miss some, or keep frames on disk",
    ),
    Option(
        name="patience",
        group="deliver",
        parse=values.patience,
        default=10,
        default_text="10s",
        metavar="TIME",
        allowed=f"{units.DURATIONS}, or 'forever'",
        help="how long to wait for readers that are owed frames before giving up",
    ),
    Option(
        name="retain",
        group="deliver",
        parse=nbytes,
        default="256MB",
        default_text="256MB",
        metavar="BYTES",
        allowed=units.BYTES,
        help="how much is kept for groups that have not acknowledged it",
    ),
    Option(
        name="spool",
        group="deliver",
        parse=values.path,
        metavar="FOLDER",
        default_text="none",
        allowed="a folder of this publisher's own",
        help="where `when_full=spool` keeps the frames of groups that are away; they outlive the publisher",
    ),
    Option(
        name="spool_size",
        group="deliver",
        parse=values.some_bytes,
        default="10GB",
        default_text="10GB",
        metavar="BYTES",
        allowed=f"{units.BYTES}, above 0",
        help="how much `spool` may hold; when that is full, the group that takes most of it misses its oldest frames",
    ),
    Option(
        name="stream",
        group="deliver",
        parse=values.template,
        metavar="NAME",
        allowed=f"a name ({RULE}), which may contain {{stream}}",
        default_text="the name in the address, else the source's own",
        help="name of the stream sent",
    ),
    *DIALECT_OPTIONS,
    *WORK_OPTIONS,
    *BATCH_OPTIONS,
    *RECORD_OPTIONS,
    Option(
        name="encode",
        group="write",
        parse=values.encode,
        metavar="NAME[=VALUE]",
        allowed="an encoding with or without a value ('jpeg=85', 'png', 'lz4', 'raw')",
        default_text="as received; process: as the name of each input says",
        help="encode pictures on the way out",
    ),
    Option(
        name="overwrite",
        group="write",
        parse=values.switch,
        default=False,
        default_text="no",
        allowed="true or false",
        help="replace existing files",
    ),
)

OPTIONS: dict[str, Option] = {option.name: option for option in _TABLE}
"""Every option by name, in the order in which help shows them."""


def check(name: str, value: Any) -> Any:
    """The value of option `name`, parsed; None (not given) becomes the parsed default.

    Raises `OptionError` naming the option, what was given and what is allowed, also for an unknown `name`.
    """
    reject_unknown([name], OPTIONS, "framebus")
    option = OPTIONS[name]
    if value is None:
        return None if option.default is None else option.parse(option.default)
    try:
        return option.parse(value)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise OptionError(f"{name}={value!r} is not possible: give {option.instead_of(value)}") from None


def from_texts(name: str, texts: Sequence[str]) -> Any:
    """The value of option `name` as typed once or several times on a command line; checked like `check`."""
    return check(name, list(texts) if len(texts) > 1 else texts[0] if texts else None)


def reject_unknown(given: Iterable[str], known: Iterable[str], where: str) -> None:
    """Raise `OptionError` for the first of `given` that is not among the `known` of `where`, naming the nearest."""
    known = list(known)
    for word in given:
        if word not in known:
            raise OptionError(f"{where} has no option {word!r}: {nearest(word, known)}")


def nearest(word: str, known: Iterable[str]) -> str:
    """What somebody who typed `word` may have meant: "did you mean …?", or else all there is."""
    from difflib import get_close_matches

    known = sorted(known)
    folded = {name.lower(): name for name in reversed(known)}
    near = [folded[match] for match in get_close_matches(word.lower(), folded, n=2, cutoff=0.6)]
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"there is {', '.join(known)}" if known else "there is none"
