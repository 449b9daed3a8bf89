"""A camera behind a link: readers of the stream, `list` and `info` see how it is, from before its first picture on."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

import framebus as fb
from framebus.core.statistics import StreamInfo
from framebus.sources import stamp
from framebus.sources.cameras import keeping
from framebus.testing.camera import TestCamera
from framebus.verbs.pipe import assemble
from tests.conftest import StartChild
from tests.sources.cameras.fakes import PATIENCE_S
from tests.verbs.makers import Kept


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "FIRST_PAUSE_NS", 1_000_000)
    monkeypatch.setattr(keeping, "LONGEST_PAUSE_NS", 20_000_000)


def until(right: Callable[[StreamInfo], bool]) -> StreamInfo:
    """The one stream of this machine, once it is as it should be."""
    for _ in range(int(PATIENCE_S / 0.05)):
        found = fb.streams()
        if len(found) == 1 and right(found[0]):
            return found[0]
        threading.Event().wait(0.05)
    pytest.fail(f"it is not: {found}")


@pytest.mark.parametrize("sink", ["shm://yard", "tcp://127.0.0.1:{port}/yard", "tcp://127.0.0.1:{port}/{{stream}}-x"])
def test_its_state_is_listed_under_the_name_it_is_published_by(sink: str, free_ports: Callable[[], int]) -> None:
    camera_port = free_ports()
    where = f"rtsp://me:canary@127.0.0.1:{camera_port}/cam"
    flow = assemble([where], sink.format(port=free_ports()), {})
    thread = threading.Thread(target=flow.run)

    def state_of(info: StreamInfo) -> str:
        return info.state.state if info.state is not None else ""

    thread.start()
    name = "127.0.0.1-x" if "stream" in sink else "yard"
    away = until(lambda info: state_of(info) == "away" and "refused" in info.state.why)  # type: ignore[union-attr]
    assert (away.name, away.frames) == (name, 0)
    assert "canary" not in str(away)
    with TestCamera(port=camera_port, user="me", password="canary", fps=50):  # noqa: S106
        live = until(lambda info: state_of(info) == "live" and info.frames > 0)
        assert live.name == name
    gone = until(lambda info: state_of(info) == "away")
    assert gone.frames >= live.frames
    flow.stop()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_packets_from_a_link_are_decoded_by_an_op() -> None:
    sink = Kept(keep="all", group=None)
    with TestCamera(fps=50) as camera:
        flow = assemble([camera.url], "shm://coded", {"packets": True})
        thread = threading.Thread(target=flow.run)
        thread.start()
        fb.pipe("shm://coded", sink, packets=True, ops=["decode"], frames=12, timeout=PATIENCE_S)
        flow.stop()
        thread.join(PATIENCE_S)
    frames = [item for item in sink.items if isinstance(item, fb.Frame)]
    assert len(frames) == len(sink.items) > 0
    assert all(stamp.read(frame.image) for frame in frames)
    assert [frame.seq for frame in frames] == sorted({frame.seq for frame in frames})


def test_list_and_info_show_it(child: StartChild, free_ports: Callable[[], int]) -> None:
    address = f"tcp://127.0.0.1:{free_ports()}/yard"
    where = f"rtsp://me:canary@127.0.0.1:{free_ports()}/cam"
    publisher = child("-m", "framebus", "pipe", where, address)
    publisher.wait_line("listening on")
    for command in (["list"], ["info", address]):
        while "away" not in (shown := child("-m", "framebus", *command).succeed()):
            pass
        assert "STATE" in shown
        assert "yard is away for" in shown
        assert "canary" not in shown
    publisher.interrupt()
    assert publisher.wait() == 0
    assert "canary" not in publisher.stdout + publisher.stderr
