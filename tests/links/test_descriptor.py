"""When the link thread goes on at once, although a caller was here a moment ago: for who sleeps on a source's own
descriptor, and with what a caller left unsent."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator

import numpy as np
import pytest
import zmq

import framebus as fb
from framebus.core.addresses import Link, parse
from framebus.links.link import open_link
from framebus.links.receiving import LinkSource
from framebus.testing.children import PATIENCE_S

PICTURE = np.zeros((4, 4), np.uint8)
LARGE = np.zeros(25_000_000, np.uint8)


@pytest.fixture(params=["tcp://127.0.0.1:0/cam", "shm://descriptor"])
def ends(request: pytest.FixtureRequest) -> Iterator[tuple[fb.Publisher, LinkSource]]:
    with fb.publish(request.param, wait_for=1) as out:
        link = parse(str(out.where) if "tcp" in request.param else request.param)  # type: ignore[attr-defined]
        assert isinstance(link, Link)
        with open_link(link, timeout=PATIENCE_S) as source:
            yield out, source


def test_the_link_thread_goes_on_at_once_for_who_waits_on_the_descriptor(
    ends: tuple[fb.Publisher, LinkSource],
) -> None:
    out, source = ends
    assert source.fileno() >= 0
    for _ in range(3):
        out.send(PICTURE)
        assert select.select([source], [], [], PATIENCE_S)[0], "nothing came"
        source.read(timeout=0)  # the frame before is given back only here
        now = time.monotonic()
        assert source._end.hot_until(now) <= now


def test_the_link_thread_leaves_a_reader_alone_that_comes_back_by_itself(
    ends: tuple[fb.Publisher, LinkSource],
) -> None:
    out, source = ends
    out.send(PICTURE)
    source.read()
    assert source._end._leisure_s > 0


def test_the_link_thread_goes_on_at_once_with_what_a_caller_left_unsent() -> None:
    reader: zmq.Socket[bytes]
    with (
        fb.publish("tcp://127.0.0.1:0/cam", wait_for=1) as out,
        zmq.Context() as context,
        context.socket(zmq.DEALER) as reader,
    ):
        reader.linger, reader.rcvhwm = 0, 1  # so that it takes one, and no more before that was looked at
        reader.connect(str(out.where))  # type: ignore[attr-defined]
        reader.send(b'{"fb":1,"op":"credit","credit":1000}')
        end = out._end  # type: ignore[attr-defined]
        for _ in range(5):
            out.send(LARGE)
            now = time.monotonic()
            assert (end.hot_until(now) <= now) == end._carrier.unsent
        assert end._carrier.unsent
