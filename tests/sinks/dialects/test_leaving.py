"""Programs that end without closing, and forked children: nobody hangs, and nothing is said twice."""

from __future__ import annotations

import pytest
import zmq

from tests.conftest import StartChild
from tests.sinks.dialects.hubs import Hub, plain

WRITER = """
import sys
import numpy as np
from framebus.core.addresses import parse
from framebus.sinks.dialects import open_sink
from framebus.verbs.sinking import SinkPublisher
out = SinkPublisher(open_sink(parse(sys.argv[1]), listen=sys.argv[2] == "listens"))
for number in range(3):
    out.send(np.zeros((2, 3), np.uint8), stream="cam")
print("sent", flush=True)
"""

FORKING = """
import os
import sys
import numpy as np
from framebus.core.addresses import parse
from framebus.core.errors import Closed
from framebus.core.frame import Frame
from framebus.sinks.dialects import open_sink
sink = open_sink(parse(sys.argv[1]), listen=False, live=False)
frame = Frame.of(np.zeros((2, 3), np.uint8), stream="cam", run=1)
sink.write(frame, lambda: None)
child = os.fork()
if not child:
    try:
        sink.write(frame, lambda: None)
    except Closed as error:
        print("child:", error, flush=True)
    sink.close()
    os._exit(0)
os.waitpid(child, 0)
sink.write(frame, lambda: None)
sink.close()
print("parent: closed", flush=True)
"""

READER = """
import sys
import threading
from framebus.core.addresses import parse
from framebus.sources.dialects import open_source
from framebus.verbs.opened import MadeSource
source = MadeSource(open_source(parse(sys.argv[1]), **eval(sys.argv[2])))
source.fileno()
try:
    source.take(0.2)
except TimeoutError:
    print("nothing", flush=True)
"""


@pytest.mark.parametrize("role", ["connects", "listens"])
@pytest.mark.parametrize("address", ["imagezmq+tcp://127.0.0.1", "pyzmq+tcp://127.0.0.1"])
def test_a_writer_that_does_not_close(address: str, role: str, free_port: int, child: StartChild) -> None:
    process = child("-c", WRITER, f"{address}:{free_port}", role)
    assert process.succeed() == "sent\n"
    assert process.stderr == ""


def test_a_writer_that_does_not_close_while_its_hub_hangs(free_port: int, child: StartChild) -> None:
    with plain(zmq.REP, free_port) as hub:
        process = child("-c", WRITER, f"imagezmq+tcp://127.0.0.1:{free_port}", "connects")
        hub.recv_multipart()
        assert process.succeed() == "sent\n"


@pytest.mark.parametrize("options", ["{'socket': 'sub'}", "{'socket': 'req'}"])
def test_a_reader_that_does_not_close(options: str, free_port: int, child: StartChild) -> None:
    process = child("-c", READER, f"pyzmq+tcp://127.0.0.1:{free_port}", options)
    assert process.succeed() == "nothing\n"
    assert process.stderr == ""


def test_a_forked_child_is_told_that_it_is_not_its_own(free_port: int, child: StartChild) -> None:
    with Hub(free_port) as hub:
        process = child("-c", FORKING, f"imagezmq+tcp://127.0.0.1:{free_port}")
        output = process.succeed()
        assert len(hub.inbox.items) == 2
    assert "child: imagezmq+tcp" in output
    assert "belongs to the process that opened it" in output
    assert "parent: closed" in output
