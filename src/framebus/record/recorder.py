"""A sink of recordings: one file after the other, for one stream or many, and never over anybody's files."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from contextlib import ExitStack

from framebus.core import clock
from framebus.core.contracts import Done, Item
from framebus.core.errors import BadFrame, Closed, OptionError, Unavailable
from framebus.core.frame import Packet
from framebus.core.untold import Untold
from framebus.record.pruning import Retention
from framebus.record.recording_kind import Kind, Writer
from framebus.record.recording_names import Naming
from framebus.record.seen import Inside, Seen, inside
from framebus.record.tidying import Tidying, ours
from framebus.sinks.claim import claimed
from framebus.sinks.durable_name import group_of
from framebus.sinks.place import saying


class Recorder:
    """Writes what comes into files of `kind` called `naming`.

    rotate_s, rotate_bytes   begin a new file after so much time (by the clock: every 10 minutes is at 12:00, 12:10 …)
                             or when it is so large; coded video waits for its next key frame
    retention                which older files of these names go
    overwrite                replace what is there instead of continuing it

    What is there is continued: in the same file where the kind can be, in one with a number (`yard@2.mp4`) otherwise;
    frames that are in it already are done at once. Frames that were lost on the way are a gap in the numbers, and every
    kind keeps how many were `missed` before which frame; packets that could not be kept here are among them. Files that
    are not a recording of these streams are refused. Not thread-safe.

    Raises `Unavailable` where the folder cannot be written to, holds something else by that name, or is full.
    """

    keep: str | None = "all"

    def __init__(
        self,
        naming: Naming,
        kind: Kind,
        *,
        rotate_s: float = math.inf,
        rotate_bytes: float = math.inf,
        retention: Retention | None = None,
        overwrite: bool = False,
        packets: bool = False,
        at_once: bool = False,
    ) -> None:
        self.group: str | None = _group(naming)
        self.packets = packets
        """Coded packets are preferred, and kept as they come; pictures are taken, too."""
        self.at_once = at_once
        """Whether files of this kind have read all pixels when `write` returns."""
        self.shared: Callable[[str], bool] = lambda stream: False
        """Whether several publishers bring a stream's frames, which then come in any order."""
        self.repeated = 0
        """Frames that were there already: sent again, because nobody heard that they were written, or read again."""
        self.skipped = 0
        """Packets that no file could begin with, because a key frame has to come first."""
        self._naming = naming
        self._kind = kind
        self._rotate_ns, self._rotate_bytes = rotate_s * 1e9, rotate_bytes
        self._rotates = not (math.isinf(rotate_s) and math.isinf(rotate_bytes))
        self._overwrite = overwrite
        self._tidying = Tidying(naming, retention or Retention())
        self._rolls: dict[str, _Roll] = {}
        self._untold = Untold()
        self._closed = False
        _check_folder(naming.root)
        self._refuse_foreign()
        self._tidying.sweep()
        self._tidying.tidy(())

    def write(self, item: Item, done: Done) -> None:
        """Write one; `done` is called when it is on disk: see the kind.

        Raises `BadFrame` for what the file cannot hold, `OptionError` for a second stream in a file for one,
        `Unavailable` where the disk takes no more. What was written before stays.
        """
        if self._closed:
            raise Closed(f"{self._naming.text}: this sink was closed: open it again to write on")
        roll = self._roll(item)
        seen = roll.seen(item)
        if seen.has(item.seq, any_order=self.shared(item.stream)):
            self.repeated += 1
            done()
            return
        self._turn(roll, item)
        if roll.writer is None and isinstance(item, Packet) and not item.key:
            self._skip(item, begun=not seen.empty)
            done()
            return
        self._tidying.make_room(item.nbytes, self._open_paths)
        if roll.writer is None:
            self._begin(roll, item)
        assert roll.writer is not None  # noqa: S101  (begun just above)
        roll.writer.write(self._untold.told(item), done)
        seen.add(item.seq)

    def _skip(self, packet: Packet, *, begun: bool) -> None:
        """It is missed by the next one that is written, unless the recording only begins there."""
        self.skipped += 1
        self._untold.add(packet.stream, packet.run, packet.missed + begun)

    def split(self, stream: str) -> None:
        """Finish the file that `stream` is in; its next frame begins another."""
        roll = self._rolls.get("") or self._rolls.get(stream)
        if roll is not None and roll.writer is not None:
            self._finish(roll)

    def close(self) -> None:
        """Finish all files; idempotent. Raises the first error after all were tried."""
        if self._closed:
            return
        self._closed = True
        with ExitStack() as closing:
            for roll in self._rolls.values():
                if roll.writer is not None:
                    closing.callback(roll.writer.close)
        paths = [roll.path for roll in self._rolls.values()]
        self._rolls = {}
        self._tidying.tidy(paths)

    def _roll(self, item: Item) -> _Roll:
        shared = self._kind.shared and not self._naming.per_stream
        key = "" if shared else item.stream
        if key not in self._rolls:
            if not shared and not self._naming.per_stream and self._rolls:
                stem, extension = os.path.splitext(self._naming.text)
                raise OptionError(
                    f"{self._naming.text}: streams {next(iter(self._rolls))} and {item.stream} need files of their "
                    f"own: write {stem}-{{stream}}{extension}"
                )
            self._rolls[key] = self._continued(item)
        return self._rolls[key]

    def _continued(self, item: Item) -> _Roll:
        """Where a former recorder stopped."""
        files = [] if self._overwrite else self._naming.files(item.stream)
        if not self._naming.fixed:
            files = [file for file in files if ours(file.path)]
        if not files:
            return _Roll()
        newest = files[-1].path
        known = self._inside(newest)
        if item.stream not in {stream for stream, _ in known}:
            raise self._foreign(newest, item.stream)
        writer = self._kind.resume(newest) if math.isinf(self._rotate_ns) else None
        return _Roll(known, writer, newest, self._slot(item))

    def _turn(self, roll: _Roll, item: Item) -> None:
        """Close a file that is full, or that cannot take `item`, where the next can begin with it."""
        writer = roll.writer
        if writer is None:
            return
        due = self._rotates and (self._slot(item) != roll.slot or writer.nbytes >= self._rotate_bytes)
        if writer.takes(item) and not (due and (not isinstance(item, Packet) or item.key)):
            return
        self._finish(roll)

    def _finish(self, roll: _Roll) -> None:
        writer, roll.writer = roll.writer, None
        if writer is not None:
            writer.close()
        self._tidying.tidy(self._open_paths())

    def _begin(self, roll: _Roll, item: Item) -> None:
        replaced = self._overwrite and not roll.path
        at = item.captured_ns
        path = self._naming.path(item.stream, at) if replaced else self._naming.free(item.stream, at)
        if replaced and self._naming.fixed:
            self._tidying.remove_numbered(path, item.stream)
        roll.writer, roll.path, roll.slot = self._kind.create(path, item), path, self._slot(item)

    def _slot(self, item: Item) -> int:
        return 0 if math.isinf(self._rotate_ns) else int(item.captured_ns // self._rotate_ns)

    def _open_paths(self) -> list[str]:
        return [roll.path for roll in self._rolls.values() if roll.writer is not None]

    def _inside(self, path: str) -> Inside:
        with saying(path), claimed(path):
            pass
        try:
            found = inside(self._kind.entries(path))
        except BadFrame as error:
            raise self._foreign(path, "these streams") from error
        if not found:
            raise self._foreign(path, "these streams")
        return found

    def _refuse_foreign(self) -> None:
        """Say at once what the first frame would find out."""
        if self._naming.fixed and not self._naming.per_stream and not self._overwrite:
            for file in self._naming.files()[-1:]:
                self._inside(file.path)

    def _foreign(self, path: str, what: str) -> Unavailable:
        return Unavailable(
            f"{path} exists and is not a recording of {what}: choose another name, or replace it with overwrite=True "
            "(--overwrite)"
        )


class _Roll:
    """The file that is written now for one stream, or for all, and what came before it."""

    __slots__ = ("inside", "path", "slot", "writer")

    def __init__(
        self, inside: Inside | None = None, writer: Writer | None = None, path: str = "", slot: int = 0
    ) -> None:
        self.inside = {} if inside is None else inside
        self.writer = writer
        self.path = path
        self.slot = slot

    def seen(self, item: Item) -> Seen:
        """What is in the recording of the stream and run of `item`."""
        found = self.inside.get((item.stream, item.run))
        if found is None:
            found = self.inside[item.stream, item.run] = Seen()
        return found


def _group(naming: Naming) -> str:
    plain = os.path.basename(naming.text)
    base = plain if "{" not in naming.pattern else os.path.basename(os.path.abspath(naming.root))
    return group_of(os.path.join(naming.root, naming.pattern), base)


def _check_folder(root: str) -> None:
    """Find out now, not at the first frame, whether files can be made there."""
    with saying(root):
        os.makedirs(root, exist_ok=True)
        probe = os.path.join(root, f".framebus-probe-{os.getpid()}-{clock.mono_ns()}")
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        os.unlink(probe)
