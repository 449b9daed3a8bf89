"""S1: damaged messages for everything that reads any, and strangers at the port of a process that has work to do."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
import traceback
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import psutil

import framebus as fb
from framebus.links.memory import give_back, resident_bytes
from framebus.stress import siege
from framebus.stress.numbered_pictures import number_of, picture
from framebus.stress.trial import Trial
from framebus.testing.damage import Damage
from framebus.testing.parsers import Parser, parsers
from framebus.testing.raw_zmtp import MIB

MESSAGES = 120_000
GUIDED, GUIDED_S = 4, 3
"""So many parsers, for so many seconds each."""
KNOCKS = 1_000
MORE_MESSAGES, MORE_GUIDED_S, MORE_WAVES, MORE_KNOCKS = 480_000, 5, 2, 20_000
"""In each further part of a round that lasts: a minute, or the round would not end when it should."""
GUIDED_PATIENCE_S = 60
WARM = 300
STRANGERS = 120
MOST_PARSED_MIB = 32
MOST_HUB_MIB = 96
MOST_PAUSE_MS = 1_000
PATIENCE_S = 15
"""Among the damaged messages are some that are still right: of a reader that takes all frames and then goes away."""
STREAM = "good"
GROUP = "stress"


def attempt(trial: Trial) -> None:
    """Parsers first, then a living hub or publisher; and again, while there is time."""
    parse(trial, parsers(), MESSAGES)
    guide(trial, trial.chance.sample(parsers(), GUIDED), GUIDED_S)
    _besiege(trial, 1, KNOCKS)
    while trial.goes_on:
        parse(trial, parsers(), MORE_MESSAGES)
        guide(trial, trial.chance.sample(parsers(), GUIDED), MORE_GUIDED_S)
        _besiege(trial, MORE_WAVES, MORE_KNOCKS)


# parsers --------------------------------------------------------------------------------------------------------


def parse(trial: Trial, all: list[Parser], messages: int) -> None:
    """So many damaged messages, as many to each: what was sent, or a named error, and memory stays as it was."""
    for parser in all:
        _read(trial, parser, WARM)
    give_back()
    before = resident_bytes()
    for parser in all:
        _read(trial, parser, messages // len(all))
    give_back()
    grown = (resident_bytes() - before) / MIB
    trial.measure("parsers grew", grown, "MiB", most=MOST_PARSED_MIB)
    trial.check(grown < MOST_PARSED_MIB, f"{messages} damaged messages left {grown:.0f} MiB of memory in use")


def _read(trial: Trial, parser: Parser, count: int) -> None:
    damage = Damage(trial.chance, parser.messages)
    refused = 0
    for _ in range(count):
        parts = damage.one()
        try:
            parser.read(parts)
        except parser.refusals:
            refused += 1
        except Exception:  # that is the breach
            shown = [part[:2000] for part in parts]
            trial.check(False, f"{parser.name}: {shown}\n{traceback.format_exc()}")
    trial.count("messages", count)
    trial.count("refused", refused)


def guide(trial: Trial, all: list[Parser], seconds: int) -> None:
    """Each in a process of its own: what led it into new code is damaged further. Nothing where atheris is missing."""
    if find_spec("atheris") is None:
        return
    for parser in all:
        folder = trial.folder / f"guided-{parser.name}".replace(" ", "-")
        seed = trial.chance.randrange(1, 2**31)
        child = trial.python("-m", "framebus.stress.guided", parser.name, str(seconds), str(seed), folder)
        code = child.wait(seconds + GUIDED_PATIENCE_S)
        trial.check(code == 0, f"{parser.name}, guided by coverage, seed {seed}:\n{child.stdout}{child.stderr[-2000:]}")
        trial.count("messages guided by coverage", int(child.wait_line(r"^stat::number_of_executed_units: +(\d+)$")[1]))
        trial.count("seconds of that", seconds)


# strangers at a port --------------------------------------------------------------------------------------------


def _besiege(trial: Trial, waves: int, knocks: int) -> None:
    """While strangers come, one stream goes on: each of its pictures arrives, whole and in order."""
    besieged = (_Hub if trial.chance.random() < 0.6 else _Publisher)(trial)
    before = besieged.resident_mib()
    most = max(max(_knock(trial, besieged, knocks), _wave(trial, besieged)) for _ in range(waves))
    trial.measure("besieged grew", besieged.resident_mib() - before, "MiB", most=MOST_HUB_MIB)
    made, numbers = besieged.end()
    trial.count("frames beside", made)
    trial.check(most - before < 4 * MOST_HUB_MIB, f"{most - before:.0f} MiB more were in use meanwhile")
    trial.check(numbers == list(range(made)), f"of {made} frames came {_runs(numbers)}")
    trial.check("Traceback" not in besieged.said, besieged.said)


def _runs(numbers: list[int]) -> str:
    """`0–17, 19–40`: numbers that follow each other, in the order they came."""
    starts = [at for at, number in enumerate(numbers) if at == 0 or number != numbers[at - 1] + 1]
    ends = [*(at - 1 for at in starts[1:]), len(numbers) - 1]
    return ", ".join(f"{numbers[start]}–{numbers[end]}" for start, end in zip(starts, ends, strict=True)) or "none"


def _wave(trial: Trial, besieged: _Hub) -> float:
    """Strangers, one after the other, who all stay until the last has come; the most MiB it had meanwhile."""
    most = 0.0
    with ExitStack() as waiting:
        connect = siege.connecting(trial, besieged.address, waiting)
        for number in range(STRANGERS):
            attack = trial.chance.choice(siege.ALL if number % 10 == 0 else siege.OFTEN)
            with suppress(ConnectionError):
                attack(trial.chance, connect)
            trial.count("strangers")
            most = max(most, besieged.resident_mib())
            trial.check(besieged.alive, f"ended after {attack.__name__}:\n{besieged.said}")
    return most


def _knock(trial: Trial, besieged: _Hub, times: int) -> float:
    """Connections that are gone as soon as they are there, a few bytes each; the most MiB it had meanwhile."""
    most = 0.0
    for number in range(times):
        with ExitStack() as at_once, suppress(ConnectionError):
            connect = siege.connecting(trial, besieged.address, at_once)
            connect().sendall(siege.few_bytes(trial.chance))
        if number % 100 == 0:
            most = max(most, besieged.resident_mib())
            trial.check(besieged.alive, f"ended after {number} short connections:\n{besieged.said}")
    trial.count("short connections", times)
    return most


def _address(trial: Trial) -> str:
    if trial.chance.random() < 0.3:
        return f"ipc://{_new_folder(trial)}/door"
    return f"tcp://localhost:{trial.port()}"


def _new_folder(trial: Trial) -> Path:
    """Of this siege alone."""
    return Path(tempfile.mkdtemp(dir=trial.folder))


class _Hub:
    """A process that listens for frames; the good ones come from here."""

    def __init__(self, trial: Trial) -> None:
        self.address = _address(trial)
        self._trial = trial
        self._file = _new_folder(trial) / "numbers"
        self._child = trial.python("-m", __name__, "hub", self.address, self._file)
        self._child.wait_line("^listening$")
        self._over = threading.Event()
        self._made = 0
        self._sender = threading.Thread(target=self._send, daemon=True)
        self._sender.start()
        trial.wait_until(self._numbers, "the first frame came")

    def _send(self) -> None:
        with fb.publish(_of(self.address), listen=False, wait_for=[GROUP], patience="1min") as out:
            while not self._over.is_set():
                out.send(picture(self._made))
                self._made += 1
                self._over.wait(0.003)

    def _numbers(self) -> list[int]:
        return [int(line) for line in self._file.read_text().splitlines()] if self._file.exists() else []

    @property
    def alive(self) -> bool:
        return self._child.process.poll() is None

    @property
    def said(self) -> str:
        return self._child.stderr

    def resident_mib(self) -> float:
        """Memory of the process in RAM."""
        return float(psutil.Process(self._child.pid).memory_info().rss / MIB) if self.alive else 0.0

    def end(self) -> tuple[int, list[int]]:
        """How many were sent, and which came."""
        self._over.set()
        self._sender.join()
        self._trial.wait_until(lambda: len(self._numbers()) >= self._made, "every frame came")
        self._child.kill()
        return self._made, self._numbers()


class _Publisher(_Hub):
    """A process that publishes; the good reader is here."""

    def __init__(self, trial: Trial) -> None:
        self.address = _address(trial)
        self._trial = trial
        self._stop = _new_folder(trial) / "stop"
        self._got: list[int] = []
        self.longest_ms = 0.0
        """Between two frames that came."""
        self._child = trial.python("-m", __name__, "publisher", self.address, self._stop)
        self._child.wait_line("^listening$")
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        trial.wait_until(lambda: self._got, "the first frame came")

    def _read(self) -> None:
        with fb.open(
            _of(self.address), group=GROUP, keep="all", carrier=self._trial.chance.choice(_CARRIERS)
        ) as frames:
            came = time.monotonic()
            for frame in frames:
                self._got.append(_checked(frame.image))
                before, came = came, time.monotonic()
                self.longest_ms = max(self.longest_ms, (came - before) * 1e3)

    def end(self) -> tuple[int, list[int]]:
        self._stop.touch()
        made = int(self._child.wait_line(r"^made (\d+)$", 60 + PATIENCE_S)[1])
        self._reader.join(60.0)
        self._trial.measure("longest pause of a stream besieged", self.longest_ms, "ms", most=MOST_PAUSE_MS)
        return made, self._got


_CARRIERS = (None, "tcp")


def _of(address: str) -> str:
    return f"{address}{':' if address.startswith('ipc') else '/'}{STREAM}"


def _checked(image: np.ndarray) -> int:
    """The number of a picture, -1 where a byte of it is wrong."""
    return number if np.array_equal(image, picture(number := number_of(image))) else -1


def hub(address: str, file: str) -> None:
    """The process that listens: writes the numbers of the good frames, a line each."""
    with (
        fb.open(address, listen=True, group=GROUP, keep="all") as frames,
        Path(file).open("a", buffering=1) as numbers,
    ):
        frames.fileno()
        print("listening", flush=True)
        for frame in frames:
            if frame.stream == STREAM:
                print(_checked(frame.image), file=numbers)


def publisher(address: str, stop: str) -> None:
    """The process that publishes, until that file is there."""
    made = 0
    with fb.publish(_of(address), wait_for=[GROUP], patience=PATIENCE_S) as out:
        print("listening", flush=True)
        while not Path(stop).exists():
            out.send(picture(made))
            made += 1
            threading.Event().wait(0.003)
    print("made", made, flush=True)


if __name__ == "__main__":
    {"hub": hub, "publisher": publisher}[sys.argv[1]](*sys.argv[2:])
