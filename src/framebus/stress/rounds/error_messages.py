"""Q1: failures are caused one by one; each must name what failed and say what to do next, and exit as promised."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from framebus.stress.numbered_pictures import make_pictures, picture
from framebus.stress.trial import Trial, root

AT_ONCE = 8
"""Failures that are caused in one round."""
ENVIRONMENT, USAGE, SOME_FAILED = 4, 2, 3


class Failure(NamedTuple):
    """A command that fails, what it exits with, and what its words must hold."""

    words: str
    code: int
    says: tuple[str, ...]
    cause: Callable[[Path, ExitStack], object] = lambda folder, stack: None


def attempt(trial: Trial) -> None:
    """Some of them, chosen by chance; no traceback in any."""
    make_pictures(trial.folder / "photos", 3)
    failures = [failure for failure in FAILURES if not (root() and failure in _NOT_FOR_ROOT)]
    for failure in trial.chance.sample(failures, AT_ONCE):
        with ExitStack() as stack:
            failure.cause(trial.folder, stack)
            command = trial.framebus(*failure.words.replace("PORT", str(_port(stack))).split())
            code = command.wait(60)
        said = f"framebus {failure.words} ended with {code}:\n{command.stderr}"
        trial.count("failures")
        trial.check(code == failure.code, f"{said}\nexpected: {failure.code}")
        trial.check("Traceback" not in command.stderr, said)
        text = command.stderr + command.stdout
        for pattern in failure.says:
            trial.check(re.search(pattern, text), f"{said}\nwithout {pattern!r}")


def _port(stack: ExitStack) -> int:
    """One that somebody else has."""
    taken = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    port: int = taken.getsockname()[1]
    return port


def _cut_jpeg(folder: Path, stack: ExitStack) -> None:
    import simplejpeg

    data = simplejpeg.encode_jpeg(picture(1), 90, "BGR")
    _file("bad/cut.jpg", data[: len(data) // 2])(folder, stack)


def _file(path: str, data: bytes) -> Callable[[Path, ExitStack], object]:
    def cause(folder: Path, stack: ExitStack) -> None:
        file = folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(data)
        stack.callback(file.unlink)

    return cause


def _huge(folder: Path, stack: ExitStack) -> None:
    """A PNG of 30,000 × 30,000 by its header."""
    import struct
    import zlib

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(head)) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    _file("bad/huge.png", b"\x89PNG\r\n\x1a\n" + chunk)(folder, stack)


def _read_only(folder: Path, stack: ExitStack) -> None:
    shut = folder / "shut"
    shut.mkdir(exist_ok=True)
    shut.chmod(0o500)


_WRONG = b'[pipes.a]\nsorce = "x"\n'
BAD = "process bad out --op gray --workers 0"
FAILURES: tuple[Failure, ...] = (
    Failure("pipe nowhere.mp4 null:", ENVIRONMENT, ("nowhere.mp4",)),
    Failure("pipe door null:", USAGE, ("door", "shm://door")),
    Failure("pipe rstp://cam/main null:", USAGE, ("rstp", "rtsp")),
    Failure("pipe photos/ null: --opp gray", USAGE, ("--opp", "--op")),
    Failure("pipe photos/ null: --op graay", USAGE, ("graay", "gray")),
    Failure("pipe photos/ null: --op missing.py:f", USAGE, ("missing.py",)),
    Failure("pipe photos/ tcp://127.0.0.1:PORT/x --frames 1", ENVIRONMENT, ("in use",)),
    Failure("pipe photos/ tcp://0.0.0.0:5999/x", ENVIRONMENT, ("keys", "insecure")),
    Failure("pipe photos/ out.xyz", USAGE, ("xyz",)),
    Failure("pip photos/ null:", USAGE, ("pip", "pipe")),
    Failure("record photos/", USAGE, ("framebus pipe",)),
    Failure("run none.toml", ENVIRONMENT, ("none.toml",)),
    Failure(
        "run system.toml",
        USAGE,
        ("system.toml", "2", "sorce", "source"),
        _file("system.toml", b'[pipes.a]\nsorce = "x"\n'),
    ),
    Failure("info nothing.h5", ENVIRONMENT, ("nothing.h5",)),
    Failure("pipe photos/ shut/x/", ENVIRONMENT, ("shut", "ermission"), _read_only),
    Failure("process none/ out --op gray", ENVIRONMENT, ("none",)),
    Failure(BAD, SOME_FAILED, ("cut.jpg", "truncated|cut|ends"), _cut_jpeg),
    Failure(BAD, SOME_FAILED, ("empty.png", "0 bytes|empty"), _file("bad/empty.png", b"")),
    Failure(BAD, SOME_FAILED, ("text.jpg", "not an image|text"), _file("bad/text.jpg", b"hello, this is text\n" * 20)),
    Failure(BAD, SOME_FAILED, ("huge.png", "max-pixels"), _huge),
    Failure("process photos photos --op gray", USAGE, ("photos", "another folder", "--overwrite")),
    Failure("call tcp://127.0.0.1:1 read --timeout 1", ENVIRONMENT, ("127.0.0.1:1",)),
    Failure("stress --only R99", USAGE, ("R99", "R9")),
)
_NOT_FOR_ROOT = {failure for failure in FAILURES if failure.cause is _read_only}
