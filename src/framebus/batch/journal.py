"""What a job has done so far, on disk: appended as it happens, read when the job is taken up again.

A text file, one JSON object on each line. The first says what the job is; a further one of that kind says that it began
anew. All others say what became of inputs, by the names of their first output:

    {"framebus": 1, "began_ns": 1718…, "options": {"from": "/home/ann/photos", "ops": ["mine.py:clean"], …},
     "code": ["file:9f86…"]}
    {"done": ["a.jpg", ["scan.tif", 12]], "damaged": [["b.jpg", "photos/b.jpg", "the JPEG is cut short: …"]]}
    {"quarantined": [["c.jpg", "photos/c.jpg", "its process was killed by SIGSEGV …"]]}
    {"ended": true}

`code` has a fingerprint for each op; it is missing where an older version began the job, and comes in a line of its own
once a newer one takes it up. The last line is missing where the job was killed. A line that was cut short, because the
machine went down while it was written, counts for nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from framebus.batch.digests import Digests
from framebus.batch.fingerprint import Fingerprint
from framebus.batch.outcome import all_plain
from framebus.core.closing import Closing
from framebus.core.errors import Unavailable

NAME = ".framebus-journal"
"""The file in the output folder, or in the folder that stands for one in a store."""
VERSION = 1

Made = str | list[Any]
"""A name, where one file without a number was made of each output, else the name and how many of each."""
Told = tuple[str, str, str]
"""Name, path of the input, and a reason."""


class Past:
    """What a journal says."""

    def __init__(self) -> None:
        self.options: Mapping[str, Any] | None = None
        """Those the job was begun with the last time; None where there is no job."""
        self.code: Sequence[Fingerprint] = ()
        """Of the ops it was begun with; none where nobody noted them."""
        self.clean = True
        """Nothing half-written can be left of it: it ended in order."""
        self.began_ns = 0
        """When it was begun for the first time."""
        self.ever = Digests()
        """Names of what was ever made."""
        self.done = Digests()
        self.several: dict[str, tuple[int, ...]] = {}
        """How many files were made of what is done, where it is not one for each output."""
        self.quarantined: dict[str, Told] = {}
        self.damaged: dict[str, Told] = {}

    def learn(self, line: Mapping[str, Any]) -> None:
        """Take in one line."""
        self.clean = "ended" in line
        if "framebus" in line:
            self.options, self.code = line["options"], ()
            self.began_ns = self.began_ns or line["began_ns"]
            self.done, self.several, self.quarantined, self.damaged = Digests(), {}, {}, {}
        self.code = line.get("code", self.code)
        for made in line.get("done", ()):
            name = made if isinstance(made, str) else made[0]
            self.done.add(name)
            self.ever.add(name)
            if not isinstance(made, str):
                self.several[name] = tuple(made[1:])
        for told in line.get("quarantined", ()):
            self.quarantined[told[0]] = tuple(told)
        for told in line.get("damaged", ()):
            self.damaged[told[0]] = tuple(told)


class Journal(Closing):
    """The journal in `folder`. Used by one thread."""

    def __init__(self, folder: str, *, fsync: bool = False) -> None:
        """Open it, made if need be; raises `Unavailable`."""
        self.path = os.path.join(folder, NAME)
        self._fsync = fsync
        self._first: Mapping[str, Any] | None = None
        self._clean = True
        try:
            self._descriptor = os.open(
                self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o666
            )
        except OSError as error:
            raise Unavailable(f"{self.path} cannot be written: {error.strerror or error}") from error

    def read(self) -> Past:
        """All it says; raises `Unavailable` where it is somebody else's, or of another version."""
        past, whole = _read(self.path)
        self._clean = past.clean
        if whole < os.fstat(self._descriptor).st_size:
            os.ftruncate(self._descriptor, whole)
        return past

    def begin(self, options: Mapping[str, Any], code: Sequence[Fingerprint] = (), now_ns: int | None = None) -> int:
        """Begin a job, or begin it anew; when that was, by the clock of the files, which is `now_ns` where given.

        It is written down with the first thing that is done, so that a job that cannot be done leaves no trace.
        """
        os.utime(self._descriptor)
        began_ns = os.fstat(self._descriptor).st_mtime_ns if now_ns is None else now_ns
        self._first = {"framebus": VERSION, "began_ns": began_ns, "options": options, "code": code}
        return began_ns

    def note(self, code: Sequence[Fingerprint]) -> None:
        """The job goes on with the same ops, of which this is known by now; it is written down as `begin` does."""
        self._first = {"code": code}
        self._clean = False

    def add(self, done: Sequence[Made] = (), quarantined: Sequence[Told] = (), damaged: Sequence[Told] = ()) -> None:
        """Inputs are finished with."""
        said = {"done": done, "quarantined": quarantined, "damaged": damaged}
        if line := {key: value for key, value in said.items() if value}:
            self._write(line)

    def end(self) -> None:
        """Nothing half-written is left."""
        if not self._clean:
            self._write({"ended": True})
            self._clean = True

    def close(self) -> None:
        """Let go of the file; idempotent."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with suppress(FileNotFoundError):  # somebody took the folder away
                if os.fstat(descriptor).st_size == 0:
                    os.unlink(self.path)
            os.close(descriptor)

    def _write(self, line: Mapping[str, Any]) -> None:
        lines = [line] if self._first is None else [self._first, line]
        self._clean = False
        # Names that are no text are kept by the escapes of JSON in ASCII.
        self._put(b"".join(json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n" for line in lines))
        self._first = None

    def _put(self, data: bytes) -> None:
        """All of it, or nothing: what comes after half a line would be lost with it."""
        whole = os.fstat(self._descriptor).st_size
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
            if self._fsync:
                os.fsync(self._descriptor)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._descriptor, whole)
            raise Unavailable(f"{self.path} cannot be written: {error.strerror or error}") from error


def made(name: str, counts: Sequence[int]) -> Made:
    """How a journal tells what was made of an input."""
    return name if all_plain(counts) else [name, *counts]


def past_of(folder: str) -> Past:
    """What the journal in `folder` says, where there is one; raises `Unavailable` where it cannot be read."""
    path = os.path.join(folder, NAME)
    return _read(path)[0] if os.path.exists(path) else Past()


def _read(path: str) -> tuple[Past, int]:
    """What its whole lines say, and how many bytes those are."""
    past, whole = Past(), 0
    try:
        with open(path, "rb") as file:
            for text in file:
                if not text.endswith(b"\n"):
                    past.clean = False
                    break
                line = _line(text)
                if whole == 0 and (line is None or line.get("framebus") != VERSION):
                    raise Unavailable(
                        f"{path} is no journal that this framebus can read: choose another folder, or remove it"
                    )
                whole += len(text)
                if line is not None:
                    past.learn(line)
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror or error}") from error
    return past, whole


def _line(text: bytes) -> Mapping[str, Any] | None:
    """The object on a line; None for anything else."""
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What is different: `ops: resize=512x512 → resize=256x256`."""
    for key in {**before, **now}:
        if before.get(key) != now.get(key):
            yield f"{key}: {_shown(before.get(key))} → {_shown(now.get(key))}"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "as it is" if value in (None, "") else str(value)
