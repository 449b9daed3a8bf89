"""The page's server, from outside: real sockets, several viewers, streams that come and go."""

from __future__ import annotations

import asyncio
import io
import json
import math
import re
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import numpy as np
import pytest
import simplejpeg
from PIL import Image
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

import framebus as fb
from framebus.core.errors import OptionError, Unavailable
from framebus.core.publisher import Publisher
from framebus.sources import stamp
from framebus.web.outbox import NEWEST_WINDOW
from framebus.web.page import Page
from framebus.web.page_messages import BEGIN, CODED, JPEG, MP4
from framebus.web.server import UNSENT_BYTES, Listening, Server
from framebus.web.wall import Wall
from tests.waiting import until
from tests.web.conftest import TOKEN, Serve, Watcher, get


@pytest.fixture
def door() -> Iterator[Publisher]:
    with fb.publish("shm://door", wait_for=1) as out:
        yield out


def picture(value: int, size: tuple[int, int] = (48, 64)) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((*size, 3), value, np.uint8)


def in_loop(server: Server, ask: object) -> object:
    """The value of `ask()` in the server's own thread."""
    loop = server.page.wall._loop
    assert loop is not None
    assert callable(ask)

    async def asked() -> object:
        return ask()

    return asyncio.run_coroutine_threadsafe(asked(), loop).result(30)


def test_a_viewer_gets_the_picture_there_is_at_once(serve: Serve, door: Publisher) -> None:
    server = serve("shm://")
    door.send(picture(200))
    with Watcher(server) as viewer:
        viewer.watch("door")
        shown, tile, number, left_out = viewer.next()
    assert (shown.kind, tile, number, left_out) == (JPEG, 1, 1, 0)
    assert simplejpeg.decode_jpeg(shown.data).shape == (48, 64, 3)
    assert abs(int(simplejpeg.decode_jpeg(shown.data)[24, 32, 0]) - 200) < 5
    assert json.loads(shown.meta)["area"] == [0, 0, 64, 48]


def test_the_time_of_capture_is_that_of_the_frame_on_the_servers_clock(serve: Serve) -> None:
    server = serve("synthetic:balls", fps=20)
    with Watcher(server) as viewer:
        viewer.watch("balls")
        shown = viewer.next()[0]
        viewer.say(op="ping", at=1.5)
        pong = None
        while pong is None:
            message = viewer.line.recv(timeout=30)
            pong = json.loads(message) if isinstance(message, str) and "pong" in message else None
    image = simplejpeg.decode_jpeg(shown.data)
    burnt = stamp.read(image)
    assert burnt is not None
    assert burnt[0] == json.loads(shown.meta)["seq"]
    assert pong["at"] == 1.5
    import time

    now_ms, utc_ms = time.monotonic_ns() * 1e-6, time.time_ns() * 1e-6
    assert math.isclose(now_ms - shown.captured_ms, utc_ms - burnt[1] * 1e-6, abs_tol=50)
    assert pong["now_ms"] <= now_ms


def test_pictures_are_sized_to_the_tile(serve: Serve, door: Publisher) -> None:
    server = serve("shm://")
    door.send(picture(9, (400, 800)))
    with Watcher(server) as viewer:
        viewer.watch("door", width=200)
        assert simplejpeg.decode_jpeg_header(viewer.next()[0].data)[:2] == (100, 200)
        viewer.watch("door", width=800)
        assert simplejpeg.decode_jpeg_header(viewer.next()[0].data)[:2] == (400, 800)


def test_nothing_is_encoded_while_nobody_watches(serve: Serve, door: Publisher) -> None:
    server = serve("shm://")
    with Watcher(server) as viewer:
        for number in range(20):
            door.send(picture(number))
        viewer.until(lambda: viewer.streams.get("door", {}).get("frames", 0) > 0)
        assert server.page.wall.darkroom.made == 0


def test_a_hundred_viewers_cost_one_encoding(serve: Serve, door: Publisher) -> None:
    server = serve("shm://")
    with ExitStack() as open_pages:
        viewers = [open_pages.enter_context(Watcher(server)) for _ in range(100)]
        for viewer in viewers:
            viewer.say(op="watch", tile=1, stream="door")
            viewer.say(op="ping", at=0)
        for viewer in viewers:
            while "pong" not in str(viewer.line.recv(timeout=30)):
                pass
        door.send(picture(77))
        shown = {viewer.next()[0].data for viewer in viewers}
        assert len(shown) == 1
        assert server.page.wall.darkroom.made == 1


def test_a_slow_viewer_gets_the_newest_later_and_slows_nobody(serve: Serve, door: Publisher) -> None:
    server = serve("shm://")
    with Watcher(server) as quick, Watcher(server, acknowledges=False) as slow:
        for viewer in (quick, slow):
            viewer.watch("door") if viewer.streams else viewer.say(op="watch", tile=1, stream="door")
            viewer.say(op="ping", at=0)
            while "pong" not in str(viewer.line.recv(timeout=30)):
                pass
        for number in range(12):
            door.send(picture(10 * number))
            values = [int(simplejpeg.decode_jpeg(quick.next()[0].data)[0, 0, 0])]
            assert abs(values[-1] - 10 * number) < 6
        early = [slow.next() for _ in range(NEWEST_WINDOW)]
        assert [number for _, _, number, _ in early] == [1, 2, 3]
        slow.say(op="seen", tiles={1: NEWEST_WINDOW})
        newest, _, number, left_out = slow.next()
        assert abs(int(simplejpeg.decode_jpeg(newest.data)[0, 0, 0]) - 110) < 6
        assert (number, left_out) == (NEWEST_WINDOW + 1, 12 - NEWEST_WINDOW - 1)


def test_nothing_is_encoded_for_who_is_not_ready(serve: Serve, door: Publisher) -> None:
    server = serve("shm://")
    with Watcher(server, acknowledges=False) as slow:
        slow.say(op="watch", tile=1, stream="door")
        for number in range(NEWEST_WINDOW):
            door.send(picture(number))
            slow.next()
        door.send(picture(20))
        slow.until(lambda: slow.streams["door"]["frames"] == NEWEST_WINDOW + 1)
        assert server.page.wall.darkroom.made == NEWEST_WINDOW
        slow.say(op="seen", tiles={1: NEWEST_WINDOW})
        assert abs(int(simplejpeg.decode_jpeg(slow.next()[0].data)[0, 0, 0]) - 20) < 6
        assert server.page.wall.darkroom.made == NEWEST_WINDOW + 1


def test_streams_appear_and_vanish_while_the_page_is_open(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framebus.web.condition.GONE_S", 0.1)
    server = serve("shm://")
    with Watcher(server) as viewer:
        viewer.until(lambda: viewer.streams == {})
        with fb.publish("shm://one", wait_for=1) as one, fb.publish("shm://two", wait_for=1) as two:
            one.send(picture(1))
            two.send(picture(2))
            viewer.until(lambda: viewer.streams.keys() == {"one", "two"})
        viewer.until(lambda: viewer.streams == {})


def test_a_watched_stream_that_comes_back_goes_on(serve: Serve) -> None:
    server = serve("shm://")
    with Watcher(server) as viewer:
        viewer.say(op="watch", tile=1, stream="door")
        for value in (50, 150):
            with fb.publish("shm://door", wait_for=1) as out:
                out.send(picture(value))
                assert abs(int(simplejpeg.decode_jpeg(viewer.next()[0].data)[0, 0, 0]) - value) < 6


def test_a_source_that_ends_is_told_and_its_last_picture_stays(serve: Serve) -> None:
    server = serve("synthetic:balls", fps=0, frames=3)
    with Watcher(server) as viewer:
        viewer.until(lambda: viewer.streams.get("balls", {}).get("state") == "ended")
        viewer.watch("balls")
        assert json.loads(viewer.next()[0].meta)["seq"] == 2


def test_a_camera_that_is_away_is_a_stream_with_its_reason_and_without_its_password(serve: Serve) -> None:
    server = serve("rtsp://me:hidden-word@127.0.0.1:9/main")
    with Watcher(server) as viewer:
        viewer.until(lambda: "refused" in viewer.streams.get("127.0.0.1", {}).get("why", ""))
        assert viewer.streams["127.0.0.1"]["state"] == "away"
    for path in ("/api/streams", "/metrics"):
        assert b"hidden-word" not in get(server, path)[1]


def test_what_cannot_be_shown_says_why(serve: Serve, door: Publisher) -> None:
    server = serve("shm://")
    with Watcher(server) as viewer:
        viewer.say(op="watch", tile=1, stream="door")
        door.send(np.zeros((2, 2, 2, 2), np.float32))
        viewer.until(lambda: "cannot be shown" in viewer.streams.get("door", {}).get("why", ""))
        door.send(picture(5))
        assert viewer.next()[0].kind == JPEG


@pytest.mark.parametrize("how", ["webcodecs", "mse"])
def test_coded_video_is_passed_on_from_its_key_frame(serve: Serve, how: str) -> None:
    pytest.importorskip("av")
    from framebus.testing.camera import TestCamera

    with TestCamera(fps=0, gop=100) as camera:
        server = serve(camera.url)
        with Watcher(server) as first, Watcher(server) as second:
            while "packets" not in str(first.streams.get("127.0.0.1")):
                camera.shoot()
                first.listen()
            camera.shoot(5)
            first.until(lambda: first.streams["127.0.0.1"]["frames"] >= 5)
            for viewer in (first, second):
                viewer.watch("127.0.0.1", how=how)
                begin, key, delta = (viewer.next()[0] for _ in range(3))
                assert (begin.kind, key.key, delta.key) == (BEGIN, True, False)
                assert {key.kind, delta.kind} == {CODED if how == "webcodecs" else MP4}
                assert json.loads(begin.meta)["codec"].startswith("avc1.")
        assert server.page.wall.darkroom.made == 0


def test_coded_video_is_decoded_here_for_who_cannot(serve: Serve) -> None:
    pytest.importorskip("av")
    from framebus.testing.camera import TestCamera

    with TestCamera(fps=25, codec="h265") as camera:
        server = serve(camera.url)
        with Watcher(server) as viewer:
            viewer.watch("127.0.0.1", how="jpeg")
            shown = viewer.next()[0]
            found = stamp.read(simplejpeg.decode_jpeg(shown.data))
            assert found is not None
            assert found[0] == json.loads(shown.meta)["seq"] or found[0] > 0
        status, body, _ = get(server, "/api/streams/127.0.0.1/picture.png")
        assert status == 200
        assert Image.open(io.BytesIO(body)).size == (320, 240)


@pytest.mark.parametrize("config", [b"", b"some configuration"])
def test_a_codec_that_nobody_can_show_says_so_and_holds_up_no_other_stream(serve: Serve, config: bytes) -> None:
    pytest.importorskip("av")
    from framebus.core.frame import Packet

    coded = Packet(data=memoryview(b"x"), codec="vp9", key=True, pts=0, dts=0, config=config)
    with fb.publish("shm://odd", wait_for=1) as odd, fb.publish("shm://door", wait_for=1) as door:
        server = serve("shm://")
        odd.send(coded)
        door.send(picture(9))
        with Watcher(server) as viewer:
            viewer.watch("odd", tile=1)
            viewer.watch("door", tile=2)
            assert viewer.next()[1] == 2
            viewer.until(lambda: "'vp9' cannot be decoded here" in viewer.streams["odd"]["why"])
            assert (viewer.streams["odd"]["coding"], viewer.streams["odd"]["codec"]) == ("vp9", "")


def test_two_cameras_of_one_name_are_two_streams(serve: Serve) -> None:
    server = serve("synthetic:same", "synthetic:same", fps=10)
    with Watcher(server) as viewer:
        viewer.until(lambda: viewer.streams.keys() == {"same", "same.2"})


def test_old_senders_appear_on_one_port(serve: Serve, free_port: int) -> None:
    imagezmq = pytest.importorskip("imagezmq")
    server = serve(f"tcp://:{free_port}", insecure=True)
    senders = [imagezmq.ImageSender(f"tcp://127.0.0.1:{free_port}") for _ in range(6)]
    try:
        for number, sender in enumerate(senders):
            sender.send_image(f"pi-{number}", picture(40 * number))
        with Watcher(server) as viewer:
            viewer.until(lambda: len(viewer.streams) == 6)
            assert viewer.streams.keys() == {f"pi-{number}" for number in range(6)}
    finally:
        for sender in senders:
            sender.zmq_socket.close(linger=0)
            sender.zmq_context.term()


def test_a_page_that_talks_nonsense_is_sent_away(serve: Serve) -> None:
    server = serve("synthetic:", fps=5)
    for nonsense in (
        "{}",
        b"\xff",
        '{"op":' + "[" * 2000,
        '{"op":"watch","tile":1,"stream":"x","look":{"colours":"pink"}}',
    ):
        with Watcher(server) as viewer:
            viewer.line.send(nonsense)
            with pytest.raises(ConnectionClosed):
                viewer.until(lambda: False)
    assert get(server, "/health")[0] == 200


def test_everything_but_health_needs_the_token(serve: Serve) -> None:
    server = serve("synthetic:", fps=5)
    paths = [
        "/",
        "/static/now/app.js",
        "/api",
        "/api/streams",
        "/metrics",
        "/api/streams/synthetic/picture.jpg",
        "/else",
    ]
    assert {get(server, path, Authorization="")[0] for path in paths} == {401}
    assert get(server, "/health", Authorization="")[0] == 200
    assert {get(server, path, Host="evil.example")[0] for path in [*paths, "/health"]} == {421}
    assert {get(server, path, Origin="http://evil.example")[0] for path in paths} == {403}


def test_the_link_becomes_a_cookie(serve: Serve) -> None:
    server = serve("synthetic:", fps=5)
    status, _, headers = get(server, f"/?token={TOKEN}", Authorization="")
    assert (status, headers["location"]) == (303, "/")
    cookie = headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    status, body, headers = get(server, "/", Authorization="", Cookie=cookie.partition(";")[0])
    assert status == 200
    assert b"<title>framebus</title>" in body
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://evil.example", "Authorization": f"Bearer {TOKEN}"},
        {"Origin": "null", "Cookie": f"framebus={TOKEN}"},
        {"Cookie": f"framebus={TOKEN}"},
    ],
)
def test_websockets_of_others_are_refused(serve: Serve, headers: dict[str, str]) -> None:
    server = serve("synthetic:", fps=5)
    with pytest.raises(InvalidStatus), connect(f"ws://localhost:{server.port}/ws", additional_headers=headers):
        pass


def test_a_browser_asks_for_all_modules_of_the_page_at_once_and_keeps_them(serve: Serve) -> None:
    server = serve("synthetic:", fps=5)
    page = get(server, "/")[1].decode()
    told = re.findall(r'(?:modulepreload" href|module" src)="(static/\w+/(\w+\.js))"', page)
    needed, looked_at = {"app.js"}, set[str]()
    while (name := next(iter(needed - looked_at), None)) is not None:
        looked_at.add(name)
        module = get(server, f"/static/now/{name}")[1].decode()
        needed |= set(re.findall(r"^import .* from '\./(\w+\.js)';", module, re.MULTILINE))
    assert sorted(name for _, name in told) == sorted(needed)
    assert all("immutable" in get(server, f"/{path}")[2]["cache-control"] for path, _ in told)
    assert {get(server, path)[2]["cache-control"] for path in ("/", "/api", "/static/now/app.js")} == {"no-store"}


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/now/%2e%2e%2fapp.py", "/static/now/__init__.py", "/static/"]
)
def test_no_address_leads_to_other_files(serve: Serve, path: str) -> None:
    assert get(serve("synthetic:", fps=5), path)[0] == 404


def test_the_api_tells_what_the_page_shows(serve: Serve) -> None:
    with fb.publish("shm://deep", wait_for=1) as out:
        server = serve("shm://deep")
        image = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64)
        out.send(image, meta={"boxes": [[1, 2, 3, 4, "cat", 0.9]]})
        with Watcher(server) as viewer:
            viewer.watch("deep")
            meta = json.loads(viewer.next()[0].meta)
    assert meta["boxes"] == [[1, 2, 3, 4, "cat", 0.9]]
    of = "/api/streams/deep"
    told = json.loads(get(server, of)[1])
    assert (told["dtype"], told["width"], told["height"]) == ("uint16", 64, 48)
    assert json.loads(get(server, f"{of}/values?area=2,1,2,2")[1])["values"] == [[66, 67], [130, 131]]
    assert json.loads(get(server, f"{of}/histogram")[1])["high"] == 48 * 64 - 1
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(get(server, f"{of}/picture.png")[1]))), image)
    seen = simplejpeg.decode_jpeg(get(server, f"{of}/picture.jpg?low=0&high=10")[1], "GRAY")
    assert seen[24, 32, 0] > 250
    assert b'framebus_frames_total{stream="deep"} 1' in get(server, "/metrics")[1]
    assert set(json.loads(get(server, "/api")[1])["addresses"]) >= {"api/streams", "metrics"}
    assert "seconds" in json.loads(get(server, f"{of}/history")[1])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/streams/nobody", 404),
        ("/api/streams/synthetic/values?area=1,2", 422),
        ("/api/streams/synthetic/values?area=90000,0,1,1", 422),
        ("/api/streams/synthetic/picture.jpg?low=x", 422),
        ("/api/streams/synthetic/picture.jpg?low=nan", 422),
        ("/api/streams/synthetic/picture.jpg?width=nan", 422),
        ("/api/streams/synthetic/picture.jpg?width=inf", 422),
        ("/api/streams/synthetic/picture.jpg?colours=pink", 422),
        ("/api/nothing", 404),
    ],
)
def test_what_is_asked_wrongly_is_answered_with_why(serve: Serve, path: str, status: int) -> None:
    server = serve("synthetic:", fps=20)
    with Watcher(server) as viewer:
        viewer.watch("synthetic")
        viewer.next()
    got, body, _ = get(server, path)
    assert got == status
    assert json.loads(body)["error"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can be told")
def test_little_of_what_a_slow_client_is_sent_waits_in_the_kernel() -> None:
    with ExitStack() as opened:
        listener = opened.enter_context(Listening.parse("localhost:0").bound())
        client = opened.enter_context(socket.socket())
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(listener.getsockname())
        ours = opened.enter_context(listener.accept()[0])
        ours.setblocking(False)
        sent = 0
        with suppress(BlockingIOError):
            while sent < 16 * UNSENT_BYTES:
                sent += ours.send(bytes(4096))
    assert sent < 2 * UNSENT_BYTES


def test_a_port_in_use_says_so(serve: Serve) -> None:
    server = serve("synthetic:", fps=5)
    with pytest.raises(Unavailable, match="--listen"):
        Listening("localhost", server.port).bound()


def test_mistakes_are_told_at_once() -> None:
    with pytest.raises(Unavailable, match=r"missing\.mp4"):
        Page("missing.mp4", token=TOKEN)
    with pytest.raises(OptionError, match="16 to 128"):
        Page("synthetic:", token="short")  # noqa: S106
    with pytest.raises(OptionError, match="speeed"):
        Page("synthetic:", token=TOKEN, speeed=2)


def test_it_can_be_mounted_in_another_application() -> None:
    starlette = pytest.importorskip("starlette.applications")
    routing = pytest.importorskip("starlette.routing")
    with Page("synthetic:", token=None, fps=5) as page:
        outer = starlette.Starlette(routes=[routing.Mount("/cameras", app=page.app)])
        answers: list[tuple[int, bytes]] = []

        async def ask(path: str) -> None:
            scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "query_string": b""}
            scope |= {"headers": [(b"host", b"localhost")], "http_version": "1.1", "scheme": "http"}
            parts: list[dict[str, object]] = []

            async def send(message: dict[str, object]) -> None:
                parts.append(message)

            await outer({**scope, "app": outer}, None, send)
            status = parts[0]["status"]
            body = parts[1]["body"]
            assert isinstance(status, int)
            assert isinstance(body, bytes)
            answers.append((status, body))

        async def all_of_it() -> None:
            for path in ("/cameras/", "/cameras/health", "/cameras/api/streams"):
                await ask(path)
            page.wall.rest()

        asyncio.run(all_of_it())
        assert [status for status, _ in answers] == [200, 200, 200]
        assert json.loads(answers[2][1])["streams"][0]["name"] == "synthetic"


def test_everything_ends_while_pages_are_open(serve: Serve) -> None:
    server = serve("synthetic:balls", "synthetic:cells", fps=30)
    with Watcher(server) as viewer:
        viewer.watch("balls")
        viewer.next()
        closing = threading.Thread(target=server.close)
        closing.start()
        with pytest.raises(ConnectionClosed):
            viewer.until(lambda: False)
        closing.join()
    assert isinstance(server.page.wall, Wall)
    assert server.page.wall.viewers == set()


def test_a_picture_with_values_that_are_no_numbers_is_no_black_one(serve: Serve, door: Publisher) -> None:
    server = serve("shm://")
    values = np.full((8, 8), np.nan, np.float32)
    values[0, :2] = 1, 2
    door.send(values)
    with Watcher(server) as viewer:
        viewer.until(lambda: bool(viewer.streams.get("door", {}).get("kind")))
    status, data, _ = get(server, "/api/streams/door/picture.png")
    assert status == 200
    assert np.asarray(Image.open(io.BytesIO(data)))[0, :3].tolist() == [0, 255, 0]


def test_nonsense_in_any_letters_is_told_why_it_is_sent_away(serve: Serve) -> None:
    server = serve("synthetic:")
    with Watcher(server) as viewer:
        viewer.say(op="watch", tile=1, stream="a", **{"\u0436" * 200: 1})
        with pytest.raises(ConnectionClosed) as closed:
            viewer.until(lambda: False)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


def test_a_stream_that_nobody_watches_any_more_shows_no_old_picture(serve: Serve) -> None:
    pytest.importorskip("av")
    from framebus.testing.camera import TestCamera

    with TestCamera(fps=10, gop=5) as camera:
        server = serve(camera.url)
        wall = server.page.wall
        with Watcher(server) as viewer:
            viewer.watch("127.0.0.1", how="jpeg")
            seen = json.loads(viewer.next()[0].meta)["seq"]
            viewer.say(op="leave", tile=1)
            until(lambda: not in_loop(server, lambda: wall.sights.of("127.0.0.1")))
            assert in_loop(server, lambda: wall.shown["127.0.0.1"].decoded) is None
            frames = viewer.streams["127.0.0.1"]["frames"]
            viewer.until(lambda: viewer.streams["127.0.0.1"]["frames"] > frames + 10)
        found = get(server, "/api/streams/127.0.0.1/values?area=0,0,1,1")
        assert json.loads(found[1])["seq"] > seen


def test_the_page_goes_on_when_it_could_not_look_after_its_streams_once(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framebus.web.wall.TICK_S", 0.01)
    server = serve("synthetic:", fps=5)
    wall, failing = server.page.wall, threading.Event()
    failed = threading.Event()

    def note(name: str) -> dict[str, object]:
        if failing.is_set():
            failing.clear()
            failed.set()
            raise KeyError(name)
        return {}

    wall.notes.append(note)
    with Watcher(server) as viewer:
        viewer.until(lambda: "synthetic" in viewer.streams)
        failing.set()
        until(failed.is_set)
        length = len(wall.shown["synthetic"].history.seconds)
        until(lambda: len(wall.shown["synthetic"].history.seconds) > length + 2)


def test_a_server_that_cannot_begin_keeps_nobody_waiting(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda what: said.append(str(what.exc_value)))

    def begin(wall: Wall) -> None:
        raise OSError("no thread can be started")

    monkeypatch.setattr(Wall, "begin", begin)
    server = serve("synthetic:")
    until(lambda: not server.running)
    assert said == ["no thread can be started"]


def test_what_is_sent_to_a_page_does_not_wait_for_what_was_sent_before() -> None:
    async def no_delay() -> int:
        options = asyncio.Queue[int]()

        def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            options.put_nowait(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listener = Listening.parse("localhost:0").bound()
        async with await asyncio.start_server(take, sock=listener):
            _, writer = await asyncio.open_connection("127.0.0.1", listener.getsockname()[1])
            option = await options.get()
            writer.close()
            await writer.wait_closed()
        return option

    assert asyncio.run(no_delay()) != 0
