"""A maker (file, folder, camera, test picture) as a source that everybody reads alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from framebus.core.bell import Bell
from framebus.core.contracts import Item, Maker, Reporting, Unhurried
from framebus.core.errors import BadFrame, Closed, OptionError
from framebus.core.frame import Frame, Packet
from framebus.core.source import Source
from framebus.core.statistics import Stats
from framebus.verbs.capture import Capture, Every, Newest
from framebus.verbs.thinning import Thinning


class MadeSource(Source[Item]):
    """Frames made on this machine.

    A finite maker makes each frame in the reader's thread when it is asked for. A live one is captured by a thread
    from the first use on: with `keep="latest"` the newest frame waits and what it replaced is counted in its
    `missed`; with `keep="all"` up to 8 frames or 64 MB wait and then the maker does. `ahead` makes the frames of a
    finite maker in a thread too, so that a slow one holds up nobody. With `alone`, whoever takes does nothing else but
    wait for the next frame: then it makes them itself, all of them, live or not. `place` is what was opened, for
    people.
    """

    def __init__(
        self,
        maker: Maker,
        *,
        keep: str | None = None,
        max_fps: float | None = None,
        format: str | None = None,
        stream: str | None = None,
        timeout: float | None = None,
        ahead: bool = False,
        alone: bool = False,
        place: str = "",
    ) -> None:
        super().__init__(timeout)
        self._at = place
        if getattr(maker, "packets", False):
            _refuse_pixels(max_fps=max_fps, format=format)
        self.name = stream or maker.name
        if stream:
            with suppress(AttributeError):  # some makers' names are as they are
                maker.name = stream  # in what it says of itself, too
        self._maker = maker
        self._wanted = format or ""
        self._stream = stream
        self._stats = Stats()
        self._thinning = Thinning(max_fps)
        newest = keep == "latest" or (keep is None and maker.live)
        threaded = maker.live or newest or ahead
        self._frames: Capture | _InCaller = (
            Capture(maker, Newest() if newest else Every(), self._admitted)
            if threaded and not alone
            else _InCaller(maker, self._admitted)
        )

    @property
    def live(self) -> bool:
        """As its maker says."""
        return self._maker.live

    def take(self, timeout: float | None) -> Item | None:
        item = self._frames.take(timeout)
        if item is None:
            return None
        item = self._dressed(item)
        self._stats.count(item)
        return item

    def fileno(self) -> int:
        return self._frames.fileno()

    def stats(self) -> Stats:
        if isinstance(self._maker, Reporting):
            self._stats.of(self.name).state = self._maker.state
        return self._stats

    def hurry(self, wanted: bool) -> None:
        if isinstance(self._maker, Unhurried):
            self._maker.hurry(wanted)

    def close(self) -> None:
        self._closed = True
        self._frames.close()

    def _place(self) -> str:
        return self._at or self.name

    def _admitted(self, item: Item) -> Item | None:
        if not isinstance(item, Frame | Packet):
            raise BadFrame(
                f"{self.name} gave a {type(item).__name__}: a source gives frames that say which they are, "
                "Frame.of(image, stream=name, run=run, seq=number)"
            )
        return self._thinning.admitted(item)

    def _dressed(self, item: Item) -> Item:
        changes = {"stream": self._stream} if self._stream else {}
        if self._wanted and isinstance(item, Frame):
            changes["wanted"] = self._wanted
        return item.replace(**changes) if changes else item


def _refuse_pixels(**options: object) -> None:
    """Raise `OptionError` for what can be done to pictures only."""
    for name, value in options.items():
        if value is not None:
            raise OptionError(f"{name} does not go with packets: coded video is passed on as it is, leave one out")


class _InCaller:
    """Iterates a maker in the thread of whoever takes, who waits for as long as that needs."""

    def __init__(self, maker: Maker, admit: Callable[[Item], Item | None]) -> None:
        self._maker = maker
        self._admit = admit
        self._items: Iterator[Item] | None = None
        self._bell: Bell | None = None
        self._error: Exception | None = None
        self._closed = False

    def take(self, timeout: float | None) -> Item | None:
        if self._error is not None:
            raise self._error
        if self._items is None:
            self._items = iter(self._maker)
        try:
            admitted = (self._admit(item) for item in self._items)
            item = next((item for item in admitted if item is not None), None)
        except Exception as error:
            self._error = error  # or the next call would find the iterator exhausted and report an end
            self._check_open()
            raise
        self._check_open()
        return item

    def fileno(self) -> int:
        if self._bell is None:
            self._check_open()
            self._bell = Bell()
            self._bell.ring()
        return self._bell.fileno()

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._maker.close()
        with suppress(ValueError):  # running in another thread: it ends there
            getattr(self._items, "close", lambda: None)()
        if self._bell is not None:
            self._bell.close()

    def _check_open(self) -> None:
        if self._closed:
            raise Closed(f"{self._maker.name} was closed: open it again to read on")
