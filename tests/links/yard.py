"""A desk at which publishers spool into one folder, one after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from framebus.core.contracts import Item
from framebus.links.spool.retention import SpoolRetention
from framebus.links.spool.store import Store
from framebus.testing.network import Line
from tests.session.desk import RUN, Desk, Listener, Speaker, frame

RETAIN = 1000
NEXT_RUN = 0xBEEF


class Yard(Desk):
    """The desk, and what lies in the folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.retentions: list[SpoolRetention] = []
        self.speakers: list[Speaker] = []

    def spooler(self, size: int = 10_000_000, retain: int = RETAIN, **rules: Any) -> Speaker:
        """A publisher that finds what the one before it left."""
        kept = SpoolRetention(Store(str(self.folder), size), retain, size)
        self.retentions.append(kept)
        speaker = self.publisher(retention=kept, when_full="spool", retain_bytes=retain, **rules)
        speaker.session.audience.restore(self.now)
        self.speakers.append(speaker)
        return speaker

    def settle(self) -> None:
        """Everything said is heard, and what waits is put away."""
        super().settle()
        self._put_away()

    def wait(self, seconds: float) -> None:
        """Time passes."""
        super().wait(seconds)
        self._put_away()

    def _put_away(self) -> None:
        for speaker in self.speakers:
            if speaker.node.alive:
                speaker.session.put_away()

    def kill(self, speaker: Speaker) -> None:
        """Its process dies at once."""
        speaker.kill()
        self.retentions[self.speakers.index(speaker)].disown()

    def end(self, speaker: Speaker) -> None:
        """It closes in good order."""
        speaker.close()
        speaker.session.audience.conclude()
        self.retentions[self.speakers.index(speaker)].close()
        speaker.kill()

    def away(self, publisher: Speaker, name: str = "saver", **rules: Any) -> Listener:
        """A reader of that group was here, has everything, and is gone."""
        reader = self.reader(publisher, name, keep="all", group=name, **rules)
        reader.kill()
        assert reader.line is not None
        reader.line.cut(0.0, 1e9)
        self.settle()
        return reader

    def saver(self, publisher: Speaker, name: str = "saver", **rules: Any) -> Listener:
        """A new process reads for that group."""
        return self.reader(publisher, name, keep="all", group=name, **rules)

    def reconnect(self, reader: Listener, publisher: Speaker) -> None:
        """The same process finds another publisher at the address."""
        reader.line = Line(self.network, lambda: reader.node, lambda: publisher.node)
        reader.connect()


def send(publisher: Speaker, *numbers: int, run: int = RUN, **more: Any) -> None:
    """Frames of 100 bytes, each unless somebody is in the way, which nobody is."""
    for number in numbers:
        assert publisher.try_send(frame(number, run=run, **more)) is None


def got(items: list[Item]) -> list[tuple[int, int, int]]:
    """Runs, numbers and what was missed before."""
    return [(item.run, item.seq, item.missed) for item in items]


def whole(run: int, *numbers: int) -> list[tuple[int, int, int]]:
    """The same of frames of which none is missing."""
    return [(run, number, 0) for number in numbers]
