"""Where a frame's time goes, on the sending and on the receiving side: `python -m benchmarks.profile_path`.

Two passes over the same flow (one sender, one reader, a window of frames in flight). The first, undisturbed, tells
how much CPU time each thread of each side spends per frame; the second runs the calling threads under cProfile.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.harness.credits import CreditWriter
from benchmarks.harness.flow import join
from benchmarks.harness.frames import PROBE, SIZES, Frames, number_of
from benchmarks.harness.link import Link
from benchmarks.harness.meters import thread_cpu_ns
from benchmarks.harness.processes import Child
from benchmarks.harness.tables import number, table
from benchmarks.peers import LOCAL, TCP, load
from benchmarks.peers.base import Peer, Receive

_WARM_UP = 20
_HUNG_AFTER_S = 120.0
_NOTHING_US = 0.05
_PEERS = {**TCP.makers, **LOCAL.makers}
Rows = list[list[str]]
Report = dict[str, Any]


def main() -> None:
    """Two passes, four tables, and the stages in isolation."""
    told = _arguments()
    found, missing = load({told.peer: _PEERS[told.peer]})
    if missing:
        raise SystemExit(f"{told.peer} cannot be measured: {missing[told.peer]}")
    frames = Frames(SIZES[told.size], told.window)
    plain = _pass(found[told.peer], frames, told, profiled=False)
    profiled = _pass(found[told.peer], frames, told, profiled=True)
    print(f"{told.peer}, {told.size}, {told.frames} frames, window {told.window}, keep={told.keep}\n")
    for side in ("send", "receive"):
        print(table([f"{side}: CPU µs per frame by thread", "µs"], plain[side]["threads"]), "\n")
    for side in ("send", "receive"):
        print(
            table(
                [f"{side}: caller's thread under cProfile", "own µs", "with callees", "calls"], profiled[side]["calls"]
            ),
            "\n",
        )
    if told.peer == "framebus":
        print(table(["stage alone, no sockets", "µs"], _stages(frames)))


def _pass(peer: Peer, frames: Frames, told: argparse.Namespace, *, profiled: bool) -> dict[str, Report]:
    observer = Observer(told.frames, told.top, profiled)
    with (
        Link.plan(peer, 1, lossless=told.keep == "all") as link,
        Child(_receive_all, link, observer) as reader,
        Child(_send_all, link, frames, min(told.window, peer.max_window), observer) as sender,
    ):
        return {"receive": reader.result(_HUNG_AFTER_S), "send": sender.result(_HUNG_AFTER_S)}


@dataclass(frozen=True)
class Observer:
    """Watches a process while it moves `frames` frames: its threads, or its calling thread call by call."""

    frames: int
    top: int
    profiled: bool

    def watch(self, work: Callable[[], None]) -> Report:
        """Do the work; what it cost per frame."""
        if self.profiled:
            profile = cProfile.Profile()
            profile.runcall(work)
            return {"calls": list(self._calls(profile))}
        before = thread_cpu_ns(os.getpid())
        work()
        return {"threads": list(self._threads(before, thread_cpu_ns(os.getpid())))}

    def _threads(self, before: dict[int, int], after: dict[int, int]) -> Iterator[list[str]]:
        names = {thread.native_id: thread.name for thread in threading.enumerate()}
        for thread in sorted(after, key=lambda thread: before.get(thread, 0) - after[thread]):
            spent = (after[thread] - before.get(thread, 0)) / 1e3 / self.frames
            if spent > _NOTHING_US:
                yield [names.get(thread, "a thread of libzmq"), number(spent)]

    def _calls(self, profile: cProfile.Profile) -> Iterator[list[str]]:
        calls = sorted(pstats.Stats(profile).stats.items(), key=lambda item: -item[1][2])
        for (file, line, name), (_, times, own_s, total_s, _) in calls[: self.top]:
            where = f"{'/'.join(file.split('/')[-2:])}:{line} {name}" if line else name
            per_frame = (own_s / self.frames * 1e6, total_s / self.frames * 1e6, times / self.frames)
            yield [where, *map(number, per_frame)]


def _send_all(link: Link, frames: Frames, window: int, observer: Observer) -> Report:
    send, credits = link.sender(), link.credits()
    join(send, frames, credits)

    def send_up_to(first: int, last: int) -> None:
        for at in range(first, last + 1):
            credits.wait(at - window, 1.0)
            credits.sent(at)
            send(frames.numbered(at))
        credits.wait(last, 1.0)

    send_up_to(1, _WARM_UP)
    return observer.watch(lambda: send_up_to(_WARM_UP + 1, _WARM_UP + observer.frames))


def _receive_all(link: Link, observer: Observer) -> Report:
    receive, writer = link.receiver(0), link.credit_writer(0)
    _receive_until(receive, writer, _WARM_UP)
    return observer.watch(lambda: _receive_until(receive, writer, _WARM_UP + observer.frames))


def _receive_until(receive: Receive, writer: CreditWriter, last: int) -> None:
    at = PROBE
    while at < last:
        at = number_of(receive())
        writer.give(at, time.monotonic_ns())


def _stages(frames: Frames) -> Rows:
    from framebus import Frame
    from framebus.wire import header

    array = frames.numbered(1)
    frame = Frame.of(array, stream="bench", run=1, seq=1)
    head, pixels = header.encode(frame)
    return [
        ["Frame.of", number(_alone(lambda: Frame.of(array, stream="bench", run=1, seq=1)))],
        ["header.encode", number(_alone(lambda: header.encode(frame)))],
        ["header.decode", number(_alone(lambda: header.decode(head, pixels)))],
        ["header.decode and .image", number(_alone(lambda: header.decode(head, pixels)[0].image))],
    ]


def _alone(stage: Callable[[], object], times: int = 5000) -> float:
    began = time.perf_counter_ns()
    for _ in range(times):
        stage()
    return (time.perf_counter_ns() - began) / times / 1e3


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile_path", description=__doc__.splitlines()[0])
    parser.add_argument("--peer", choices=_PEERS, default="framebus")
    parser.add_argument("--size", choices=SIZES, default="920KB")
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--window", type=int, default=4, help="1: lock step")
    parser.add_argument("--keep", choices=("all", "latest"), default="all")
    parser.add_argument("--top", type=int, default=20, help="rows of each profile")
    return parser.parse_args()


if __name__ == "__main__":
    main()
