"""`list`: pipes and pages that read something and publish nothing have a line, too."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

import framebus as fb
from framebus.cli import main, tables
from framebus.core.contracts import SourceState
from framebus.core.statistics import FlowInfo
from framebus.links import directory
from framebus.testing.links import WAIT_S
from framebus.verbs.streams import SILENT_S, flows
from tests.conftest import StartChild
from tests.waiting import until

FLOW = FlowInfo(reads="rtsp://***@cam/main", into="rec.mp4", kind="flow", rate=25.0, age_s=0.04, frames=1234, missed=2)


def listed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert main(["list", "--json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_a_camera_that_goes_to_a_file_is_listed_until_its_pipe_dies(
    child: StartChild, tmp_path: Path, free_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe = child(
        *("-m", "framebus", "pipe", f"rtsp://me:canary@127.0.0.1:{free_port}/cam", "rec.mp4"),
        cwd=tmp_path,
    )
    until(lambda: any(flow.state is not None and flow.state.why for flow in flows()))
    [flow] = flows()
    assert (flow.reads, flow.into) == (f"rtsp://***@127.0.0.1:{free_port}/cam", "rec.mp4")
    assert flow.state is not None
    assert (flow.state.state, flow.pid) == ("away", pipe.pid)
    assert main(["list"]) == 0
    head, line, _, trouble = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["READS", "INTO", "STATE"]
    assert f"({pipe.pid})" in line
    assert "is away for" in trouble
    assert "canary" not in line + trouble + json.dumps(listed(capsys))
    pipe.kill()
    assert listed(capsys) == []


def test_what_fb_pipe_does_is_listed_while_it_does_it(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[dict[str, Any]] = []

    def look(_: object) -> None:
        seen.extend(listed(capsys))

    fb.pipe("synthetic:", "null:", ops=[], frames=20, fps=50, progress=look)
    assert seen
    assert (seen[0]["reads"], seen[0]["into"], seen[0]["kind"]) == ("synthetic:", "null:", "flow")
    assert seen[0]["pid"] == os.getpid()
    assert flows() == []


def test_what_goes_to_readers_has_no_second_line(free_port: int) -> None:
    seen: list[FlowInfo] = []
    with fb.publish(f"tcp://127.0.0.1:{free_port}/door") as out:
        fb.pipe("synthetic:", out, frames=20, fps=50, progress=lambda _: seen.extend(flows()))
    assert seen == []


def test_a_page_is_listed_with_each_place_it_reads(child: StartChild, free_ports: Callable[[], int]) -> None:
    where = f"127.0.0.1:{free_ports()}"
    page = child(
        *("-m", "framebus", "web", "synthetic:gate", f"rtsp://me:canary@127.0.0.1:{free_ports()}/cam"),
        *("--listen", where, "--no-token"),
    )
    page.wait_line("http")
    urllib.request.urlopen(f"http://{where}/api/streams", timeout=WAIT_S).close()  # from now on it reads
    until(lambda: len(flows()) == 2)
    camera, gate = flows()
    assert (gate.reads, gate.into, gate.pid) == ("synthetic:gate", "the page", page.pid)
    assert camera.reads.startswith("rtsp://***@")
    page.interrupt()
    assert page.wait() == 0
    assert flows() == []


def test_what_is_told_may_become_longer_and_shorter() -> None:
    with directory.register("flow", "rtsp://cam", listens=False) as entry:
        for frames in (1, 10**12, 7):
            entry.tell(msgspec.structs.replace(FLOW, frames=frames))
            [record] = directory.entries()
            assert record.flow is not None
            assert record.flow.frames == frames
            assert record.flow.pid == os.getpid()
    entry.tell(FLOW)
    assert directory.entries() == []


def test_one_that_tells_nothing_any_more_is_stalled(monkeypatch: pytest.MonkeyPatch) -> None:
    with directory.register("flow", "rtsp://cam", listens=False) as entry:
        entry.tell(FLOW)
        [flow] = flows()
        assert (flow.state, flow.age_s) == (None, 0.04)
        later = time.time() + SILENT_S + 1
        monkeypatch.setattr("framebus.verbs.streams.time.time", lambda: later)
        [flow] = flows()
        assert flow.state is not None
        assert flow.state.state == "stalled"
        assert (flow.age_s or 0) > SILENT_S


def test_the_table_fits() -> None:
    flow = msgspec.structs.replace(FLOW, pid=123, command="framebus pipe rtsp://***@cam/main rec.mp4 --rotate 10min")
    away = msgspec.structs.replace(flow, state=SourceState(state="away", why="no route", since_ns=time.time_ns()))
    assert tables.of_flows([]) == []
    head, line = tables.of_flows([flow], 90)
    assert max(len(head), len(line)) <= 90
    assert line.endswith("(123)")
    assert tables.of_flows([away])[-1] == "rtsp://***@cam/main is away for 0.0 s: no route"


def test_of_several_streams_it_is_said_which_does_not_come() -> None:
    away = SourceState(state="away", why="no route", since_ns=time.time_ns())
    flow = msgspec.structs.replace(FLOW, state=away, states={"gate": away, "yard": SourceState(state="live")})
    _, line, _, trouble = tables.of_flows([flow])
    assert "1 of 2 away" in line
    assert trouble == "gate is away for 0.0 s: no route"
    all_away = msgspec.structs.replace(flow, states={"gate": away, "yard": away})
    assert " of 2 " not in tables.of_flows([all_away])[1]
