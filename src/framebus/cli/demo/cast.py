"""The publishers of the demo: processes of their own, like three programs of a user's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from framebus.cli.demo.looping import CLIP_FRAMES
from framebus.cli.demo.published import Published
from framebus.core.errors import Unavailable
from framebus.links.shared import refuse_taken
from framebus.memory.pool import supported

STOP_S = 5.0
FPS = 30
CLIP, PICTURES = "clip", ("aurora", "balls", "radar")

_LISTENING = re.compile(r"listening on (\S+)")


class Publishing:
    """One process that publishes one stream until it is stopped."""

    def __init__(self, stream: str, module: str, arguments: Sequence[str], cycle: int = 0) -> None:
        self._stream = stream
        self._cycle = cycle
        # the arguments are ours, and the interpreter is the one that runs this
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0 if os.name == "posix" else None,  # Ctrl-C comes to us alone, and we pass it on once
        )

    def wait(self) -> Published:
        """Until it listens; the stream there. Raises `Unavailable` with what it said when it does not."""
        said = []
        assert self._process.stderr is not None  # noqa: S101  (it is a pipe; tells the type checker)
        for line in self._process.stderr:
            said.append(line)
            if found := _LISTENING.search(line):
                return Published(self._stream, found[1], self._cycle)
        raise Unavailable(f"the demo's publisher of {self._stream} did not start: {''.join(said).strip()}")

    def stop(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def close(self) -> None:
        """Wait for its end, and see to it."""
        try:
            self._process.communicate(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()


class Cast:
    """All publishers, started together; a `with` block that leaves nothing behind."""

    def __init__(self) -> None:
        self.streams: list[Published] = []
        self._programs: list[Publishing] = []
        self._shares = supported()
        self._suffix = free_suffix((CLIP, *PICTURES)) if self._shares else ""
        self._held = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as started:
            folder = started.enter_context(TemporaryDirectory(prefix="framebus-", ignore_cleanup_errors=True))
            started.callback(self._close)
            self._start(Path(folder))
            self.streams = [publishing.wait() for publishing in self._programs]
            self._held = started.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    def _start(self, folder: Path) -> None:
        first, second, third = PICTURES
        self._pipe(first)
        self._pipe(second)
        if find_spec("av") is not None:
            stream, address = self._place(CLIP)
            clip = [str(folder / "clip.mp4"), address]
            self._programs.append(Publishing(stream, "framebus.cli.demo.looping", clip, CLIP_FRAMES))
        else:
            self._pipe(third)

    def _pipe(self, picture: str) -> None:
        """A publisher anybody could type."""
        stream, address = self._place(picture)
        arguments = ["pipe", f"synthetic:{picture}", address, "--size", "640x480", "--fps", str(FPS)]
        self._programs.append(Publishing(stream, "framebus", arguments))

    def _place(self, name: str) -> tuple[str, str]:
        """The name of a stream, and the address to publish it at."""
        stream = f"{name}{self._suffix}"
        return stream, f"shm://{stream}" if self._shares else f"tcp://127.0.0.1:0/{stream}"

    def _close(self) -> None:
        for publishing in self._programs:
            publishing.stop()
        for publishing in self._programs:
            publishing.close()


def free_suffix(names: Iterable[str]) -> str:
    """Nothing, or what tells this demo's streams from those of others who use one of these `names`."""
    try:
        for name in names:
            refuse_taken(name)
    except Unavailable:
        return f"-{os.getpid()}"
    return ""
