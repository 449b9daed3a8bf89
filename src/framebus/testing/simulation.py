"""Publishers and readers on a simulated network that goes wrong in every way, and the promises that hold anyway.

    python -m framebus.testing.simulation --seeds 1000        # seeds 0 to 999
    python -m framebus.testing.simulation --seed 41           # one of them, with its story

One number, the seed, decides who takes part and what goes wrong: connections break, freeze and come back, processes
sleep, are killed and restarted, leave and return. `promises.py` says what must be true afterwards.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from random import Random

import numpy as np

from framebus.core.contracts import Item
from framebus.core.frame import Frame, Packet
from framebus.session.handshake import Calling
from framebus.session.publisher import PublisherSession
from framebus.session.reader import ReaderSession
from framebus.session.rules import PublisherRules, ReaderRules
from framebus.testing.network import CALLED, FOREVER, Connection, Line, Network, Node
from framebus.testing.promises import Ledger
from framebus.wire.control import FrameRange, Party, Reply

TROUBLE_S = 3.0
RESUME_S = 1.0
PATIENCE_S = 60.0
FRAME_BYTES = 1000


class Publisher:
    """A place where a process publishes; after its death another one goes on under a new run."""

    def __init__(self, world: World, name: str, rules: PublisherRules, streams: list[str], frames: int) -> None:
        self.world = world
        self.name = name
        self.rules = rules
        self.streams = streams
        self.left = frames
        self.calls = False
        self.packets = False
        self.node: Node | None = None
        self.session: PublisherSession
        self._made: dict[str, int] = {}
        self._run = 0

    def start(self) -> None:
        """A process starts here."""
        rng = self.world.rng
        calling = Calling(f"{rng.getrandbits(64):016x}", CALLED) if self.calls else None
        self.session = session = PublisherSession(
            self.rules,
            Party(host=self.name, pid=1),
            calling=calling,
            on_reply=lambda identity, message, payload: self.world.ledger.answered(session, identity, message.data),
        )
        self.node = Node(self.world.network, self.session)
        self._made = dict.fromkeys(self.streams, 0)
        self._run = rng.getrandbits(63) + 1
        self.world.ledger.publisher_starts(self.session)
        self.node.overheard = self.world.ledger.overheard_by_publisher(self.session)
        self._work(self.node)

    def _work(self, node: Node) -> None:
        if not node.alive:
            return
        again = 0.005
        if not node.asleep and self.left == 0:
            self.session.close(self.world.network.now)
            node.turn()
            return
        if not node.asleep and self.session.started():
            if self._send_one():
                again = self.world.rng.random() * 0.08
            node.turn()
        self.world.network.at(self.world.network.now + again, lambda: self._work(node))

    def _send_one(self) -> bool:
        rng = self.world.rng
        stream = rng.choice(self.streams)
        item = self._item(stream, rng.randrange(1, FRAME_BYTES + 1))
        blocked_by = self.session.audience.blocked_by(item.nbytes, stream)
        self.world.ledger.blocked(self.session, blocked_by)
        if blocked_by is not None:
            return False
        self._made[stream] += 1
        self.left -= 1
        self.session.offer(item, self.world.network.now)
        self.world.ledger.made(self.session, item)
        return True

    def _item(self, stream: str, nbytes: int) -> Item:
        seq, now_ns = self._made[stream], int(self.world.network.now * 1e9)
        if self.packets:
            key = seq % 7 == 0
            data = memoryview(bytes(nbytes))
            return Packet(data=data, codec="h264", key=key, pts=seq, dts=seq, stream=stream, run=self._run, seq=seq)
        pixels = np.broadcast_to(np.uint8(0), (nbytes,))
        return Frame(content=pixels, stream=stream, run=self._run, seq=seq, captured_ns=now_ns)

    def stop(self, notice_s: float) -> None:
        """The process here is killed."""
        if self.node is not None:
            self.world.ledger.publisher_dies(self.session)
            self.node.die(notice_s)
            self.node = None


class Reader:
    """A place where a process reads, at its own pace; after its death another one goes on in the same group."""

    def __init__(self, world: World, name: str, rules: ReaderRules, pace_s: float) -> None:
        self.world = world
        self.name = name
        self.rules = rules
        self.pace_s = pace_s
        self.calls = True
        self.works = False
        """True for a worker: it acknowledges every frame with an answer."""
        self.node: Node | None = None
        self.session: ReaderSession

    def start(self) -> None:
        """A process starts here."""
        calling = Calling(f"{self.world.rng.getrandbits(64):016x}", CALLED) if self.calls else None
        self.session = session = ReaderSession(self.rules, Party(host=self.name, pid=2), calling=calling)
        self.node = node = Node(self.world.network, session)
        self.world.ledger.reader_starts(session)
        node.overheard = self.world.ledger.overheard_by_reader(session)
        busy = False

        def look() -> None:
            nonlocal busy
            if busy or not node.alive:
                return
            item = session.take()
            if item is not None:
                busy = True
                self.world.ledger.given(session, item, works=self.works)
                self.world.network.at(self.world.network.now + self.pace_s, lambda: finish(item))
            elif session.finished:
                self.world.ledger.reader_ends(session)

        def finish(item: Item) -> None:
            nonlocal busy
            if node.alive and node.asleep:
                self.world.network.at(self.world.network.now + 0.1, lambda: finish(item))
            elif node.alive:
                self._finish(item)
                busy = False
                node.turn()

        node.stirred = look
        node.turn()

    def _finish(self, item: Item) -> None:
        session, now = self.session, self.world.network.now
        if not self.works:
            session.done(item.identity, now)
            return
        frame = FrameRange(item.stream, f"{item.run:016x}", item.seq, item.seq)
        for feed in session.feeds.values():
            answer = Reply(session=feed.session, frame=frame, data=self.rules.group or feed.session)
        peer = session.reply(item.identity, answer, now)
        if peer is not None:
            session.out.append((peer, answer))

    def stop(self, notice_s: float) -> None:
        """The process here is killed."""
        if self.node is not None:
            self.world.ledger.reader_dies(self.session)
            self.node.die(notice_s)
            self.node = None

    def leave(self) -> None:
        """The process here ends in good order."""
        if self.node is not None and not self.node.asleep:
            self.world.ledger.reader_dies(self.session)
            self.session.leave()
            self.node.close()
            self.node = None


class World:
    """Everything one seed decides."""

    def __init__(self, seed: int, tell: Callable[[str], None] = lambda line: None) -> None:
        self.seed = seed
        self.rng = Random(seed)
        self.network = Network(self.rng, repeats=self.rng.choice((0.0, 0.02)))
        self.ledger = Ledger(self.network)
        self.tell = tell
        self.publishers: list[Publisher] = []
        self.readers: list[Reader] = []
        self.lines: list[Line] = []
        self._shared = self.rng.choice((("all", 0.0), ("all", 0.0), ("all", 15.0), ("latest", 0.0), ("latest", 15.0)))
        if self.rng.random() < 0.3:
            self._hub()
        else:
            self._publisher_with_readers()
        for line in self.lines:
            line.connected = self._watch
        places: list[Publisher | Reader] = [*self.publishers, *self.readers]
        for place in places:
            self.network.at(self.rng.random() * 0.3, self._starter(place))
        for _ in range(self.rng.randrange(5)):
            self.network.at(self.rng.random() * TROUBLE_S, self._trouble)

    # who takes part ----------------------------------------------------------------------------------------

    def _publisher_with_readers(self) -> None:
        readers = [self._reader(f"reader{n}") for n in range(self.rng.randrange(1, 4))]
        publisher = self._publisher("publisher", readers)
        for reader in readers:
            self.lines.append(Line(self.network, self._at(reader), self._at(publisher)))

    def _hub(self) -> None:
        hub = self._reader("hub")
        hub.calls = False
        for n in range(self.rng.randrange(1, 4)):
            publisher = self._publisher(f"publisher{n}", [hub])
            publisher.calls = True
            self.lines.append(Line(self.network, self._at(publisher), self._at(hub)))

    def _publisher(self, name: str, readers: list[Reader]) -> Publisher:
        rng = self.rng
        packets = rng.random() < 0.15 and not any(reader.rules.max_fps for reader in readers)
        groups = {reader.rules.group for reader in readers if reader.rules.group and reader.rules.keep != "latest"}
        shared = sum(reader.rules.group == "shared" for reader in readers) > 1
        rules = PublisherRules(
            live=rng.random() < 0.5,
            wait_for=rng.choice((0, 0, 1)),
            wait_for_groups=tuple(sorted(groups)) if rng.random() < 0.3 else (),
            when_full=rng.choice((None, None, "wait", "skip")),
            retain_bytes=rng.randrange(3, 30) * FRAME_BYTES,
        )
        streams = [f"{name}-{n}" for n in range(rng.choice((1, 1, 2)))]
        publisher = Publisher(self, name, rules, streams, rng.randrange(10, 60))
        publisher.packets = packets and not shared
        self.publishers.append(publisher)
        return publisher

    def _reader(self, name: str) -> Reader:
        rng = self.rng
        group = rng.choice(("", "", name, "shared"))
        keep, max_fps = rng.choice((None, "latest", "all")), rng.choice((0.0, 0.0, 0.0, 15.0))
        if group == "shared":  # members agree
            keep, max_fps = self._shared
        rules = ReaderRules(
            keep=keep,  # type: ignore[arg-type]
            group=group,
            exclusive=group == name and rng.random() < 0.5,
            max_fps=max_fps,
            window_frames=rng.choice((1, 2, 8)),
        )
        reader = Reader(self, name, rules, rng.choice((0.001, 0.01, 0.1)))
        reader.works = name != "hub" and keep == "all" and rng.random() < 0.3
        self.readers.append(reader)
        return reader

    def _at(self, place: Publisher | Reader) -> Callable[[], Node | None]:
        return lambda: place.node

    def _starter(self, place: Publisher | Reader) -> Callable[[], None]:
        def start() -> None:
            if place.node is None:
                self._say(f"{place.name} starts")
                place.start()
                for line in self.lines:
                    line.connect()

        return start

    def _watch(self, connection: Connection) -> None:
        """A second after the two could talk again, they do."""

        def look() -> None:
            since = connection.undisturbed_since
            if since == FOREVER:
                return
            if self.network.now < since + RESUME_S:
                self.network.at(since + RESUME_S, look)
                return
            calling = connection.caller.session.calling
            assert calling is not None
            assert calling.welcomed or calling.last_refusal, f"not resumed within {RESUME_S:g} s"

        self.network.at(self.network.now + RESUME_S, look)

    # what goes wrong ---------------------------------------------------------------------------------------

    def _trouble(self) -> None:
        self.rng.choice((self._cut, self._cut, self._freeze, self._sleep, self._kill, self._kill, self._leave))()

    def _cut(self) -> None:
        line, notice_s, down_s = self.rng.choice(self.lines), self.rng.choice((0.0, 0.5, 4.0)), self.rng.random()
        self._say(f"line {self.lines.index(line)} breaks for {down_s:.2f} s, noticed after {notice_s:g} s")
        line.cut(notice_s, down_s)

    def _freeze(self) -> None:
        line, duration = self.rng.choice(self.lines), self.rng.choice((0.3, 2.0, 6.0))
        self._say(f"line {self.lines.index(line)} is frozen for {duration:g} s")
        if line.connection is not None:
            line.connection.freeze(duration)

    def _sleep(self) -> None:
        place, duration = self._someone(), self.rng.choice((0.5, 2.0, 5.0))
        if place.node is not None and not place.node.asleep:
            self._say(f"{place.name} sleeps for {duration:g} s")
            place.node.sleep(duration)

    def _kill(self) -> None:
        place, notice_s, down_s = self._someone(), self.rng.choice((0.0, 0.0, 4.0)), self.rng.random()
        self._say(f"{place.name} is killed for {down_s:.2f} s, noticed after {notice_s:g} s")
        place.stop(notice_s)
        self.network.at(self.network.now + down_s, self._starter(place))

    def _leave(self) -> None:
        reader = self.rng.choice(self.readers)
        self._say(f"{reader.name} leaves")
        reader.leave()
        self.network.at(self.network.now + 0.2 + self.rng.random(), self._starter(reader))

    def _someone(self) -> Publisher | Reader:
        places: list[Publisher | Reader] = [*self.publishers, *self.readers]
        return self.rng.choice(places)

    # how it ends -------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Let it happen, and check the promises; raises `AssertionError` for the first that is broken."""
        self.network.run(TROUBLE_S)
        self.network.run(PATIENCE_S, self._over)
        assert self._over(), f"stuck: {', '.join(self._unfinished())}"
        self.ledger.close()

    def _over(self) -> bool:
        return not self._unfinished()

    def _unfinished(self) -> list[str]:
        publishers = [p.name for p in self.publishers if p.node is None or not p.session.finished]
        readers = [r.name for r in self.readers if r.node is None or not self._has_all(r)]
        return publishers + readers

    def _has_all(self, reader: Reader) -> bool:
        return reader.session.finished if reader.calls else not reader.session.inbox

    def _say(self, what: str) -> None:
        self.tell(f"{self.network.now:6.3f} s  {what}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run seeds; a broken promise is printed with the command that shows it again, and makes 3 of the 0."""
    parser = argparse.ArgumentParser(prog="python -m framebus.testing.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this one and tell its story")
    parser.add_argument("--seeds", type=int, default=1000, help="run so many")
    parser.add_argument("--first", type=int, default=0, help="beginning with this one")
    given = parser.parse_args(arguments)
    for seed in range(given.first, given.first + given.seeds) if given.seed is None else [given.seed]:
        try:
            World(seed, print if given.seed is not None else lambda line: None).run()
        except AssertionError as broken:
            print(f"seed {seed}: {str(broken).splitlines()[0]}")
            print(f"again: python -m framebus.testing.simulation --seed {seed}")
            return 3
    print("all promises kept")
    return 0


if __name__ == "__main__":
    sys.exit(main())
