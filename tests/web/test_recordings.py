"""Recording from the page, and what was recorded: listed, fetched, played, and nothing beside it."""

from __future__ import annotations

import errno
import json
import threading
import urllib.request
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import simplejpeg

import framebus as fb
from framebus.core.errors import OptionError, Unavailable
from framebus.core.frame import Frame
from framebus.web import recordings, replay
from framebus.web.page import Page
from framebus.web.recordings import Recordings
from framebus.web.server import Server
from tests.waiting import until
from tests.web.conftest import PATIENCE_S, TOKEN, Serve, Watcher, ask, get

pytest.importorskip("av")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


def of(server: Server, stream: str) -> dict[str, Any]:
    """How the recording of a stream is."""
    told = json.loads(get(server, f"/api/streams/{stream}")[1])
    return dict(told["recording"] or {"state": ""})


def listed(server: Server) -> list[dict[str, Any]]:
    return list(json.loads(get(server, "/api/recordings")[1])["recordings"])


def shown(server: Server, stream: str) -> None:
    """Wait until the stream has a picture."""
    with Watcher(server) as viewer:
        viewer.until(lambda: bool(viewer.streams.get(stream, {}).get("kind")))


def record(server: Server, stream: str, frames: int = 5) -> dict[str, Any]:
    """Record some pictures of a stream, to the end; what the list says of the recording."""
    status, body, _ = ask(server, "POST", f"/api/streams/{stream}/recording")
    assert status == 201, body
    until(lambda: of(server, stream).get("frames", 0) >= frames)
    assert of(server, stream)["state"] == "recording"
    assert ask(server, "DELETE", f"/api/streams/{stream}/recording")[0] == 200
    until(lambda: of(server, stream)["state"] == "")
    name = json.loads(body)["file"]
    return next(one for one in listed(server) if one["name"] == name)


def test_a_stream_that_only_the_page_reads_is_recorded(serve: Serve, root: Path) -> None:
    server = serve("synthetic:balls", "shm://", recordings=root, fps=20, size="160x120")
    shown(server, "balls")
    found = record(server, "balls", frames=10)
    assert found["stream"] == "balls"
    assert found["plays"] == "video"
    assert not found["writing"]
    assert found["seconds"] > 0.3
    assert found["bytes"] == (root / found["name"]).stat().st_size
    with fb.open(str(root / found["name"])) as source:
        numbers = [frame.seq for frame in source]
    assert len(numbers) >= 10
    (stream,) = json.loads(get(server, "/api/streams")[1])["streams"]
    assert stream["name"] == "balls"
    # a page that is too busy misses pictures of a live source itself; whatever it had, the recording has
    lacking = numbers[-1] - numbers[0] + 1 - len(numbers)
    assert lacking <= stream["missed"]
    assert numbers == sorted(set(numbers))


def test_a_stream_of_this_machine_is_read_by_the_recorder_itself(serve: Serve, root: Path) -> None:
    with fb.publish("shm://door", wait_for=1) as out:
        server = serve(recordings=root)
        stop = threading.Event()

        def send() -> None:
            while not stop.wait(0.02):
                out.send(np.zeros((48, 64, 3), np.uint8))

        sending = threading.Thread(target=send)
        sending.start()
        try:
            shown(server, "door")
            found = record(server, "door")
            assert server.page.wall.taps == {}
        finally:
            stop.set()
            sending.join()
    assert found["stream"] == "door"


def test_what_no_video_can_hold_is_recorded_as_it_is(serve: Serve, root: Path) -> None:
    pytest.importorskip("h5py")
    with fb.publish("shm://deep", wait_for=1) as out:
        server = serve(recordings=root)
        stop = threading.Event()
        image = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64)

        def send() -> None:
            while not stop.wait(0.02):
                out.send(image)

        sending = threading.Thread(target=send)
        sending.start()
        try:
            shown(server, "deep")
            found = record(server, "deep")
        finally:
            stop.set()
            sending.join()
    assert found["name"].endswith(".h5")
    assert found["plays"] == "pictures"
    assert found["stream"] == "deep"
    with fb.open(str(root / found["name"])) as source:
        assert np.array_equal(next(source).image, image)


def test_the_packets_of_a_camera_are_kept_as_they_come(serve: Serve, root: Path) -> None:
    from framebus.testing.camera import TestCamera

    with TestCamera(fps=20, gop=10) as camera:
        server = serve(camera.url, recordings=root)
        shown(server, "127.0.0.1")
        found = record(server, "127.0.0.1", frames=15)
        assert server.page.wall.darkroom.made == 0
    assert found["plays"] == "video"
    with fb.open(str(root / found["name"])) as source:
        assert sum(1 for _ in source) >= 15


def test_who_publishes_does_not_wait_for_a_recording_that_was_stopped(serve: Serve, root: Path) -> None:
    with fb.publish("shm://door", wait_for=1) as out:
        server = serve(recordings=root)
        stop = threading.Event()

        def send() -> None:
            while not stop.wait(0.02):
                out.send(np.zeros((48, 64, 3), np.uint8))

        sending = threading.Thread(target=send)
        sending.start()
        try:
            shown(server, "door")
            record(server, "door")
            until(lambda: len(out.stats().readers) == 1)
            assert [(reader.keep, reader.away) for reader in out.stats().readers] == [("latest", False)]
        finally:
            stop.set()
            sending.join()


def test_recordings_end_with_the_server_and_are_whole(serve: Serve, root: Path) -> None:
    from framebus.record.inspecting import inspect

    server = serve("synthetic:balls", recordings=root, fps=20, size="160x120")
    shown(server, "balls")
    name = json.loads(ask(server, "POST", "/api/streams/balls/recording")[1])["file"]
    until(lambda: of(server, "balls").get("frames", 0) >= 5)
    children = psutil.Process().children(recursive=True)
    server.close()
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    assert inspect(str(root / name)).whole


def test_a_recorder_that_dies_is_a_reason_on_the_tile(serve: Serve, root: Path) -> None:
    server = serve("synthetic:balls", recordings=root, fps=20, size="160x120")
    shown(server, "balls")
    before = set(psutil.Process().children())
    ask(server, "POST", "/api/streams/balls/recording")
    until(lambda: of(server, "balls").get("frames", 0) >= 5)
    for child in set(psutil.Process().children()) - before:
        child.kill()
    until(lambda: of(server, "balls")["state"] == "failed")
    assert "SIGKILL" in of(server, "balls")["why"]
    until(lambda: server.page.wall.taps == {})
    assert ask(server, "DELETE", "/api/streams/balls/recording")[0] == 200
    assert of(server, "balls")["state"] == ""
    assert record(server, "balls")["stream"] == "balls"


def test_a_recorder_that_stands_still_holds_up_nobody(serve: Serve, root: Path) -> None:
    server = serve("synthetic:balls", recordings=root, fps=50, size="640x480")
    shown(server, "balls")
    before = set(psutil.Process().children())
    ask(server, "POST", "/api/streams/balls/recording")
    until(lambda: of(server, "balls").get("frames", 0) >= 3)
    [recorder] = set(psutil.Process().children()) - before
    recorder.suspend()
    try:
        with Watcher(server) as viewer:
            viewer.watch("balls")
            for _ in range(60):
                viewer.next()
    finally:
        recorder.resume()


def test_a_full_disk_is_a_reason(serve: Serve, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve("synthetic:balls", recordings=root, fps=20, size="160x120")
    shown(server, "balls")
    monkeypatch.setattr(server.page.parts[1].folder, "root", "/proc/nowhere")  # type: ignore[attr-defined]
    assert ask(server, "POST", "/api/streams/balls/recording")[0] == 201
    until(lambda: of(server, "balls")["state"] == "failed")
    assert "/proc" in of(server, "balls")["why"]


def test_what_cannot_be_recorded_says_why(serve: Serve, root: Path) -> None:
    server = serve("synthetic:balls", "rtsp://127.0.0.1:9/x", recordings=root, fps=20, size="160x120")
    shown(server, "balls")
    assert ask(server, "POST", "/api/streams/nobody/recording")[0] == 404
    assert ask(server, "DELETE", "/api/streams/balls/recording")[0] == 409
    status, body, _ = ask(server, "POST", "/api/streams/127.0.0.1/recording")
    assert status == 409
    assert "no picture" in json.loads(body)["error"]
    assert ask(server, "POST", "/api/streams/balls/recording")[0] == 201
    status, body, _ = ask(server, "POST", "/api/streams/balls/recording")
    assert status == 409
    assert "already" in json.loads(body)["error"]


def test_without_a_folder_nothing_is_recorded(serve: Serve) -> None:
    server = serve("synthetic:balls", fps=20)
    assert ask(server, "POST", "/api/streams/balls/recording")[0] == 404
    assert get(server, "/api/recordings")[0] == 404
    assert "recordings" not in get(server, "/api")[1].decode()


@pytest.fixture
def played(serve: Serve, root: Path) -> tuple[Server, bytes]:
    """A server with one file in its folder, and what is in the file."""
    root.mkdir()
    data = np.random.default_rng(1).integers(0, 255, 700_000, np.uint8).tobytes()
    (root / "yard.mp4").write_bytes(data)
    (root.parent / "secret.mp4").write_bytes(b"secret")
    return serve("synthetic:", recordings=root, fps=5), data


def test_a_recording_is_fetched_whole_and_in_parts(played: tuple[Server, bytes]) -> None:
    server, data = played
    status, body, headers = get(server, "/api/recordings/yard.mp4")
    assert (status, body) == (200, data)
    assert headers["content-type"] == "video/mp4"
    assert headers["accept-ranges"] == "bytes"
    status, body, headers = get(server, "/api/recordings/yard.mp4", Range="bytes=100-199")
    assert (status, body) == (206, data[100:200])
    assert headers["content-range"] == f"bytes 100-199/{len(data)}"
    assert get(server, "/api/recordings/yard.mp4", Range="bytes=-10")[1] == data[-10:]
    status, body, headers = get(server, "/api/recordings/yard.mp4", Range="bytes=9999999-")
    assert (status, body, headers["content-range"]) == (416, b"", f"bytes */{len(data)}")
    status, body, headers = ask(server, "HEAD", "/api/recordings/yard.mp4")
    assert (status, body, headers["content-length"]) == (200, b"", str(len(data)))
    assert "attachment" in get(server, "/api/recordings/yard.mp4?download=1")[2]["content-disposition"]


def test_a_download_of_a_folder_below_is_called_after_both(serve: Serve, root: Path) -> None:
    (root / "Hof Süd" / "2026-11-21").mkdir(parents=True)
    (root / "Hof Süd" / "2026-11-21" / "08-30-00.mp4").write_bytes(b"video")
    server = serve("synthetic:", recordings=root, fps=5)
    headers = get(server, "/api/recordings/Hof%20S%C3%BCd:2026-11-21:08-30-00.mp4?download=1")[2]
    assert headers["content-disposition"].endswith("''Hof%20S%C3%BCd-2026-11-21-08-30-00.mp4")
    assert [one["file"] for one in listed(server)] == ["Hof Süd/2026-11-21/08-30-00.mp4"]


def test_one_who_leaves_in_the_middle_leaves_nothing_open(played: tuple[Server, bytes]) -> None:
    server, data = played
    url = f"http://localhost:{server.port}/api/recordings/yard.mp4"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}"})
    with closing(urllib.request.urlopen(request, timeout=PATIENCE_S)) as answer:  # noqa: S310  (our server)
        assert answer.read(1000) == data[:1000]
    until(lambda: not any("yard.mp4" in file.path for file in psutil.Process().open_files()))


@pytest.mark.parametrize(
    "name",
    [
        "../secret.mp4",
        "..%2fsecret.mp4",
        "%2e%2e%2fsecret.mp4",
        "%252e%252e%252fsecret.mp4",
        "..%5csecret.mp4",
        "..:secret.mp4",
        ".:..:secret.mp4",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "//etc/passwd",
        "file:%2f%2f%2fetc%2fpasswd",
        "..%c0%afsecret.mp4",
        "%ef%bc%8e%ef%bc%8e%ef%bc%8fsecret.mp4",
        "yard.mp4%00.txt",
        "yard.mp4%0a",
        "YARD.MP4",
        "link.mp4",
        "away:secret.mp4",
        ".",
        "..",
        "%2e%2e",
        "",
    ],
)
def test_no_address_leads_out_of_the_folder(played: tuple[Server, bytes], root: Path, name: str) -> None:
    server, _ = played
    (root / "link.mp4").symlink_to(root.parent / "secret.mp4")
    (root / "away").symlink_to(root.parent)
    for method in ("GET", "HEAD"):
        for suffix in ("", "/pictures"):
            status, body, _ = ask(server, method, f"/api/recordings/{name}{suffix}")
            assert status in (404, 400), (name, suffix)
            assert b"secret" not in body


def test_only_what_is_asked_rightly_is_played(played: tuple[Server, bytes]) -> None:
    server, _ = played
    for query in ("start=x", "start=-1", "start=nan", "width=1e9"):
        assert get(server, f"/api/recordings/yard.mp4/pictures?{query}")[0] == 422
    assert get(server, "/api/recordings/yard.mp4/pictures")[0] == 422  # it is no video


def test_what_browsers_do_not_play_is_sent_picture_by_picture(serve: Serve, root: Path) -> None:
    pytest.importorskip("h5py")
    root.mkdir()
    with fb.publish(str(root / "run.h5")) as out:
        for number in range(3):
            out.send(np.full((48, 64), 1000 * number, np.uint16), stream="deep")
    server = serve("synthetic:", recordings=root, fps=5)
    found = listed(server)[0]
    assert (found["plays"], found["stream"]) == ("pictures", "deep")
    status, body, headers = get(server, "/api/recordings/run.h5/pictures")
    assert status == 200
    assert headers["content-type"].startswith("multipart/x-mixed-replace")
    parts = body.split(b"--framebus-picture")
    pictures = [part.split(b"\r\n\r\n", 1)[1] for part in parts if b"image/jpeg" in part]
    assert pictures
    assert simplejpeg.decode_jpeg_header(pictures[-1])[:2] == (48, 64)


def test_not_too_many_are_played_at_once(serve: Serve, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "MOST_REPLAYS", 0)
    root.mkdir()
    (root / "run.h5").write_bytes(b"x")
    server = serve("synthetic:", recordings=root, fps=5)
    assert get(server, "/api/recordings/run.h5/pictures")[0] == 429


def test_files_that_are_no_recordings_are_listed_and_can_be_fetched(serve: Serve, root: Path) -> None:
    root.mkdir()
    (root / "notes.html").write_text("<script>alert(1)</script>")
    (root / "broken.mp4").write_bytes(b"no video")
    server = serve("synthetic:", recordings=root, fps=5)
    assert {one["name"]: one["plays"] for one in listed(server)} == {"notes.html": "", "broken.mp4": ""}
    _, _, headers = get(server, "/api/recordings/notes.html")
    assert headers["content-type"] == "application/octet-stream"
    assert "attachment" in headers["content-disposition"]


def test_a_list_of_very_many_is_there_at_once(serve: Serve, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root.mkdir()
    for number in range(3):
        with fb.publish(str(root / f"{number}.mp4")) as out:
            out.send(np.zeros((48, 64, 3), np.uint8), stream="door")
    server = serve("synthetic:", recordings=root, fps=5)
    monkeypatch.setattr("framebus.web.file_contents.LONGEST_S", -1.0)
    assert [(one["stream"], one["plays"]) for one in listed(server)] == 3 * [("", "pictures")]
    monkeypatch.setattr("framebus.web.file_contents.LONGEST_S", 30.0)
    assert [(one["stream"], one["plays"]) for one in listed(server)] == 3 * [("door", "video")]
    monkeypatch.setattr("framebus.web.file_contents.LONGEST_S", -1.0)
    assert [(one["stream"], one["plays"]) for one in listed(server)] == 3 * [("door", "video")]


@pytest.fixture
def slow(serve: Serve, root: Path) -> Server:
    """A server with a recording of a picture an hour."""
    pytest.importorskip("h5py")
    root.mkdir()
    with fb.publish(str(root / "run.h5")) as out:
        for number in range(3):
            frame = Frame.of(np.zeros((48, 64), np.uint16), stream="deep", seq=number, run=7)
            out.send(frame.replace(captured_ns=10**18 + number * 3600 * 10**9))
    return serve("synthetic:", recordings=root, fps=5)


def play(server: Server) -> Any:
    url = f"http://localhost:{server.port}/api/recordings/run.h5/pictures"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}"})
    return closing(urllib.request.urlopen(request, timeout=PATIENCE_S))  # noqa: S310  (our server)


def test_a_server_that_ends_does_not_wait_for_those_who_play(slow: Server) -> None:
    with play(slow) as answer:
        assert b"framebus-picture" in answer.readline()
        slow.close()


def test_who_leaves_makes_room_at_once(slow: Server) -> None:
    part = next(part for part in slow.page.parts if isinstance(part, Recordings))
    with play(slow) as answer:
        assert b"framebus-picture" in answer.readline()
        assert part._replays == 1
    until(lambda: part._replays == 0)


def test_a_folder_that_cannot_be_used_says_so_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="file"):
        Recordings(str(tmp_path / "file"))
    with pytest.raises(Unavailable, match="file"):
        Page("synthetic:", token=TOKEN, recordings=tmp_path / "file")


def test_roles_are_named_and_have_tokens_of_their_own() -> None:
    with pytest.raises(OptionError, match="view"):
        Page("synthetic:", token=TOKEN, tokens={"veiw": "x" * 20})
    with pytest.raises(OptionError, match="another"):
        Page("synthetic:", token=TOKEN, tokens={"view": TOKEN})


def test_what_breaks_while_a_recorder_starts_is_a_reason(
    serve: Serve, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise OSError("no process can be started")

    monkeypatch.setattr("framebus.web.takes.spawn", broken)
    server = serve("synthetic:", recordings=root, fps=5)
    shown(server, "synthetic")
    assert ask(server, "POST", "/api/streams/synthetic/recording")[0] == 201
    until(lambda: of(server, "synthetic")["state"] == "failed")
    assert of(server, "synthetic")["why"] == "OSError: no process can be started"


def test_a_file_that_is_not_finished_in_time_is_said(serve: Serve, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        def told(self) -> dict[str, Any]:
            return {"frames": 1, "missed": 0, "over": False, "why": ""}

        finish = told

    monkeypatch.setattr("framebus.web.takes.spawn", lambda *arguments, **options: nullcontext(Slow()))
    server = serve("synthetic:", recordings=root, fps=5)
    shown(server, "synthetic")
    assert ask(server, "POST", "/api/streams/synthetic/recording")[0] == 201
    assert ask(server, "DELETE", "/api/streams/synthetic/recording")[0] == 200
    until(lambda: of(server, "synthetic")["state"] == "failed")
    assert "not finished within" in of(server, "synthetic")["why"]


def test_a_folder_for_passing_on_that_cannot_be_made_is_a_reason(
    serve: Serve, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve("synthetic:", recordings=root, fps=5)
    shown(server, "synthetic")

    def full(*arguments: object, **options: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("framebus.web.tap.tempfile.mkdtemp", full)
    status, body, _ = ask(server, "POST", "/api/streams/synthetic/recording")
    assert status == 422
    assert b"the disk is full" in body


def test_a_file_that_its_parser_stumbles_over_hides_no_other(
    serve: Serve, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumbling(path: str) -> None:
        raise KeyError("frames")

    monkeypatch.setattr("framebus.web.file_contents.inspect", stumbling)
    root.mkdir()
    (root / "one.h5").write_bytes(b"x")
    (root / "notes.html").write_text("")
    server = serve("synthetic:", recordings=root, fps=5)
    assert {one["name"] for one in listed(server)} == {"one.h5", "notes.html"}


def test_a_recording_that_takes_its_time_to_close_holds_up_nobody(
    slow: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = next(part for part in slow.page.parts if isinstance(part, Recordings))
    closing_, may = threading.Event(), threading.Event()
    opened = replay.opened

    def slowly(*arguments: Any) -> Any:
        source = opened(*arguments)
        close = source.close

        def wait_first() -> None:
            closing_.set()
            may.wait(PATIENCE_S)
            close()

        monkeypatch.setattr(source, "close", wait_first)
        return source

    monkeypatch.setattr(replay, "opened", slowly)
    with play(slow) as answer:
        assert b"framebus-picture" in answer.readline()
    until(closing_.is_set)
    assert get(slow, "/health")[0] == 200
    may.set()
    until(lambda: part._replays == 0)


def test_asked_only_for_its_head_a_recording_is_not_played(slow: Server) -> None:
    status, body, headers = ask(slow, "HEAD", "/api/recordings/run.h5/pictures")
    assert (status, body) == (200, b"")
    assert headers["content-type"].startswith("multipart/x-mixed-replace")
    part = next(part for part in slow.page.parts if isinstance(part, Recordings))
    until(lambda: part._replays == 0)


def test_nothing_begins_once_it_was_closed(serve: Serve, root: Path) -> None:
    server = serve("synthetic:", recordings=root, fps=5)
    shown(server, "synthetic")
    part = next(part for part in server.page.parts if isinstance(part, Recordings))
    held, going = threading.Event(), threading.Event()

    def hold() -> None:
        going.set()
        held.wait(PATIENCE_S)

    form = server.page.wall.shown["synthetic"].form()
    holds = [part._executor.submit(hold) for _ in range(part._executor._max_workers)]
    until(going.is_set)
    late = part._executor.submit(part._begin, "synthetic", form)
    closing_ = threading.Thread(target=part.close)
    closing_.start()
    until(lambda: part._executor._shutdown)
    held.set()
    closing_.join()
    assert all(hold.done() for hold in holds)
    assert late.cancelled()
    assert part.takes == {}
