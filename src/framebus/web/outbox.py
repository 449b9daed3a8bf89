"""What one viewer is owed, tile by tile: bounded, and never older than it has to be. No I/O in here.

A tile may have `window` pictures on their way that the page has not said to have worked off. What comes meanwhile
waits here: of whole pictures only the newest, of coded video a stretch that begins anew with a key frame when it
grows too long. So a slow viewer sees fewer pictures, never later ones, and costs no memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from framebus.web.page_messages import BEGIN, Picture

NEWEST_WINDOW = 3
CODED_WINDOW = 60
CODED_BYTES = 8_000_000
CODED_WAITING = 120


class Lane:
    """One tile's way to the page."""

    def __init__(self, window: int) -> None:
        self.sent = 0
        self.seen = 0
        self.left_out = 0
        """Pictures not sent, all in all."""
        self._told = 0
        self._window = window

    @property
    def open(self) -> bool:
        """Whether one more may be sent."""
        return self.sent - self.seen < self._window

    @property
    def hungry(self) -> bool:
        """Whether a picture that came now could leave at once."""
        return self.open and not self.waiting

    @property
    def waiting(self) -> int:
        """How many wait."""
        raise NotImplementedError

    def offer(self, picture: Picture) -> None:
        """Take one more to send."""
        raise NotImplementedError

    def pop(self) -> Picture | None:
        """The next one to send, if any and if it may."""
        raise NotImplementedError

    def acknowledge(self, number: int) -> None:
        """The page has worked off everything up to `number`; more than was sent is not believed."""
        self.seen = max(self.seen, min(number, self.sent))

    def message(self, tile: int) -> bytes | None:
        """The next binary message, counted as sent; None where nothing may be sent."""
        picture = self.pop()
        if picture is None:
            return None
        self.sent += 1
        skipped, self._told = self.left_out - self._told, self.left_out
        return picture.packed(tile, self.sent, skipped)


class NewestLane(Lane):
    """Whole pictures: one waits, the newest."""

    def __init__(self, window: int = NEWEST_WINDOW) -> None:
        super().__init__(window)
        self._newest: Picture | None = None

    @property
    def waiting(self) -> int:
        return int(self._newest is not None)

    def offer(self, picture: Picture) -> None:
        self.left_out += self._newest is not None
        self._newest = picture

    def pop(self) -> Picture | None:
        if not self.open:
            return None
        picture, self._newest = self._newest, None
        return picture


class CodedLane(Lane):
    """Coded video: every picture from a key frame on, until too many wait; then none before the next key frame."""

    def __init__(self, window: int = CODED_WINDOW) -> None:
        super().__init__(window)
        self._queue: deque[Picture] = deque()
        self._bytes = self._allowance = 0
        self._begun = False

    def fill(self, history: Iterable[Picture]) -> None:
        """Begin with pictures there have been since the last key frame, so that there is one to see at once."""
        for picture in history:
            self._add(picture)
        self._allowance = len(self._queue)

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def offer(self, picture: Picture) -> None:
        if len(self._queue) >= CODED_WAITING + self._allowance or self._bytes > CODED_BYTES:
            self.give_up()
        self._add(picture)

    def _add(self, picture: Picture) -> None:
        self._begun = self._begun or (picture.key and picture.kind != BEGIN)
        if self._begun or picture.kind == BEGIN:
            self._queue.append(picture)
            self._bytes += picture.nbytes
        else:
            self.left_out += 1

    def pop(self) -> Picture | None:
        if not self.open or not self._queue:
            return None
        picture = self._queue.popleft()
        self._bytes -= picture.nbytes
        return picture

    @property
    def nbytes(self) -> int:
        """How much waits."""
        return self._bytes

    def give_up(self) -> None:
        """What waits is too much by now: go on with the next key frame. What is needed to decode at all is kept."""
        begins = [picture for picture in self._queue if picture.kind == BEGIN][-1:]
        self.left_out += sum(picture.kind != BEGIN for picture in self._queue)
        self._queue = deque(begins)
        self._bytes = sum(picture.nbytes for picture in begins)
        self._begun = False
        self._allowance = 0


class Outbox:
    """All lanes of one viewer; each gets its turn. Not thread-safe."""

    def __init__(self) -> None:
        self.lanes: dict[int, Lane] = {}
        self._turns: deque[int] = deque()

    def put(self, tile: int, lane: Lane) -> None:
        """A lane for `tile`, instead of the one it had; its numbers go on, so that late acknowledgements do no harm."""
        before = self.lanes.get(tile)
        if before is not None:
            lane.sent = lane.seen = before.sent
        else:
            self._turns.append(tile)
        self.lanes[tile] = lane

    def drop(self, tile: int) -> None:
        """No lane for `tile` any more."""
        if self.lanes.pop(tile, None) is not None:
            self._turns.remove(tile)

    def message(self) -> bytes | None:
        """The next message of the tile whose turn it is; None where nothing may be sent."""
        for _ in range(len(self._turns)):
            tile = self._turns[0]
            self._turns.rotate(-1)
            message = self.lanes[tile].message(tile)
            if message is not None:
                return message
        return None
