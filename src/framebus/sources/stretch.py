"""The part of a recording between two moments, and its frames at their pace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from msgspec import structs

from framebus.core import clock
from framebus.core.errors import OptionError
from framebus.core.frame import Frame
from framebus.core.moments import Moment
from framebus.sources.pace import Pace


class Stretch:
    """From `start` to `stop`, not included; None is the beginning, or the end.

    Raises `OptionError` where both are of one kind and `stop` comes first.
    """

    def __init__(self, start: Moment | None, stop: Moment | None) -> None:
        if start is not None and stop is not None and _backwards(start, stop):
            raise OptionError("nothing lies between start and stop: stop (--stop) comes before start (--start)")
        self._start, self._stop = start, stop

    @property
    def start(self) -> Moment | None:
        """Where it begins; None: with the recording."""
        return self._start

    @property
    def whole(self) -> bool:
        """True where nothing is left out."""
        return self._start is None and self._stop is None

    def check_clock(self, path: str) -> None:
        """Raise `OptionError` where a time of day is meant, for a file that knows none."""
        for name, moment in (("start", self._start), ("stop", self._stop)):
            if moment is not None and moment.at_ns is not None:
                raise OptionError(
                    f"{path} does not say when it was recorded: give {name} as seconds from the beginning"
                )

    def before(self, number: int, time_ns: int, first_ns: int) -> bool:
        """Whether picture `number` of a stream, of `time_ns` in a recording from `first_ns`, comes too early."""
        return self._start is not None and _earlier(self._start, number, time_ns, first_ns)

    def ended(self, number: int, time_ns: int, first_ns: int) -> bool:
        """Whether it comes too late."""
        return self._stop is not None and not _earlier(self._stop, number, time_ns, first_ns)


def told_if_none(frames: Iterable[Frame], tell: Callable[[], None]) -> Iterator[Frame]:
    """`frames`; where there are none, `tell` may raise why."""
    some = False
    for frame in frames:
        some = True
        yield frame
    if not some:
        tell()


def behind_the_end(where: str, lasts_ns: int, count: int = 0) -> OptionError:
    """What to say of a start that `where` does not reach. `count` is that of its frames, where that is known."""
    frames = f", and has {count:,} frame{'' if count == 1 else 's'}" if count else ""
    return OptionError(f"start (--start) lies behind the end of {where}: it lasts {lasts_ns * 1e-9:.2f} s{frames}")


def paced(frames: Iterable[Frame], pace: Pace, speed: float | None) -> Iterator[Frame]:
    """`frames` at the pace of their capture, `speed` times as fast, until `pace` is stopped.

    None: each at its own moment, which is to come, by the monotonic clock.
    """
    started_ns, origin_ns, latest_ns = clock.mono_ns(), None, 0
    for frame in frames:
        if speed is None:
            due_ns = frame.captured_mono_ns
        else:
            origin_ns = frame.captured_ns if origin_ns is None else origin_ns
            latest_ns = max(latest_ns, frame.captured_ns - origin_ns)  # a clock that went back holds up nobody
            due_ns = started_ns + int(latest_ns / speed)
        if not pace.wait_until(due_ns):
            return
        yield frame


def _backwards(start: Moment, stop: Moment) -> bool:
    pairs = zip(structs.astuple(start), structs.astuple(stop), strict=True)
    return any(ours is not None and theirs is not None and ours > theirs for ours, theirs in pairs)


def _earlier(moment: Moment, number: int, time_ns: int, first_ns: int) -> bool:
    since_ns = moment.since(first_ns)
    return number < (moment.number or 0) if since_ns is None else time_ns < since_ns
