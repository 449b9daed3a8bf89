"""Coded video decoded by the server: what is left out when it cannot keep up, and where it goes on."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from framebus.core.frame import Frame, Packet
from framebus.web import server_decoding
from framebus.web.server_decoding import MOST_WAITING, Decoding


def packet(seq: int) -> Packet:
    return Packet(data=memoryview(b"x"), codec="h264", key=False, pts=seq, dts=seq, seq=seq)


def test_what_comes_after_a_gap_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    held, fed = threading.Event(), list[Packet]()

    def slowly(decoder: Any, packets: list[Packet]) -> Frame | None:
        held.wait(30)
        fed.extend(packets)
        return None

    monkeypatch.setattr(server_decoding, "newest", slowly)

    async def feed(executor: ThreadPoolExecutor) -> None:
        last = MOST_WAITING + 5
        one = Decoding(executor, lambda frame: None, lambda why: None)
        for seq in range(last + 1):
            one.feed([packet(seq)])
        held.set()
        while not fed or fed[-1].seq != last:
            await asyncio.sleep(0.001)
        one.close()

    with ThreadPoolExecutor(1) as executor:
        asyncio.run(feed(executor))
    gaps = [(before.seq, after.seq, after.missed) for before, after in pairwise(fed)]
    assert [missed > 0 for _, _, missed in gaps] == [after > before + 1 for before, after, _ in gaps]
    assert sum(missed > 0 for _, _, missed in gaps) == 1
