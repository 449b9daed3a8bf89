"""`fb.pipe`: from anything that makes frames to anything that takes them, to the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from framebus.core.addresses import Address, Link, Path, Url, listens
from framebus.core.contracts import Item, Sink
from framebus.core.errors import OptionError
from framebus.core.names import valid_name
from framebus.core.ops import Function
from framebus.core.publisher import Publisher
from framebus.core.redaction import redact
from framebus.core.source import Source
from framebus.core.statistics import Stats
from framebus.verbs.accepted_options import checked, given, refuse_unused
from framebus.verbs.flow import Flow, Progress
from framebus.verbs.open import OPEN_OPTIONS, Place, open_all, options_of_source
from framebus.verbs.opened import MadeSource
from framebus.verbs.publish import check_sink, left_behind, options_of_sink, publish_at
from framebus.verbs.relay import Relay
from framebus.verbs.resolving import address_of
from framebus.verbs.sinking import SinkPublisher
from framebus.verbs.working import WORKING, elsewhere, inside, worker

Target = str | os.PathLike[str] | Publisher | Sink

READING = frozenset({"format", "group", "keep", "max_fps", "timeout"})
"""Options that concern where frames come from, whatever it is."""
WRITING = frozenset({"stream"})
"""Options that concern where frames go, whatever it is."""
PATIENT = {"wait_for": 1, "when_full": "wait"}
"""Options of a link that loses nothing."""
OF_PIXELS = frozenset({"crop", "format", "gather", "hwaccel", "max_fps", "ops", "resize", "turn"})
"""Options that do not go with coded packets."""
MOVING = frozenset({"duration", "frames"})
"""Options of the flow itself; a source that takes them gets them too."""


def pipe(
    source: Place | Iterable[str],
    sink: Target,
    *,
    ops: Sequence[str | Function] | str | Function = (),
    gather: Mapping[str, str | Function] | None = None,
    workers: int | str = 0,
    batch: int = 1,
    on_error: str = "raise",
    work_timeout: float | str | None = None,
    frames: int | None = None,
    duration: float | str | None = None,
    overwrite: bool = False,
    keep: str | None = None,
    group: str | None = None,
    max_fps: float | str | None = None,
    format: str | None = None,
    timeout: float | str | None = None,
    packets: bool | None = None,
    listen: bool | None = None,
    allow: Iterable[str] = (),
    insecure: bool = False,
    carrier: str | None = None,
    wait_for: int | str | Iterable[str] = 0,
    when_full: str | None = None,
    patience: float | str = 10,
    retain: int | str = "256MB",
    spool: str | os.PathLike[str] | None = None,
    spool_size: int | str = "10GB",
    encode: str | None = None,
    stream: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    **options: Any,
) -> Stats:
    """Move frames from `source` to `sink` until the source ends; blocks, and returns the source's final counters.

    `source` is an address, several in a list, or any iterable of arrays and frames; `sink` is an address. Every frame
    arrives where the source is finite or the sink is on disk; else the newest ones do, and the others are counted.

    ops         functions of an array `(height, width[, channels])` or a frame, `"file.py:name"` or built-in ones
                (`"resize=512x512"`); each answers with an array, a frame, a dict (added to `frame.meta`), None (the
                frame is dropped), or is a generator (several frames of one)
    gather      services asked about each frame before the ops, `{"seg": "models.py:Segment"}`; see `gather`. What `seg`
                answers is `frame.meta["seg"]`, an array it answers `frame.arrays["seg"]`; what did not come in time is
                named in `frame.meta["missing"]`
    workers     so many processes run the ops, in order and without losing a frame; 0: this thread; see `map`
    batch       give them so many pictures at once, as a list
    on_error    "raise", or "skip" the frames an op fails on, and log it
    work_timeout  how long the ops in workers, or the services, may take for a frame
    frames, duration   stop after so many frames, or so much time (`"10min"`)
    overwrite   replace existing files
    stream      name of what is written; may hold `{stream}`
    packets     coded packets of a camera as they are; the default where they are recorded as video (`yard.mp4`), unless
                something is done to pictures, or `quality` or `preset` say how they are encoded
    progress    called with a `Progress` about four times a second, in this thread

    The other options are those of `open` and `publish`, with the same meaning. An exception, or Ctrl-C, closes both
    ends and does not end the stream for its readers: they wait for a successor.
    """
    wishes = given(
        frames=frames,
        duration=duration,
        ops=ops,
        gather=gather,
        workers=workers,
        batch=batch,
        on_error=on_error,
        work_timeout=work_timeout,
        overwrite=overwrite,
        keep=keep,
        group=group,
        max_fps=max_fps,
        format=format,
        timeout=timeout,
        packets=packets,
        listen=listen,
        allow=tuple(allow) if not isinstance(allow, str) else allow,
        insecure=insecure,
        carrier=carrier,
        wait_for=wait_for,
        when_full=when_full,
        patience=patience,
        retain=retain,
        spool=spool,
        spool_size=spool_size,
        encode=encode,
        stream=stream,
    )
    return assemble(_places(source), sink, {**wishes, **checked(options)}, progress).run()


def assemble(
    places: Iterable[Place],
    sink: Target,
    options: Mapping[str, Any],
    progress: Callable[[Progress], None] | None = None,
    *,
    called: str = "",
) -> Flow:
    """Open both ends with checked `options`, each to whom it concerns, ready to `run`.

    `called`: the name of the stream where it is made here, for frames and messages, rather than the source's own.
    """
    ends = _Ends(list(places), sink, options, called)
    work = worker(options)
    with ExitStack() as opened:
        # what ends here says how it wants to be fed; a link tells its readers whether the source is live
        early = None if ends.sink_is_link else ends.sink(live=False)
        if early is not None and early is not sink:
            opened.enter_context(early)
        source = ends.source(early)
        if ends.opened(source):
            opened.enter_context(source)
        if isinstance(early, SinkPublisher):
            early.tell_shared(source.shared)
        writing = early or ends.sink_after(source)
        opened.pop_all()
        return Flow(
            source,
            writing,
            work=work,
            skip_errors=options.get("on_error") == "skip",
            frames=options.get("frames"),
            duration_s=options.get("duration"),
            timeout_s=options.get("timeout"),
            own_source=ends.opened(source),
            own_sink=writing is not sink,
            on_progress=progress,
            named=ends.named if isinstance(writing, SinkPublisher) else None,
        )
    raise AssertionError  # unreachable: tells type checkers that ExitStack lets errors through


class _Ends:
    """Which option concerns which end."""

    def __init__(self, places: list[Place], sink: Target, options: Mapping[str, Any], called: str) -> None:
        self.places = places
        self._called = called
        self._sink = sink
        self._address: Address | None = address_of(sink) if isinstance(sink, str | os.PathLike) else None
        takes = frozenset[str]().union(*map(options_of_source, places))
        of_source = (takes - WRITING) | READING
        of_sink = options_of_sink(self._address) - READING if self._address is not None else frozenset()
        known = of_source | of_sink | MOVING | WORKING
        refuse_unused(options, known, known, " → ".join(self.named))
        self._for_source = {name: value for name, value in options.items() if name in of_source}
        self._for_sink = {name: value for name, value in options.items() if name in of_sink}
        self._refuse_itself()
        self._patience = {name: value for name, value in PATIENT.items() if name in of_sink}
        self._takes = takes
        self._of_pixels = bool(OF_PIXELS & options.keys())
        self._group = str(options.get("group") or "")
        self._inside = inside(options)
        self._elsewhere = elsewhere(options)

    def _refuse_itself(self) -> None:
        """What is written while it is read is neither what was there nor what should be."""
        sink = self._address
        if not isinstance(sink, Path):
            return
        for place in self.places:
            address = address_of(place) if isinstance(place, str | os.PathLike) else None
            if isinstance(address, Path) and os.path.realpath(address.text) == os.path.realpath(sink.text):
                raise OptionError(f"{sink.text} would be read and written at once: write to another name")

    @property
    def sink_is_link(self) -> bool:
        """Whether frames go on to readers, rather than ending here."""
        return isinstance(self._address, Link)

    def sink(self, *, live: bool) -> Publisher:
        """Where frames go, opened unless the caller did."""
        if self._address is not None:
            return publish_at(self._address, self._for_sink, live=live, group=self._group)
        if isinstance(self._sink, Publisher):
            return self._sink
        if isinstance(self._sink, Sink) and not isinstance(self._sink, type):
            return SinkPublisher(self._sink)
        what = f"the class {self._sink.__name__}" if isinstance(self._sink, type) else f"a {type(self._sink).__name__}"
        raise OptionError(f"{what} takes no frames: give an address, a publisher or a sink")

    def sink_after(self, source: Source[Item]) -> Publisher:
        """A link, live like `source`: opened with the first frame where only that tells."""
        if isinstance(source, MadeSource):
            return self.sink(live=source.live)
        assert isinstance(self._address, Link)  # noqa: S101  (only links come after their source)
        check_sink(self._address, self._for_sink)
        was_live = left_behind(self._for_sink.get("spool"))
        if was_live is not None:  # readers need not wait for the first new frame to get what they are owed
            return self.sink(live=was_live)
        listening = listens(self._address, "writer", self._for_sink.get("listen"))

        def make() -> Publisher:
            if self._group and source.lossless:  # what the group is owed is not to be lost here, though it may be live
                self._for_sink = {**self._patience, **self._for_sink}
            return self.sink(live=source.live)

        return Relay(make, str(self._address), listens=listening)

    def source(self, sink: Publisher | None) -> Source[Item]:
        """Where frames come from, read as the sink needs it unless the options say otherwise."""
        wishes = dict(self._for_source)
        if isinstance(sink, SinkPublisher):
            wishes = {name: value for name, value in self._wanted_by(sink).items() if name in self._takes} | wishes
        wishes = {name: value for name, value in wishes.items() if value is not None}
        own = {name: wishes.pop(name) for name in list(wishes) if name not in OPEN_OPTIONS} | self._called_as()
        exclusive = isinstance(sink, SinkPublisher) and wishes.get("group") == sink.group is not None
        return open_all(self.places, wishes, own, exclusive=exclusive, inside=self._inside, elsewhere=self._elsewhere)

    def _called_as(self) -> dict[str, str]:
        """What is made here, or comes from one camera, under one name has that name wherever people read about it."""
        name = self._called if "stream" in self._takes else ""
        if not name and len(self.places) == 1 and isinstance(place := self.places[0], str):
            camera = isinstance(address_of(place), Url)
            name = str(self._for_sink.get("stream") or getattr(self._address, "streams", "")) if camera else ""
        return {"stream": name} if valid_name(name) else {}

    def opened(self, source: Source[Item]) -> bool:
        """Whether `source` was opened here, rather than given; told by identity, for arrays have no other equality."""
        return all(source is not place for place in self.places)

    def _wanted_by(self, sink: SinkPublisher) -> dict[str, str | None]:
        keep = self._for_source.get("keep", sink.keep)
        packets = "prefer" if sink.packets and not self._of_pixels else None
        return {"keep": keep, "group": sink.group if keep == "all" else None, "packets": packets}

    @property
    def named(self) -> tuple[str, str]:
        """What is read, and where it goes, for people."""
        names = [str(place) if isinstance(place, str | os.PathLike) else type(place).__name__ for place in self.places]
        sink = str(self._sink) if self._address is not None else type(self._sink).__name__
        return redact(", ".join(names)), redact(sink)


def _places(source: Place | Iterable[Place]) -> list[Place]:
    if isinstance(source, list | tuple) and source and all(isinstance(one, str | os.PathLike) for one in source):
        return list(source)
    return [source]
