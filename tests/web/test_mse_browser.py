"""A camera in a real browser through Media Source Extensions alone, by players that are not our page's."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web import browser
from tests.web.browser import READ_STAMP, Browser, Tab
from tests.web.conftest import Serve

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


@pytest.mark.parametrize("player", [documented(), SILENT], ids=["asks", "silent"])
def test_a_camera_is_seen(serve: Serve, tab: Tab, player: str) -> None:
    with TestCamera(size="640x480", fps=15, gop=30) as camera:
        server = serve(camera.url)
        tab.open(server.url())
        tab.wait_for("location.search === '' && window.framebus && framebus.told")
        name = tab.wait_for("framebus.told.streams.find(one => one.codec)?.name")
        tab.open(f"http://localhost:{server.port}/api")
        tab.wait_for("location.pathname === '/api' && document.body")
        tab.run("document.body.innerHTML = '<video muted autoplay>'; 0")
        tab.run(player.replace("porch", name) + ";0")
        tab.wait_for("document.querySelector('video').currentTime > 0.2")
        first = tab.wait_for(f"{READ_STAMP}(document.querySelector('video'))")
        tab.wait_for(f"({READ_STAMP}(document.querySelector('video')) || {{}}).number > {first['number'] + 30}")
        ready, width, ranges, start, error = tab.run(
            """(({readyState, videoWidth, buffered, error}) =>
                [readyState, videoWidth, buffered.length, buffered.start(0), error])(document.querySelector('video'))"""
        )
        assert ready >= 2
        assert (width, ranges, start, error) == (640, 1, 0, None)
        assert [line for line in tab.console if "404" not in line] == []  # JSON has no icon
    assert server.page.wall.darkroom.made == 0


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
