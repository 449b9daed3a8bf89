"""S9: small files that unpack to gigabytes, each opened with little memory, beside good ones; claims on the wire."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sys
import time
import traceback
from pathlib import Path

import numpy as np

import framebus as fb
from framebus.stress.numbered_pictures import make_pictures, name
from framebus.stress.trial import Trial
from framebus.testing.bombs import write_bombs
from framebus.wire import header
from framebus.wire.encodings import EncodedImage

MOST_MB = 1500
MOST_MS = 1000.0
LONGEST_S = 30
GOOD = 5
CLAIMS = 40
_FRAMES = 3
"""So many of a file are looked at."""


def attempt(trial: Trial) -> None:
    """One after the other in processes with little memory, then all at once in a job."""
    folder = trial.folder / "bombs"
    folder.mkdir()
    bombs = write_bombs(folder, trial.chance)
    child = trial.python("-m", __name__, folder, str(trial.chance.randrange(10**6)))
    found = [json.loads(line) for line in child.succeed(170.0).splitlines()]
    trial.check(len(found) == len(bombs) + CLAIMS, f"{len(found)} of {len(bombs)} were looked at\n{child.stderr}")
    for one in found:
        trial.count("bombs")
        trial.measure("bomb", one["ms"], "ms", most=MOST_MS)
        trial.measure("memory", one["mb"], "MB", most=MOST_MB)
        trial.check(one["good"], f"{one['name']}: {one['what']}")
        trial.check(one["mb"] < MOST_MB, f"{one['name']} took {one['mb']:.0f} MB")
    _job(trial, folder)


def _job(trial: Trial, folder: Path) -> None:
    """Good pictures among them come out."""
    make_pictures(folder, GOOD)
    report = fb.process(folder, trial.folder / "small", ["resize=8x8"], workers=1)
    done = {path.name for path in (trial.folder / "small").iterdir()}
    expected = {name(number) for number in range(GOOD)}
    trial.check(expected <= done, f"good ones are missing: {expected - done}; {report.failures[:3]}")


# the process with little memory ---------------------------------------------------------------------------------


def look(folder: str, seed: str) -> None:
    """Each in a process of its own, a line of JSON for each."""
    good = fb.Frame.of(np.zeros((8, 8, 3), np.uint8), stream="good")
    good.replace().image.sum()
    for path in sorted(Path(folder).iterdir()):
        _told(path.name, lambda path=path: _open(path))
    chance = random.Random(int(seed))  # noqa: S311  (for tests, not for keys)
    for number in range(CLAIMS):
        parts = _claim(chance)
        _told(f"claim {number}: {parts[0]!r:.300}", lambda parts=parts: _receive(parts))


def _told(name: str, act: object) -> None:
    began = time.monotonic()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writing, _inside(act).encode()[-2000:])
        os._exit(0)
    os.close(writing)
    _, status, used = os.wait4(pid, 0)
    with os.fdopen(reading, "rb") as said:
        what = said.read().decode(errors="replace") or f"ended by signal {os.WTERMSIG(status)}"
    ms = (time.monotonic() - began) * 1000
    print(json.dumps({"name": name, "ms": ms, "mb": used.ru_maxrss / 1000, "good": what == "ok", "what": what}))


def _inside(act: object) -> str:
    """What came of it, with so much memory and time."""
    limit = MOST_MB * 1_000_000 + _virtual()
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    signal.alarm(LONGEST_S)
    try:
        assert callable(act)  # noqa: S101
        act()
    except fb.Error:
        pass
    except BaseException:
        return traceback.format_exc()
    return "ok"


def _virtual() -> int:
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 1 << 30


def _open(path: Path) -> None:
    with fb.open(str(path), timeout="5s") as source:
        for count, frame in enumerate(source):
            _ = frame.image
            if count + 1 == _FRAMES:
                return


def _claim(chance: random.Random) -> list[bytes]:
    """A frame on the wire that says it becomes something large."""
    shape = tuple(chance.choice((1, 3, 100, 10_000, 30_000, 2**20, 2**31)) for _ in range(chance.randrange(1, 4)))
    dtype = np.dtype(chance.choice(("u1", "u2", "f8")))
    encoding = chance.choice(("jpeg", "png", "lz4", "raw"))
    image = EncodedImage(encoding, memoryview(_body(encoding, chance)), shape, dtype, "array")
    return [bytes(part) for part in header.encode(fb.Frame.of(image, stream="cam"))]


def _body(encoding: str, chance: random.Random) -> bytes:
    if encoding != "lz4":
        return chance.randbytes(200)
    import lz4.frame

    zeros = lz4.frame.compress(bytes(chance.choice((10, 50_000_000))), store_size=True)
    return bytes(zeros[:6]) + chance.choice((zeros[6:14], (2**40).to_bytes(8, "little"))) + bytes(zeros[14:])


def _receive(parts: list[bytes]) -> None:
    item = header.decode(parts[0], parts[1])[0]
    assert isinstance(item, fb.Frame)  # noqa: S101
    _ = item.image


if __name__ == "__main__":
    look(*sys.argv[1:])
