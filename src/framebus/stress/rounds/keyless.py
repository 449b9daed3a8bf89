"""S2: who has no key knocks at a hub and a publisher that have keys, while those change; frames are counted."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np

import framebus as fb
from framebus.links.keys import KeyStore
from framebus.links.reactor import reactor
from framebus.stress.trial import Trial
from framebus.testing.between import Wire
from framebus.testing.keyholders import using
from framebus.testing.knockers import IMAGE, MARK, Framebus, Knocker, Way, knockers

SECONDS = 3.0
REVOKED_MS = 1000.0
FRIEND, REVOKED, FAR = "friend", "revoked", "far"


def attempt(trial: Trial) -> None:
    """Everybody knocks at once, at both doors."""
    with ExitStack() as stack:
        doors = [stack.enter_context(door) for door in (Hub(trial), Publisher(trial))]
        for door in doors:
            for who in (FRIEND, REVOKED, FAR):
                door.join(who, door.way.invited(who))
        wires = [door.way.wires[FAR] for door in doors]
        knocking = [one for door in doors for one in knockers(door.way, stack)]
        trial.wait_until(lambda: all(door.met() for door in doors), "everybody with a key was let in")
        for door in doors:
            door.revoke()
        _knock(trial, doors, knocking, wires)
        for one in knocking:
            trial.count("tries", one.tries)
            trial.check(not one.got, f"{one.name} got {one.got} messages")
        for wire in wires:
            trial.check(MARK not in wire.said, "what travels can be read on its way")
            trial.count("bytes damaged on their way", wire.damaged)
        for door in doors:
            door.check()
    _with_nobody_at_the_door(trial)


def _knock(trial: Trial, doors: Sequence[_Door], knocking: Sequence[Knocker], wires: Sequence[Wire]) -> None:
    """For some seconds; meanwhile the lists of keys are changed, lost and damaged, and lines, too."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        for wire in wires:
            wire.damage = trial.chance.choice((0.0, 0.02, 0.5))
        _change_keys(trial.chance, trial.chance.choice(doors).way.hub)
        for one in knocking:
            one.knock()
    for wire in wires:
        wire.damage = 0.0
    for door in doors:
        before = door.seen[FRIEND]
        trial.wait_until(lambda: door.seen[FRIEND] > before + 10, f"who has a key goes on at {door.kind}")  # noqa: B023


def _change_keys(chance: random.Random, store: KeyStore) -> None:
    """As people do it, and as disks do it."""
    path = store.folder / "clients.json"
    good = path.read_bytes()
    way = chance.randrange(4)
    if way == 0:
        name = f"guest-{chance.randrange(10**9)}"
        store.invite(name, "tcp://127.0.0.1:1")
        store.revoke(name)
    elif way == 1:
        _replace(path, good[: chance.randrange(len(good))])
    elif way == 2:
        _replace(path, b"")
    else:
        path.chmod(0o666)
    time.sleep(chance.uniform(0.01, 0.05))
    _replace(path, good)


def _replace(path: Path, data: bytes) -> None:
    other = path.with_suffix(".other")
    other.write_bytes(data)
    other.chmod(0o600)
    other.replace(path)


# the doors ------------------------------------------------------------------------------------------------------


class _Door:
    """Who listens with keys, a friend who has one, somebody whose key is taken away, and a friend far away."""

    kind = ""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.seen: Counter[str] = Counter()
        """Frames that passed, by who gave or got them."""
        self.last: dict[str, float] = {}
        self._over = threading.Event()
        self._open = ExitStack()
        self.way = self._open.enter_context(Way(trial.folder / self.kind, trial.port(), trial.chance))
        self._threads: list[threading.Thread] = []
        self._revoked_at = 0.0

    def __enter__(self) -> _Door:
        try:
            self.begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._open.close()

    def begin(self) -> None:
        """Listen, and let those in who may."""
        raise NotImplementedError

    def join(self, who: str, address: str) -> None:
        """Somebody with keys takes part."""
        raise NotImplementedError

    def met(self) -> bool:
        """Whether frames of all who have keys have passed."""
        return all(self.seen[who] > 3 for who in (FRIEND, REVOKED, FAR))

    def revoke(self) -> None:
        """Take one key away."""
        self.way.hub.revoke(REVOKED)
        self._revoked_at = time.monotonic()

    def check(self) -> None:
        """Nothing passed but for who may."""
        late_ms = (self.last[REVOKED] - self._revoked_at) * 1000
        self.trial.measure("revoked until silent", max(0.0, late_ms), "ms", most=REVOKED_MS)
        self.trial.check(late_ms < 3 * REVOKED_MS, f"{late_ms:.0f} ms after its key was revoked a frame passed")
        self.trial.count("frames of friends", sum(self.seen.values()))
        others = set(self.seen) - {FRIEND, REVOKED, FAR}
        self.trial.count("frames of strangers", sum(self.seen[who] for who in others))
        self.trial.check(not others, f"frames passed for {others}")

    def note(self, who: str, image: object) -> None:
        """A frame passed."""
        whole = isinstance(image, np.ndarray) and np.array_equal(image, IMAGE)
        self.seen[who if whole else f"{who}, damaged"] += 1
        self.last[who] = time.monotonic()

    def start(self, target: Callable[..., None], *arguments: object) -> None:
        """Run it in a thread until the door closes."""
        self._threads.append(threading.Thread(target=target, args=arguments, daemon=True))
        self._threads[-1].start()

    def take(self, source: fb.Source, who: str = "") -> None:
        """Note every frame that comes, as `who`'s or as its stream's."""
        while not self._over.is_set():
            with suppress(fb.Error):
                frame = source.read(timeout=0.1)
                self.note(who or frame.stream, frame.image)

    def give(self, out: fb.Publisher) -> None:
        """Frames without end."""
        while not self._over.wait(0.003):
            with suppress(fb.Error):
                out.send(IMAGE)


class Hub(_Door):
    """Frames come in."""

    kind = "hub"

    def begin(self) -> None:
        with using(self.way.hub.folder):
            hub = self._open.enter_context(fb.open(self.way.everywhere, keep="all"))
        self.start(self.take, hub)

    def join(self, who: str, address: str) -> None:
        out = fb.publish(f"{address}/{who}", listen=False, when_full="skip")
        self._open.callback(out.abandon)
        self.start(self.give, out)


class Publisher(_Door):
    """Frames go out."""

    kind = "publisher"

    def begin(self) -> None:
        with using(self.way.hub.folder):
            out = fb.publish(self.way.everywhere, when_full="skip")
        self._open.callback(out.abandon)
        self.start(self.give, out)

    def join(self, who: str, address: str) -> None:
        source = self._open.enter_context(fb.open(address, listen=False))
        self.start(self.take, source, who)


# without an answer ----------------------------------------------------------------------------------------------


def _with_nobody_at_the_door(trial: Trial) -> None:
    """Where nobody is left who could admit anybody, nobody is admitted: not even who may."""
    with ExitStack() as stack:
        way = stack.enter_context(Way(trial.folder / "deaf", trial.port(), trial.chance))
        env = {"FRAMEBUS_KEYS": str(way.hub.folder)}
        deaf = trial.python("-m", __name__, way.everywhere, env=env)
        deaf.wait_line("^nobody is at the door$")
        knocking = [*knockers(way, stack), Framebus(FRIEND, way.invited(FRIEND), stack)]
        for _ in range(5):
            for one in knocking:
                one.knock()
                trial.count("tries")
                trial.check(not one.got, f"{one.name} got in where nobody was at the door")
        trial.check(deaf.process.poll() is None, deaf.stderr)
        trial.check("came" not in deaf.stdout, f"with nobody at the door: {deaf.stdout}")


def deaf(address: str) -> None:
    """A hub whose thread for everything has ended; what comes all the same is said."""
    with fb.open(address, keep="all") as hub:
        hub.fileno()
        reactor().stop()
        print("nobody is at the door", flush=True)
        while True:
            with suppress(fb.Timeout):
                print("came", hub.read(timeout=0.2).stream, flush=True)


if __name__ == "__main__":
    deaf(sys.argv[1])
