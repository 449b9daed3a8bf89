"""`fb.open`: anything that makes frames, by address."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from typing import Any, Literal, overload

from framebus.core.addresses import Link, Url, check_role, listens
from framebus.core.contracts import Item, Maker
from framebus.core.errors import OptionError
from framebus.core.frame import Frame
from framebus.core.names import unlike
from framebus.core.redaction import redact
from framebus.core.source import Source
from framebus.verbs.accepted_options import checked, given, refuse_unused, taken
from framebus.verbs.given import Given
from framebus.verbs.late_source import LateSource
from framebus.verbs.merged import MergedSource
from framebus.verbs.opened import MadeSource
from framebus.verbs.resolving import address_of, maker_factory, read_as_link, written_as_link

Place = str | os.PathLike[str] | Source[Any] | Maker | Iterable[Any]

LINK_OPTIONS = frozenset({"allow", "carrier", "group", "insecure", "listen", "packets"})
"""Options of `open` that links take; other sources where they say so."""
MADE_OPTIONS = frozenset({"format", "keep", "max_fps", "timeout"})
"""Options of `open` that every source takes."""
OPEN_OPTIONS = LINK_OPTIONS | MADE_OPTIONS


@overload
def open(
    *sources: Place,
    keep: str | None = None,
    group: str | None = None,
    max_fps: float | str | None = None,
    format: str | None = None,
    timeout: float | str | None = None,
    packets: Literal[False] = False,
    listen: bool | None = None,
    allow: Iterable[str] = (),
    insecure: bool = False,
    carrier: str | None = None,
    **source: Any,
) -> Source[Frame]: ...


@overload
def open(*sources: Place, packets: bool, **options: Any) -> Source[Item]: ...


def open(
    *sources: Place,
    keep: str | None = None,
    group: str | None = None,
    max_fps: float | str | None = None,
    format: str | None = None,
    timeout: float | str | None = None,
    packets: bool = False,
    listen: bool | None = None,
    allow: Iterable[str] = (),
    insecure: bool = False,
    carrier: str | None = None,
    **source: Any,
) -> Source[Any]:
    """Open one or several sources as one loop of frames.

    A source is an address (`"tcp://desk:5555/door"`, `"clip.mp4"`, `"photos/"`, `"synthetic:"`) or any iterable of
    arrays `(height, width[, channels])` and frames. Several are read in turn, as frames come, until all have ended.

    keep      `"latest"`: the newest frame, what it replaced is counted in `frame.missed`; `"all"`: every frame.
              Default: latest for live sources, all for finite ones.
    group     name under which readers share a stream, or one reader resumes it where it stopped; links only
    max_fps   at most so many frames per second of each stream, evenly by capture time
    format    pixel format of `frame.image`: `bgr24` (default for colour), `rgb24`, `gray8` …, `native` as received
    timeout   seconds, or text such as `"2s"`: raise `Timeout` when no frame came for so long; default: wait
    packets   coded packets instead of decoded frames
    listen    wait for connections there (True) or connect (False); default: read off the address
    allow     addresses and networks that may connect without keys; `insecure` lets everybody
    carrier   `"tcp"` stays on TCP where the publisher is on this machine and memory could be shared
    **source  what the source takes besides: `speed=1` for a video, `stream="name"` …

    Close it, or use `with`. One thread at a time reads. Raises `AddressError`, `OptionError` (nothing is silently
    ignored), and `Unavailable` when the place cannot be opened.
    """
    if not sources:
        raise OptionError("open needs an address: open('tcp://localhost:5555'), open('clip.mp4')")
    wishes = given(
        keep=keep,
        group=group,
        max_fps=max_fps,
        format=format,
        timeout=timeout,
        packets=packets or None,
        listen=listen,
        allow=tuple(allow) if not isinstance(allow, str) else allow,
        insecure=insecure,
        carrier=carrier,
    )
    return open_all(sources, wishes, source)


def open_all(
    places: Iterable[Place],
    wishes: Mapping[str, Any],
    options: Mapping[str, Any],
    *,
    exclusive: bool = False,
    inside: int = 0,
    elsewhere: bool = False,
    alone: bool = False,
) -> Source[Item]:
    """Open `places` with checked `wishes` (of `open`) and `options` of the sources themselves.

    `exclusive`: the group is that of one place on disk, and takes no second member. `inside`: so many frames are
    worked on at once. `elsewhere`: by others, so nobody hears of this reader before it asks for a frame. `alone`: one
    thread takes them, without a timeout, and does nothing else.
    """
    places = list(places)
    link: dict[str, Any] = {"exclusive": exclusive, "inside": inside}
    several = len(places) > 1
    opening = _Opening(
        dict(wishes), checked(options), link, ahead=several, elsewhere=elsewhere, alone=alone and not several
    )
    with ExitStack() as opened:
        sources: list[Source[Item]] = []
        for place in places:
            sources.append(opening.open(place))
            opened.callback(sources[-1].close)
        opening.refuse_unused()
        merged = sources[0] if len(sources) == 1 else MergedSource(sources, wishes.get("timeout"))
        opened.pop_all()
        return merged
    raise AssertionError  # unreachable: tells type checkers that ExitStack lets errors through


def options_of_source(place: Place) -> frozenset[str]:
    """The names of all options this source takes."""
    if isinstance(place, Source):
        return frozenset({"timeout"})
    if not isinstance(place, str | os.PathLike):
        return MADE_OPTIONS | {"stream"}
    address = address_of(place)
    if written_as_link(address):
        return OPEN_OPTIONS
    made = MADE_OPTIONS | {"stream"} | taken(maker_factory(address))
    return made | OPEN_OPTIONS if isinstance(address, Link) else made


class _Opening:
    """Opens one place after the other and remembers which options were of use to any."""

    def __init__(
        self,
        wishes: dict[str, Any],
        options: dict[str, Any],
        link: dict[str, Any],
        *,
        ahead: bool,
        elsewhere: bool,
        alone: bool,
    ) -> None:
        self._ahead = ahead
        self._elsewhere = elsewhere
        self._alone = alone
        self._link = link
        self._wishes = wishes
        self._options = options
        self._used = set(MADE_OPTIONS)
        self._known: set[str] = set()
        self._names: list[str] = []
        self._cameras: set[str] = set()

    def open(self, place: Place) -> Source[Item]:
        if isinstance(place, str | os.PathLike):
            return self._addressed(place)
        self._names.append(f"the given {type(place).__name__}")
        if isinstance(place, Source):
            self._used -= MADE_OPTIONS - {"timeout"}  # it was opened with its own
            return place
        if isinstance(place, Maker) and not isinstance(place, type):
            return self._made(place, self._names[-1])
        pictures: Iterable[Any] = place
        return self._made(Given(pictures, self._wishes.get("format")), self._names[-1])

    def refuse_unused(self) -> None:
        where = " and ".join(self._names)
        refuse_unused([*self._wishes, *self._options], self._used, self._known, where)

    def _addressed(self, place: str | os.PathLike[str]) -> Source[Item]:
        address = address_of(place)
        check_role(address, "reader")
        self._names.append(repr(redact(str(place))))
        if read_as_link(address, self._wishes.get("listen")):
            return self._linked(address)
        factory = maker_factory(address)
        names = taken(factory)
        offered = {**self._options, **self._wishes}
        fitting = {name: value for name, value in offered.items() if name in names - MADE_OPTIONS}
        self._used |= fitting.keys() | ({"listen"} if isinstance(address, Link) else set())
        self._known |= names
        maker = factory(address, **fitting)
        return self._made(maker, redact(str(place)), self._camera(maker) if isinstance(address, Url) else None)

    def _camera(self, maker: Maker) -> str | None:
        """What another camera of a host is called, which give the host's name to all; None: that."""
        name = unlike(maker.name, self._cameras)
        self._cameras.add(name)
        return name if name != maker.name else None

    def _made(self, maker: Maker, place: str = "", name: str | None = None) -> MadeSource:
        self._used.add("stream")
        self._known.add("stream")
        own = {name: value for name, value in self._wishes.items() if name in MADE_OPTIONS}
        ahead = self._ahead or bool(getattr(maker, "waits", False))
        name = self._options.get("stream") or name
        return MadeSource(maker, stream=name, ahead=ahead, alone=self._alone, place=place, **own)

    def _linked(self, address: Link) -> Source[Item]:
        self._used |= LINK_OPTIONS
        wishes = {name: value for name, value in self._wishes.items() if value != "prefer"}  # links bring what there is
        if self._elsewhere and not listens(address, "reader", wishes.get("listen")):
            return LateSource(lambda: self._link_to(address, wishes), str(address), wishes.get("timeout"))
        return self._link_to(address, wishes)

    def _link_to(self, address: Link, wishes: dict[str, Any]) -> Source[Item]:
        from framebus.links.link import open_link

        if address.scheme == "shm" and (not address.streams or address.streams.endswith("*")):
            return self._flock(address, wishes)
        return open_link(address, **self._link, **wishes)

    def _flock(self, address: Link, wishes: dict[str, Any]) -> Source[Item]:
        from framebus.links.link import open_link
        from framebus.verbs.flock import FlockSource

        listens(address, "reader", wishes.get("listen"))

        def open_one(path: str) -> Source[Item]:
            return open_link(address, at=path, **self._link, **wishes)

        return FlockSource(address.streams, open_one, wishes.get("timeout"))
