"""A camera in a real browser through Media Source Extensions alone, by players that are not our page's."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route

from framebus.web.page import Page
from framebus.web.server import Listening, Server
from tests.web import browser
from tests.web.browser import READ_STAMP, Browser, Tab
from tests.web.conftest import TOKEN, Serve

if browser.executable() is None:
    print("NOT TESTED: players by MSE. apt-get install -y --no-install-recommends chromium", file=sys.stderr)
    pytest.skip("no Chromium is installed: players by MSE are NOT TESTED", allow_module_level=True)
pytest.importorskip("av")

from framebus.testing.camera import TestCamera

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "howto" / "web.md"

SILENT = """
const source = new MediaSource(), line = new WebSocket(`ws://${location.host}/ws/stream/porch`);
const waiting = [], seen = [];
document.querySelector('video').src = URL.createObjectURL(source);
line.binaryType = 'arraybuffer';
let buffer;
const go = () => { if (buffer && !buffer.updating && waiting.length) buffer.appendBuffer(waiting.shift()); };
source.onsourceopen = () => {
    buffer = source.addSourceBuffer('video/mp4; codecs="avc1.4D401F"');
    buffer.mode = 'sequence';
    buffer.onupdateend = go;
    go();
};
const kind = data => String.fromCharCode(...new Uint8Array(data, 4, 4));
const begins = data => {
    const bytes = new Uint8Array(data), text = String.fromCharCode(...bytes), at = text.indexOf('trun');
    return (bytes[at + 7] & 4) === 4;
};
line.onmessage = ({data}) => {
    const wanted = ['ftyp', 'moov', 'moof'][seen.length];
    if (wanted && (kind(data) !== wanted || (wanted === 'moof' && !begins(data)))) return;
    if (wanted) seen.push(wanted);
    waiting.push(data);
    go();
};
"""
"""As Valkka's page: says nothing, knows the codec beforehand, begins with a fragment whose run has flags of its own for
the first sample, and lets the buffer make the times."""


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    with Browser(tmp_path / "profile") as chromium:
        yield chromium.tab("about:blank")


def documented() -> str:
    """The player in the documentation."""
    (found,) = re.findall(r"```js\n(.*?)```", DOCUMENTATION.read_text("utf-8"), re.DOTALL)
    return str(found)


@contextmanager
def beside(place: str) -> Iterator[tuple[Server, str]]:
    """A page of one's own at `/`, with ours mounted beside it; and the link that lets a browser in."""

    async def own(request: Request) -> Response:
        return HTMLResponse('<!doctype html><link rel="icon" href="data:,"><video muted autoplay></video>')

    page = Page(place, token=TOKEN)
    page.app = Starlette(routes=[Route("/", own), Mount("/cameras", app=page.app)])
    with Server(page, Listening.parse("localhost:0").bound()) as server:
        server.start()
        yield server, f"http://localhost:{server.port}/cameras/?token={TOKEN}"


@pytest.mark.parametrize("player", [documented(), SILENT], ids=["asks", "silent"])
def test_a_camera_is_seen_on_a_page_of_ones_own(tab: Tab, player: str) -> None:
    with TestCamera(size="640x480", fps=15, gop=30) as camera, beside(camera.url) as (server, link):
        tab.open(link)
        tab.wait_for("location.search === '' && window.framebus && framebus.told")
        name = tab.wait_for("framebus.told.streams.find(one => one.codec)?.name")
        tab.open(f"http://localhost:{server.port}/")
        tab.wait_for("location.pathname === '/' && document.querySelector('video')")
        tab.run(player.replace("/ws/stream/porch", f"/cameras/ws/stream/{name}") + ";0")
        tab.wait_for("document.querySelector('video').currentTime > 0.2")
        first = tab.wait_for(f"{READ_STAMP}(document.querySelector('video'))")
        tab.wait_for(f"({READ_STAMP}(document.querySelector('video')) || {{}}).number > {first['number'] + 30}")
        ready, width, ranges, start, error = tab.run(
            """(({readyState, videoWidth, buffered, error}) =>
                [readyState, videoWidth, buffered.length, buffered.start(0), error])(document.querySelector('video'))"""
        )
        assert ready >= 2
        assert (width, ranges, start, error) == (640, 1, 0, None)
        assert tab.console == []


def test_a_browser_does_not_let_pages_of_others_watch(serve: Serve, tab: Tab) -> None:
    server = serve("synthetic:", fps=5)
    other = serve("synthetic:", fps=5)
    tab.open(server.url())
    tab.wait_for("location.search === '' && window.framebus && framebus.told")
    address = f"ws://localhost:{other.port}/ws/stream/synthetic"
    assert (
        tab.run(f"""new Promise(done => {{
        const line = new WebSocket({address!r});
        line.onopen = () => done('open'); line.onerror = () => done('refused');
    }})""")
        == "refused"
    )
