"""What a description means: which processes there are, what each is to do, in which order they end."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from framebus.config.parsing import read
from framebus.graph.plans import Capture, Pipe, Plan, Service, Stream, Web, target_of

SEGMENT = {"op": "models.py:Segment"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "models.py").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plans(**system: Any) -> dict[str, Plan]:
    return {plan.key: plan for plan in read(system).plans}


def pipe(source: Any, streams: dict[str, Any] | None = None, **table: Any) -> Pipe:
    """The only pipe of a system with these streams."""
    cameras = {"gate": "synthetic:", "yard": "synthetic:"} if streams is None else streams
    found = plans(streams=cameras, services={"segment": SEGMENT}, pipes={"look": {"source": source, **table}})
    work = found["pipes.look"].work
    assert isinstance(work, Pipe)
    return work


def test_all_streams_are_one_process() -> None:
    found = plans(streams={"gate": "synthetic:gate", "yard": {"source": "synthetic:", "fps": 5, "encode": "jpeg=85"}})
    assert found["streams"].work == Capture(
        {
            "gate": Stream(source="synthetic:gate"),
            "yard": Stream(source="synthetic:", options={"fps": 5, "encode": "jpeg=85"}),
        }
    )


def test_a_bare_name_is_a_stream_of_this_file() -> None:
    assert pipe("gate").sources == ("shm://gate",)
    assert pipe(["gate", "tcp://desk:5555/x", "yard"]).sources == ("shm://gate", "tcp://desk:5555/x", "shm://yard")


def test_a_beginning_of_names_chooses_among_the_streams_and_nothing_else() -> None:
    cameras = {"yard-a": "synthetic:", "yard-b": "synthetic:", "gate": "synthetic:"}
    assert pipe("yard-*", cameras).sources == ("shm://yard-a", "shm://yard-b")
    assert pipe("*", cameras).sources == ("shm://yard-a", "shm://yard-b", "shm://gate")
    assert pipe(["gate", "*"], cameras).sources == ("shm://gate", "shm://yard-a", "shm://yard-b")


def test_a_stream_comes_before_a_file_of_that_name(folder: Path) -> None:
    (folder / "gate").mkdir()
    assert pipe("gate").sources == ("shm://gate",)
    assert pipe("gate/").sources == ("gate/",)
    assert pipe("clip.mp4").sources == ("clip.mp4",)
    assert pipe("clip.mp4", {"clip.mp4": "synthetic:"}).sources == ("shm://clip.mp4",)


def test_a_pipe_without_sink_publishes_its_own_name() -> None:
    assert pipe("gate").sink == "shm://look"
    assert pipe("gate", sink="frames/").sink == "frames/"


def test_what_pipes_publish_can_be_read_by_name() -> None:
    found = plans(
        streams={"gate": "synthetic:", "yard": "synthetic:"},
        pipes={
            "small": {"source": "gate"},
            "seen": {"source": "*", "sink": "shm://{stream}-seen"},
            "named": {"source": "gate", "sink": "shm://other"},
            "all": {"source": ["small", "gate-seen", "yard-seen", "other"], "sink": "null:"},
        },
    )
    work = found["pipes.all"].work
    assert isinstance(work, Pipe)
    assert work.sources == ("shm://small", "shm://gate-seen", "shm://yard-seen", "shm://other")


def test_gather_asks_services_of_this_file_and_others() -> None:
    work = pipe("gate", gather={"seg": "segment", "pose": "tcp://gpu:7000", "own": "models.py:Other=3", "len": len})
    assert {name: target_of(job) for name, job in work.gather.items()} == {
        "seg": "shm://segment",
        "pose": "tcp://gpu:7000",
        "own": "models.py:Other=3",
        "len": len,
    }


def test_a_service_that_listens_to_the_network_is_asked_here() -> None:
    found = plans(
        services={"seg": {**SEGMENT, "address": "tcp://:7000", "insecure": True}},
        pipes={"look": {"source": "synthetic:", "gather": {"seg": "seg"}}},
    )
    look, service = found["pipes.look"].work, found["services.seg"].work
    assert isinstance(look, Pipe)
    assert isinstance(service, Service)
    assert look.gather["seg"].text == "tcp://localhost:7000"
    assert (service.address, service.options) == ("tcp://:7000", {"insecure": True})


def test_options_are_those_of_pipe_and_travel_as_they_were_written() -> None:
    work = pipe(
        "gate", max_fps=10, timeout="200ms", patience=math.inf, wait_for=("a", "b"), ops="resize=32x32", workers=2
    )
    assert work.options == {
        "max_fps": 10,
        "timeout": "200ms",
        "patience": "forever",
        "wait_for": ["a", "b"],
        "workers": 2,
    }
    assert [job.text for job in work.ops] == ["resize=32x32"]


def test_sources_and_sinks_may_take_options_of_their_own() -> None:
    assert pipe("synthetic:", pattern="bars").options == {"pattern": "bars"}


def test_readers_end_after_those_they_read_and_services_last() -> None:
    found = plans(
        streams={"gate": "synthetic:"},
        services={"segment": SEGMENT},
        pipes={
            "third": {"source": ["second", "gate"]},
            "second": {"source": "shm://first"},
            "first": {"source": "gate"},
            "other": {"source": "shm://fi*"},
        },
    )
    assert {plan.name: plan.stage for plan in found.values()} == {
        "streams": 0,
        "first": 1,
        "second": 2,
        "other": 2,
        "third": 3,
        "segment": 4,
    }


def page(table: dict[str, Any], **system: Any) -> Plan:
    """The page of a system with two cameras and what pipes make of them."""
    pytest.importorskip("starlette")
    pipes = {
        "seen": {"source": "*", "sink": "shm://{stream}-seen"},
        "small": {"source": "gate"},
        "kept": {"source": "gate", "sink": "kept/"},
    }
    cameras = {"gate": "synthetic:", "yard": "synthetic:"}
    return plans(**({"streams": cameras, "pipes": pipes, "services": {"segment": SEGMENT}, "web": table} | system))[
        "web"
    ]


def test_the_page_shows_all_that_the_file_publishes() -> None:
    found = page({})
    assert found.work == Web(
        places=("shm://gate", "shm://yard", "shm://gate-seen", "shm://yard-seen", "shm://small"),
        listen="localhost:8080",
    )
    assert (found.name, found.restart) == ("web", "on-failure")


def test_the_page_shows_by_their_beginning_what_others_name() -> None:
    pipes = {"in": {"source": "tcp://desk:5555", "sink": "shm://far-{stream}"}}
    work = page({}, pipes=pipes).work
    assert isinstance(work, Web)
    assert work.places == ("shm://gate", "shm://yard", "shm://far-*")
    everything = page({}, pipes={"in": {"source": "tcp://desk:5555", "sink": "shm://"}}).work
    assert isinstance(everything, Web)
    assert everything.places[-1] == "shm://"


def test_the_page_takes_the_options_of_the_command(folder: Path) -> None:
    (folder / "cert.pem").write_text("")
    table = {
        "source": ["yard", "synthetic:bars"],
        "listen": ":8443",
        "token": "a-token-of-my-own",
        "link": "view",
        "recordings": "videos",
        "device": ["tcp://lab:6000"],
        "name": "cams.example.org",
        "certificate": "cert.pem",
        "key": "cert.pem",
        "max_fps": 5,
        "fps": 3,
    }
    assert page(table).work == Web(
        places=("shm://yard", "synthetic:bars"),
        listen=":8443",
        token="a-token-of-my-own",  # noqa: S106
        links=("view",),
        recordings="videos",
        devices=("tcp://lab:6000",),
        names=("cams.example.org",),
        certificate="cert.pem",
        key="cert.pem",
        options={"max_fps": 5, "fps": 3},
    )
    work = page({"no_token": True, "name": ["a", "b"]}).work
    assert isinstance(work, Web)
    assert (work.no_token, work.names) == (True, ("a", "b"))


def test_the_page_ends_with_the_cameras_so_that_it_never_waits_for_them() -> None:
    found = plans(
        streams={"gate": "synthetic:"}, services={"segment": SEGMENT}, pipes={"a": {"source": "gate"}}, web={}
    )
    assert found["web"].stage == found["streams"].stage == 0
    assert found["services.segment"].stage == 2


def test_restart_policies() -> None:
    found = plans(pipes={"a": {"source": "synthetic:"}, "b": {"source": "synthetic:", "restart": "never"}})
    assert [plan.restart for plan in found.values()] == ["on-failure", "never"]


def test_files_are_looked_for_beside_the_description(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "there")
    path = tmp_path / "yard.toml"
    path.write_text("[pipes.a]\nsource = 'photos'\nops = 'models.py:half'\n")
    found = read(path)
    assert found.folder == str(tmp_path)
    assert found.file == str(path)
    work = found.plans[0].work
    assert isinstance(work, Pipe)
    assert (work.sources, work.ops[0].text) == (("photos",), "models.py:half")


def test_names_are_expanded_in_files_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAM", "synthetic:bars")
    path = tmp_path / "yard.toml"
    path.write_text("[streams]\ngate = '${CAM}'\n")
    found = read(path)
    assert found.plans[0].work == Capture({"gate": Stream(source="synthetic:bars")})
    assert found.hide("synthetic:bars is away") == "${CAM} is away"


def test_windows_line_ends_and_byte_order_marks_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "yard.toml"
    path.write_bytes(b"\xef\xbb\xbf[streams]\r\ngate = 'synthetic:'\r\n")
    assert read(path).plans[0].work == Capture({"gate": Stream(source="synthetic:")})


def test_the_same_text_is_the_same_plan() -> None:
    system = {"streams": {"gate": "synthetic:"}, "services": {"segment": SEGMENT}, "pipes": {"a": {"source": "gate"}}}
    assert read(system).plans == read(system).plans
