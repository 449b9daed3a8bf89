"""The page in a real browser: what is on the canvas, how old it is said to be, and what people can do with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import framebus as fb
from framebus.core.frame import Packet
from framebus.web.coded_video import Track, Unit
from framebus.web.page import Page
from framebus.web.server import Server
from tests.web import browser
from tests.web.browser import READ_STAMP, Browser, Tab
from tests.web.conftest import Serve

if browser.executable() is None:
    print("NOT TESTED: the page in a browser. apt-get install -y --no-install-recommends chromium", file=sys.stderr)
    pytest.skip("no Chromium is installed: the page is NOT TESTED in a browser", allow_module_level=True)

TILE = "(framebus.view.tile || [...framebus.view.tiles.values()][0])"

MEASURE = f"""new Promise(done => {{
    const tile = {TILE}, found = [], draw = tile.player.draw;
    let told_s = null;
    tile.player.draw = function (data) {{ told_s = data.mediaTime; draw.call(this, data); }};
    tile.addEventListener('picture', function look(event) {{
        const element = tile.player.element, frame = element.videoWidth ? new VideoFrame(element) : null;
        const burnt = {READ_STAMP}(frame ?? element), shown_s = frame && frame.timestamp / 1e6, clock = tile.wire.clock;
        frame?.close();
        if (!burnt || !clock.settled || (frame && Math.abs(shown_s - told_s) > 0.001)) return;
        const told = clock.age(event.detail.captured, performance.now());
        found.push({{...burnt, seq: event.detail.meta.seq, utc: Date.now(), told, unsure: clock.uncertainty}});
        if (found.length === 10) {{ tile.removeEventListener('picture', look); done(found); }}
    }});
}})"""
"""Of ten pictures, when each is drawn: number and time in its pixels, the time now, and the age the page tells.

A video element tells a busy page late which picture it shows, and may show another one by then: those are left out.
"""


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    with Browser(tmp_path / "profile") as chromium:
        yield chromium.tab("about:blank")


def opened(tab: Tab, server: Server, place: str = "") -> Tab:
    """The page in the tab, from its link."""
    tab.open(server.url())
    tab.wait_for("location.search === '' && window.framebus && framebus.told")
    if place:
        tab.run(f"location.hash = {place!r}")
    return tab


def live(tab: Tab) -> None:
    """Wait until the first tile shows pictures."""
    tab.wait_for(f"{TILE}.drawn > 2 && {TILE}.wire.clock.settled")


def assert_true(found: list[dict[str, Any]], captured: dict[int, float]) -> None:
    """The age the page tells is that of the picture on the canvas, as exactly as the page knows the server's clock."""
    apart = sorted(abs(one["utc"] - captured[one["number"]] - one["told"]) - one["unsure"] for one in found)
    assert apart[len(apart) // 2] < 10, found


def test_the_age_of_arrays_is_that_of_the_clock_in_their_pixels(serve: Serve, tab: Tab) -> None:
    server = serve("synthetic:balls", size="640x480", fps=15)
    live(opened(tab, server))
    found = tab.run(MEASURE)
    assert_true(found, {one["number"]: one["captured"] for one in found})
    assert [one["number"] for one in found] == [one["seq"] for one in found]
    assert "ms old" in tab.run(f"{TILE}.write(), {TILE}.facts.textContent")
    assert tab.console == []


@pytest.mark.parametrize("how", ["webcodecs", "mse", "jpeg"])
def test_the_age_of_a_camera_is_that_of_the_picture_whose_number_is_in_the_pixels(
    serve: Serve, tab: Tab, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts from when a picture's first byte came, which is after the camera has taken and coded it."""
    pytest.importorskip("av")
    from framebus.testing.camera import TestCamera

    came: dict[int, float] = {}
    add = Track.add

    def noted(track: Track, packet: Packet) -> tuple[Unit, bool]:
        came[packet.seq] = packet.captured_ns * 1e-6
        return add(track, packet)

    monkeypatch.setattr(Track, "add", noted)
    with TestCamera(size="640x480", fps=15, gop=15) as camera:
        server = serve(camera.url)
        opened(tab, server)
        tab.run(f"localStorage.setItem('framebus.player.127.0.0.1', {how!r})")
        tab.open(server.url())
        tab.wait_for("window.framebus && framebus.told")
        live(tab)
        assert tab.run(f"{TILE}.how") == how
        found = tab.run(MEASURE)
        first = found[0]["number"] - found[0]["seq"]
        assert {one["number"] - one["seq"] for one in found} == {first}
        assert_true(found, {seq + first: at for seq, at in came.items()})
        assert all(one["utc"] - one["captured"] > one["told"] - one["unsure"] - 10 for one in found)
        assert tab.console == []
    assert server.page.wall.darkroom.made == 0 or how == "jpeg"


def test_a_browser_that_can_decode_is_not_sent_jpeg(serve: Serve, tab: Tab) -> None:
    pytest.importorskip("av")
    from framebus.testing.camera import TestCamera

    with TestCamera(fps=10) as camera:
        live(opened(tab, serve(camera.url)))
        assert tab.run(f"{TILE}.how") == "webcodecs"
        tab.run(f"{TILE}.fallBack('webcodecs', 'on purpose')")
        tab.wait_for(f"{TILE}.how === 'mse' && {TILE}.player.element.isConnected")
        tab.run(f"{TILE}.fallBack('mse', 'on purpose')")
        tab.wait_for(f"{TILE}.how === 'jpeg' && {TILE}.player.element.isConnected && {TILE}.player.element.width > 100")


def test_pictures_are_acknowledged_at_once_and_coded_video_a_few_at_a_time(serve: Serve, tab: Tab) -> None:
    opened(tab, serve("synthetic:", fps=5))
    batches = """import('./static/now/wire.js').then(async ({Wire, CODED, JPEG}) => {
        const said = [], wire = Object.assign(Object.create(Wire.prototype), {seen: new Map(), open: true, owed: 0});
        wire.say = wish => said.push(Object.values(wish.tiles)[0]);
        const done = async (kind, from, to) => {
            for (let number = from; number <= to; number++) { wire.done({kind, tile: 1, number}); await null; }
        };
        await done(JPEG, 1, 3);
        await done(CODED, 4, 22);
        const before = [...said];
        while (said.length === before.length) await new Promise(soon => setTimeout(soon, 10));
        return [before, said.slice(before.length)];
    })"""
    assert tab.run(batches) == [[1, 2, 3, 11, 19], [22]]


def test_the_choice_of_a_player(serve: Serve, tab: Tab) -> None:
    opened(tab, serve("synthetic:", fps=5))
    choose = """import('./static/now/choice.js').then(({choose, wanted}) => [
        choose({kind: 'pictures'}, {webcodecs: ['h264'], mse: ['h264']}).how,
        choose({kind: 'packets', codec: 'avc1.1'}, {webcodecs: ['h264'], mse: ['h264']}).how,
        choose({kind: 'packets', codec: 'avc1.1'}, {webcodecs: [], mse: ['h264']}).how,
        choose({kind: 'packets', codec: 'avc1.1'}, {webcodecs: ['h264'], mse: ['h264']}, 'mse').how,
        choose({kind: 'packets', codec: 'avc1.1'}, {webcodecs: ['h264'], mse: []}, 'auto', ['webcodecs']).how,
        choose({kind: 'packets', codec: 'avc1.1'}, {webcodecs: ['h264'], mse: []}, 'jpeg').note,
        choose({kind: 'packets', codec: 'hev1.1', coding: 'h265'}, {webcodecs: ['h264'], mse: ['h264', 'h265']}).how,
        choose({kind: 'packets', codec: 'hev1.1', coding: 'h265'}, {webcodecs: ['h265']}).how,
        ...[[1, 1], [1, 0], [0, 1], [0, 0]].map(([onScreen, exists]) =>
            wanted({onScreen, exists, pageHidden: false, paused: false})),
        wanted({onScreen: true, exists: true, pageHidden: true, paused: false}),
        wanted({onScreen: true, exists: true, pageHidden: false, paused: true}),
    ])"""
    assert tab.run(choose) == [
        *("jpeg", "webcodecs", "mse", "mse", "jpeg", "", "jpeg", "webcodecs"),
        *(True, False, False, False, False, False),
    ]


def test_the_grid_is_arranged_by_keyboard_and_pages_are_turned(serve: Serve, tab: Tab) -> None:
    server = serve(*(f"synthetic:cam-{number}" for number in range(6)), fps=5, size="160x120")
    opened(tab, server)
    tab.wait_for("framebus.view.tiles.size === 6")
    tab.key("4")
    tab.wait_for("framebus.view.tiles.size === 4")
    tab.key("PageDown")
    assert tab.wait_for("framebus.view.tiles.size === 2 && [...framebus.view.tiles.keys()]") == ["cam-4", "cam-5"]
    tab.key("a")
    tab.wait_for("framebus.view.tiles.size === 6")
    tab.key("ArrowRight")
    tab.key("ArrowRight")
    assert tab.run("document.activeElement.getAttribute('href')") == "#/cam-1"
    tab.run("document.activeElement.click()")
    tab.wait_for("framebus.view.tile && framebus.view.tile.name === 'cam-1'")
    tab.key("ArrowRight")
    tab.wait_for("framebus.view.tile && framebus.view.tile.name === 'cam-2'")
    tab.key("Escape")
    tab.wait_for("framebus.view.tiles && framebus.view.tiles.size === 6")
    tab.key("?")
    assert tab.run("document.getElementById('keys').open")
    assert tab.console == []


def test_what_is_paused_or_off_the_screen_is_not_sent(serve: Serve, tab: Tab) -> None:
    server = serve(*(f"synthetic:cam-{number}" for number in range(12)), fps=10, size="160x120")
    tab.size(500, 600)
    opened(tab, server)
    live(tab)
    tab.wait_for("framebus.view.tiles.size === 12")
    watched = "[...framebus.view.tiles.values()].filter(tile => tile.watching).length"
    tab.wait_for(f"{watched} > 1 && {watched} < 12")
    tab.key(" ")
    tab.wait_for(f"{watched} === 0 && framebus.told.streams.every(stream => stream.watched === 0)")
    assert "paused" in tab.run(f"{TILE}.facts.textContent")
    drawn = tab.run(f"{TILE}.drawn")
    tab.key(" ")
    tab.wait_for(f"{TILE}.drawn > {drawn}")


def test_step_shows_one_more_picture(serve: Serve, tab: Tab) -> None:
    opened(tab, serve("synthetic:balls", fps=10, size="160x120"), "#/balls")
    live(tab)
    tab.key(" ")
    tab.wait_for("framebus.view.tile.watching === null")
    seq = tab.run("framebus.view.tile.picture.meta.seq")
    tab.key("Enter")
    later = tab.wait_for(f"framebus.view.tile.watching === null && framebus.view.tile.picture.meta.seq > {seq} && 1")
    assert later == 1


def test_pixels_have_values_and_limits_are_chosen(serve: Serve, tab: Tab) -> None:
    with fb.publish("shm://deep", wait_for=1) as out:
        server = serve("shm://deep")
        image = np.arange(60 * 80, dtype=np.uint16).reshape(60, 80)
        out.send(image)
        opened(tab, server, "#/deep")
        tab.wait_for("framebus.view.tile && framebus.view.tile.drawn")
        tab.run("framebus.view.zoomAt(20, 300, 300)")
        area, values = tab.wait_for("framebus.view.grid && [framebus.view.grid.area, framebus.view.grid.values]")
        left, top, width, height = area
        assert values == image[top : top + height, left : left + width].tolist()
        before = tab.run("framebus.view.tile.drawn")
        tab.run("framebus.view.level([0, 100])")
        tab.wait_for(f"framebus.view.tile.drawn > {before}")
        assert tab.run("framebus.view.tile.picture.meta.high") == 100
        tab.wait_for("framebus.view.counted && framebus.view.counted.high === 4799")
    assert tab.console == []


def test_what_metadata_says_is_drawn_as_text_and_never_as_markup(serve: Serve, tab: Tab) -> None:
    hostile = "<img src=x onerror=\"document.title='owned'\">"
    with fb.publish("shm://seen", wait_for=1) as out:
        server = serve("shm://seen")
        out.send(
            np.zeros((60, 80, 3), np.uint8), meta={"det": {"boxes": [[5, 6, 20, 10, hostile, 0.5]], "text": [hostile]}}
        )
        opened(tab, server)
        tab.wait_for("document.querySelectorAll('.marks rect').length === 3")
        assert tab.run("[...document.querySelectorAll('.marks text')].map(text => text.textContent)") == [
            f"{hostile} 0.50",
            hostile,
        ]
        assert tab.run("document.querySelectorAll('img').length") == 0
        assert tab.run("document.title") == "framebus"


def test_an_away_camera_is_a_tile_with_its_reason(serve: Serve, tab: Tab) -> None:
    opened(tab, serve("rtsp://me:hidden-word@127.0.0.1:9/main"))
    assert "Away" in tab.wait_for("(document.querySelector('.why:not([hidden])') || {}).innerText")
    tab.wait_for("document.querySelector('.why').innerText.includes('refused')")
    assert "hidden-word" not in tab.run("document.documentElement.outerHTML")


def test_streams_come_and_go_while_the_page_is_open(serve: Serve, tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framebus.web.condition.GONE_S", 0.1)
    opened(tab, serve())
    assert "No stream yet" in tab.wait_for("document.querySelector('.empty').innerText")
    with fb.publish("shm://late", wait_for=1) as out:
        out.send(np.zeros((60, 80), np.uint8))
        tab.wait_for("framebus.view.tiles.has('late')")
    tab.wait_for("framebus.view.tiles.size === 0 && !document.querySelector('.empty').hidden")


def test_the_page_recovers_when_its_server_comes_back(serve: Serve, tab: Tab, free_port: int) -> None:
    listen = f"localhost:{free_port}"
    server = serve("synthetic:balls", listen=listen, fps=10, size="160x120")
    live(opened(tab, server))
    server.close()
    tab.wait_for("document.getElementById('link').textContent.includes('away')")
    drawn = tab.run(f"{TILE}.drawn")
    serve("synthetic:balls", listen=listen, fps=10, size="160x120")
    tab.wait_for(f"{TILE}.drawn > {drawn} && document.getElementById('link').textContent === ''")


def test_nobody_else_gets_in(serve: Serve, tab: Tab) -> None:
    server = serve("synthetic:", fps=5)
    assert isinstance(server.page, Page)
    tab.open(server.url().partition("?")[0])
    assert "the link is incomplete" in tab.wait_for("document.body && document.body.innerText")


def test_a_tile_that_went_is_fed_no_more(serve: Serve, tab: Tab) -> None:
    live(opened(tab, serve("synthetic:balls", size="640x480", fps=15), "#/balls"))
    said = tab.run("""(() => {
        const {tile, wire} = {tile: framebus.view.tile, wire: framebus.wire}, said = [];
        wire.say = wish => said.push(wish.op);
        framebus.view.close();
        tile.zoom = 4; tile.settle();
        delete wire.say;
        return said;
    })()""")
    assert said == ["leave"]


def test_players_keep_no_address_of_what_they_played(serve: Serve, tab: Tab) -> None:
    opened(tab, serve("synthetic:balls", fps=5))
    assert tab.run("""(async () => {
        const {MsePlayer} = await import('/static/now/players.js'), made = [], gone = [];
        const {createObjectURL: create, revokeObjectURL: revoke} = URL;
        URL.createObjectURL = source => { const url = create.call(URL, source); made.push(url); return url; };
        URL.revokeObjectURL = url => { gone.push(url); revoke.call(URL, url); };
        const player = new MsePlayer({done() {}, shown() {}, failed() {}});
        const begin = {kind: 0, meta: {codec: 'avc1.42c01f'}};
        player.take(begin); player.take(begin); player.close();
        return [made.length, made.filter(url => !gone.includes(url)).length];
    })()""") == [2, 0]


def test_video_that_comes_unevenly_is_played_further_from_its_end_for_a_while(serve: Serve, tab: Tab) -> None:
    opened(tab, serve("synthetic:balls", fps=5))
    at_first, starved, after_a_jump, calm = tab.run("""(async () => {
        const {MsePlayer} = await import('/static/now/players.js');
        const player = new MsePlayer({done() {}, shown() {}, failed() {}}), spares = [player.spare];
        for (let n = 1; n < 20; n++) player.starved(n * 1000);
        spares.push(player.spare);
        player.spare = 0.1; player.jumped = 20000; player.starved(20100);
        spares.push(player.spare);
        player.buffer = {buffered: {length: 1, start: () => 0, end: () => 10}, updating: true};
        for (let n = 0; n < 20; n++) { player.uneven = -1e6; player.chase(); }
        spares.push(player.spare);
        player.close();
        return spares;
    })()""")
    assert (at_first, starved, after_a_jump, calm) == (0.033, 0.3, 0.1, 0.033)


def test_how_far_from_its_end_video_is_played_is_steered_by_its_pace(serve: Serve, tab: Tab) -> None:
    opened(tab, serve("synthetic:balls", fps=5))
    paces, jumped_to = tab.run("""(async () => {
        const {MsePlayer} = await import('/static/now/players.js');
        const player = new MsePlayer({done() {}, shown() {}, failed() {}}), paces = [];
        for (let n = 0; n < 200; n++) player.take({at: n * 0.04, data: new Uint8Array(), kind: 1});
        const wanted = player.interval + player.spare;
        player.element = {currentTime: 0, playbackRate: 1};
        player.jumped = performance.now();
        for (const late of [-0.03, -0.01, 0, 0.02, 0.2]) {
            player.buffer = {buffered: {length: 1, start: () => 0, end: () => wanted + late}, updating: true};
            player.chase();
            paces.push(player.element.playbackRate);
        }
        player.jumped = -1e6;
        player.buffer = {buffered: {length: 1, start: () => 0, end: () => 10}, updating: true};
        player.chase();
        return [paces, 10 - player.element.currentTime];
    })()""")
    assert paces == [0.94, 0.98, 1, 1.04, 1.1]
    assert jumped_to == pytest.approx(0.04 + 0.033, abs=1e-3)


def test_a_part_that_is_opened_twice_asks_once(serve: Serve, tab: Tab) -> None:
    opened(tab, serve("synthetic:balls", fps=5))
    assert tab.run("""(async () => {
        const going = new Set(), {setInterval: set, clearInterval: clear} = window;
        window.setInterval = (...how) => { const id = set(...how); going.add(id); return id; };
        window.clearInterval = id => { going.delete(id); clear(id); };
        await Promise.all([framebus.open('log'), framebus.open('log')]);
        const asking = going.size;
        framebus.parts.get('log').close();
        return [asking, going.size];
    })()""") == [1, 0]


def test_an_address_that_is_none_shows_all_streams(serve: Serve, tab: Tab) -> None:
    opened(tab, serve("synthetic:balls", fps=5), "#/%E0%A4%A")
    tab.wait_for("framebus.view && framebus.view.tiles && framebus.view.tiles.size === 1")
    assert tab.console == []
