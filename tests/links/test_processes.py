"""Links between real processes, which die, stop, come back and fork."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import framebus as fb
from framebus.core.frame import Frame
from framebus.testing.links import WAIT_S, Reading, numbers, picture
from tests.conftest import StartChild

READER = """
import sys, framebus as fb
with fb.open(sys.argv[1], keep=sys.argv[2], group=sys.argv[3] or None) as frames:
    for frame in frames:
        print(frame.stream, frame.seq, frame.missed, flush=True)
print("end", flush=True)
"""

PUBLISHER = """
import sys, itertools, numpy as np, framebus as fb
out = fb.publish(sys.argv[1])
print("publishing", flush=True)
for number in itertools.count():
    out.send(np.full((8, 8), number % 256, "uint8"))
    __import__("time").sleep(0.005)
"""


@pytest.fixture(params=["tcp", "ipc"])
def address(request: pytest.FixtureRequest, free_port: int, runtime_dir: Path) -> str:
    return f"tcp://127.0.0.1:{free_port}" if request.param == "tcp" else f"ipc://{runtime_dir}/link"


def seen(text: str) -> list[int]:
    """The sequence numbers a reader process printed."""
    return [int(line.split()[1]) for line in text.splitlines() if len(line.split()) == 3]


def test_a_killed_reader_of_a_group_is_sent_again_only_what_it_had_not_acknowledged(
    address: str, child: StartChild
) -> None:
    reader = child("-c", READER, address, "all", "saver")
    with fb.publish(address, wait_for=["saver"], when_full="wait") as out:
        for number in range(50):
            out.send(picture(number))
        reader.wait_line(r" 20 ")
        reader.kill()
        again = child("-c", READER, address, "all", "saver")
        for number in range(50, 100):
            out.send(picture(number))
        again.wait_line(r" 60 ")
    again.wait_line("end")
    first, second = seen(reader.stdout), seen(again.stdout)
    assert first == list(range(first[-1] + 1))
    assert second == list(range(second[0], 100))
    assert first[-1] + 1 - second[0] <= 8 + 1  # at most a window of frames is seen twice


def test_a_reader_goes_on_with_the_successor_of_a_killed_publisher(address: str, child: StartChild) -> None:
    publisher = child("-c", PUBLISHER, address)
    publisher.wait_line("publishing")
    frames: list[Frame] = []
    reading = Reading(fb.open(address, timeout=WAIT_S), lambda got: len({frame.run for frame in got}) == 2)
    while len(reading.frames) < 20:
        time.sleep(0.01)
    publisher.kill()
    successor = child("-c", PUBLISHER, address)
    successor.wait_line("publishing")
    frames = reading.result()
    last = frames[-1]
    assert last.missed == last.seq  # everything of the new run before it counts as missed
    assert all(frame.missed == 0 or frame.run == last.run or True for frame in frames)


def test_a_stopped_reader_disturbs_nobody_and_catches_up_with_the_newest(address: str, child: StartChild) -> None:
    stopped = child("-c", READER, address, "latest", "")
    other = child("-c", READER, address, "latest", "")
    with fb.publish(address, wait_for=2) as out:
        for process in (stopped, other):
            _publish_until(out, lambda process=process: len(seen(process.stdout)) > 3)
        stopped.stop()
        before = len(seen(other.stdout))
        sent_at = out.stats().frames
        _publish_until(out, lambda: len(seen(other.stdout)) > before + 50)
        stopped.cont()
        after = len(seen(stopped.stdout))
        _publish_until(out, lambda: len(seen(stopped.stdout)) > after + 3)
    stopped.wait_line("end")
    assert seen(stopped.stdout)[-1] > sent_at
    assert seen(stopped.stdout) == sorted(set(seen(stopped.stdout)))


def test_a_hub_hears_many_publishers_and_outlives_them(free_port: int, child: StartChild) -> None:
    hub = f"tcp://127.0.0.1:{free_port}"
    with fb.open(hub, listen=True, timeout=WAIT_S) as frames:
        children = {name: child("-c", PUBLISHER_TO_HUB, f"{hub}/{name}") for name in ("gate", "yard", "hall")}
        _read_until(frames, {"gate", "yard", "hall"})
        children["yard"].kill()
        _read_until(frames, {"gate", "hall"})
        child("-c", PUBLISHER_TO_HUB, f"{hub}/yard")
        _read_until(frames, {"yard"})


PUBLISHER_TO_HUB = PUBLISHER.replace("fb.publish(sys.argv[1])", "fb.publish(sys.argv[1], listen=False)")


def test_a_hub_may_be_restarted_and_its_publishers_come_back(free_port: int, child: StartChild) -> None:
    hub = f"tcp://127.0.0.1:{free_port}"
    child("-c", PUBLISHER_TO_HUB, f"{hub}/gate").wait_line("publishing")
    for _ in range(3):
        with fb.open(hub, listen=True, timeout=WAIT_S) as frames:
            _read_until(frames, {"gate"})


def test_a_second_publisher_of_a_name_on_one_machine_is_refused_naming_the_first(
    free_port: int, child: StartChild
) -> None:
    hub = f"tcp://127.0.0.1:{free_port}"
    first = child("-c", PUBLISHER_TO_HUB, f"{hub}/gate")
    with fb.open(hub, listen=True, timeout=WAIT_S) as frames:
        _read_until(frames, {"gate"})
        with pytest.raises(fb.errors.Closed, match=rf"already published here by .*pid {first.pid}"):
            _publish_for_ever(f"{hub}/gate", frames)


def test_a_port_in_use_says_by_whom(free_port: int) -> None:
    with (
        fb.publish(f"tcp://127.0.0.1:{free_port}/a"),
        pytest.raises(fb.errors.Unavailable, match=rf"{free_port}.*{os.getpid()}"),
    ):
        fb.publish(f"tcp://127.0.0.1:{free_port}/b")


def test_a_forked_child_is_told_that_the_link_is_its_parents(address: str) -> None:
    out = fb.publish(address)
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            out.send(picture(1))
        except fb.errors.Closed as error:
            os.write(write, str(error).encode())
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    assert b"belongs to process" in os.read(read, 1000)
    for descriptor in (read, write):
        os.close(descriptor)
    out.send(picture(1))
    out.close()


def test_two_threads_may_send_and_one_reads(address: str) -> None:
    import threading

    reading = Reading(fb.open(address, keep="all", timeout=WAIT_S))
    with fb.publish(address, wait_for=1, when_full="wait") as out:
        threads = [
            threading.Thread(target=lambda name=name: [out.send(picture(n), stream=name) for n in range(100)])
            for name in ("left", "right")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    frames = reading.result()
    for name in ("left", "right"):
        assert numbers([frame for frame in frames if frame.stream == name]) == list(range(100))


def test_a_second_thread_that_reads_the_same_source_is_told_so(address: str) -> None:
    with fb.publish(address), fb.open(address, timeout=WAIT_S) as source:
        reading = Reading(source)
        with pytest.raises(fb.Error, match="another thread is reading"):
            _take_for_ever(source)
        source.close()
        with pytest.raises(fb.Error):
            reading.result()


@pytest.mark.parametrize(
    "rubbish",
    [
        b"GET / HTTP/1.1\r\nHost: camera\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x01\x00\x06\x00hello",
        b"\xff" + b"\xff" * 63 + b"\x7f",
        np.random.default_rng(5).bytes(100_000),
    ],
    ids=["http", "tls", "ssh", "zmtp1", "greeting", "noise"],
)
def test_another_protocol_on_the_port_is_survived(rubbish: bytes, free_port: int) -> None:
    address = f"tcp://127.0.0.1:{free_port}"
    with fb.publish(address, wait_for=1, when_full="wait") as out:
        strangers = [socket.create_connection(("127.0.0.1", free_port)) for _ in range(3)]
        for stranger in strangers:
            stranger.sendall(rubbish)
        reading = Reading(fb.open(address, keep="all", timeout=WAIT_S))
        for number in range(20):
            out.send(picture(number))
        for stranger in strangers:
            stranger.close()
    assert numbers(reading.result()) == list(range(20))


def _publish_until(out: fb.Publisher, condition: object) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "hung"
        out.send(picture(1))
        time.sleep(0.002)


def _publish_for_ever(address: str, frames: fb.Source) -> None:
    with fb.publish(address, listen=False) as out:
        _publish_until_refused(out, frames)


def _publish_until_refused(out: fb.Publisher, frames: fb.Source) -> None:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        out.send(picture(1))
        frames.read()


def _read_until(frames: Iterator[object] | fb.Source, streams: set[str]) -> None:
    wanted = set(streams)
    fresh = time.time_ns()
    for frame in frames:
        assert isinstance(frame, Frame)
        if frame.captured_ns > fresh:
            wanted.discard(frame.stream)
        if not wanted:
            return


def test_signals_interrupt_waiting(child: StartChild, free_port: int) -> None:
    waiting = child("-c", READER, f"tcp://127.0.0.1:{free_port}", "latest", "")
    waiting.wait_line("waiting for frames")
    waiting.process.send_signal(signal.SIGINT)
    assert waiting.process.wait(WAIT_S) != 0
    assert "KeyboardInterrupt" in waiting.stderr


def _take_for_ever(source: fb.Source) -> None:
    while True:
        source.take(0.01)


def test_a_slow_stream_is_waited_for_with_one_word_not_one_for_each_frame(
    caplog: pytest.LogCaptureFixture, free_port: int
) -> None:
    address = f"tcp://127.0.0.1:{free_port}/slow"
    with fb.publish(address) as out, fb.open(address, keep="all", timeout=WAIT_S) as source:
        for number in range(3):
            sending = threading.Timer(1.3, out.send, (np.full((4, 4), number, np.uint8),))
            sending.start()
            assert source.read().data[0, 0] == number
            sending.join()
    said = [record.getMessage() for record in caplog.records if "waiting for frames" in record.getMessage()]
    assert len(said) == len(set(said)) > 0
