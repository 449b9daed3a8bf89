"""What people do on the page besides looking: record, play, set attributes, read the log; by mouse and by keyboard."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import framebus as fb
from framebus.web.server import Server
from framebus.web.ways import Role
from tests.waiting import until
from tests.web import browser
from tests.web.browser import Browser, Tab
from tests.web.conftest import LOOKS, Serve
from tests.web.test_browser import opened
from tests.web.test_devices import served
from tests.web.test_recordings import listed, record, shown

if browser.executable() is None:
    print("NOT TESTED: the page in a browser. apt-get install -y --no-install-recommends chromium", file=sys.stderr)
    pytest.skip("no Chromium is installed: the page is NOT TESTED in a browser", allow_module_level=True)
pytest.importorskip("av")

SAID = "document.querySelector('.tile .said').textContent"
PARTS = "[...document.querySelectorAll('#parts a:not([hidden])')].map(one => one.textContent)"


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    with Browser(tmp_path / "profile") as chromium:
        yield chromium.tab("about:blank")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


def test_a_stream_is_recorded_from_its_tile(serve: Serve, tab: Tab, root: Path) -> None:
    server = serve("synthetic:balls", recordings=root, fps=20, size="160x120")
    opened(tab, server)
    tab.wait_for("document.querySelector('.record:not([hidden])')")
    assert tab.run("document.querySelector('.record').getAttribute('aria-label')") == "Record balls"
    tab.run("document.querySelector('.record').click()")
    tab.wait_for(f"/^● recording \\d\\d:\\d\\d$/.test({SAID})")
    assert tab.run("document.querySelector('.record').getAttribute('aria-label')") == "Stop recording balls"
    assert "● recording" in tab.run("document.querySelector('.cover').getAttribute('aria-label')")
    assert tab.run("location.hash") == ""
    tab.run("document.querySelector('.record').click()")
    tab.wait_for("document.querySelector('.tile .said').hidden")
    assert [one["stream"] for one in listed(server)] == ["balls"]
    assert tab.console == []


def test_a_stream_is_recorded_by_keyboard_and_from_its_own_page(serve: Serve, tab: Tab, root: Path) -> None:
    server = serve("synthetic:balls", recordings=root, fps=20, size="160x120")
    opened(tab, server)
    tab.wait_for("document.querySelector('.record:not([hidden])')")
    tab.key("ArrowRight")
    tab.key("r")
    tab.wait_for(f"{SAID}.startsWith('● recording 0')")
    assert tab.run("document.querySelector('#heard[role=status]').textContent") == "balls is being recorded"
    tab.run("location.hash = '#/balls'")
    tab.wait_for("framebus.view.recordButton && framebus.view.recordButton.textContent === 'Stop recording'")
    tab.key("r")
    tab.wait_for("framebus.view.recordButton.textContent === 'Record'")
    tab.run("framebus.view.recordButton.click()")
    tab.wait_for("framebus.view.recordButton.textContent === 'Stop recording'")
    until(lambda: len(listed(server)) == 2)


def test_why_nothing_is_recorded_stands_on_the_tile(
    serve: Serve, tab: Tab, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve("synthetic:balls", recordings=root, fps=20, size="160x120")
    monkeypatch.setattr(server.page.parts[1].folder, "root", "/proc/nowhere")  # type: ignore[attr-defined]
    opened(tab, server)
    tab.wait_for("document.querySelector('.record:not([hidden])')")
    tab.run("document.querySelector('.record').click()")
    told = tab.wait_for(f"{SAID}.startsWith('▲') && {SAID}")
    assert "not recorded" in told
    assert "/proc" in told
    tab.run("document.querySelector('.away').click()")
    tab.wait_for("document.querySelector('.tile .said').hidden")


def test_a_recording_is_played(serve: Serve, tab: Tab, root: Path) -> None:
    server = serve("synthetic:balls", recordings=root, fps=20, size="160x120")
    shown(server, "balls")
    record(server, "balls", frames=30)
    opened(tab, server, "#recordings")
    tab.wait_for("document.querySelector('[data-does=Play]')")
    assert tab.run("document.title") == "Recordings · framebus"
    assert tab.run("document.querySelector('#parts [aria-current]').textContent") == "Recordings"
    tab.run("document.querySelector('[data-does=Play]').click()")
    tab.wait_for(
        "document.querySelector('video').currentTime > 0.3 && document.querySelector('video').videoWidth === 160"
    )
    tab.run("document.querySelector('video').currentTime = 0.5")
    tab.wait_for("!document.querySelector('video').seeking && document.querySelector('video').currentTime >= 0.5")
    assert tab.run("document.querySelector('[data-does=Download]').getAttribute('href')").endswith("?download=1")
    tab.run("location.hash = ''")
    tab.wait_for("framebus.view && framebus.view.tiles.size === 1 && !document.querySelector('video[src]')")
    assert tab.console == []


def test_what_browsers_do_not_play_is_shown_all_the_same(serve: Serve, tab: Tab, root: Path) -> None:
    pytest.importorskip("h5py")
    root.mkdir()
    with fb.publish(str(root / "run.h5")) as out:
        for number in range(3):
            out.send(np.full((48, 64), 1000 * number, np.uint16), stream="deep")
    opened(tab, serve("synthetic:", recordings=root, fps=5), "#recordings")
    tab.wait_for("document.querySelector('[data-does=Play]')")
    tab.run("document.querySelector('[data-does=Play]').click()")
    tab.wait_for("document.querySelector('.player img').naturalWidth === 64")


def test_files_with_hostile_names_are_text(serve: Serve, tab: Tab, root: Path) -> None:
    root.mkdir()
    name = "<img src=x onerror=\"document.title='owned'\">.mp4"
    (root / name).write_bytes(b"x")
    (root / "it's %2e%2e #1?.mp4").write_bytes(b"y")
    opened(tab, serve("synthetic:", recordings=root, fps=5), "#recordings")
    rows = tab.wait_for(
        "document.querySelectorAll('.list tbody tr').length === 2"
        " && [...document.querySelectorAll('.list tbody th')].map(one => one.textContent)"
    )
    assert set(rows) == {name, "it's %2e%2e #1?.mp4"}
    fetched = "Promise.all([...document.querySelectorAll('[data-does=Download]')].map(one => fetch(one.href)))"
    statuses = f"{fetched}.then(all => all.map(one => one.status))"
    assert tab.run(statuses) == [200, 200]
    assert tab.run("document.querySelectorAll('.list img').length") == 0
    assert "owned" not in tab.run("document.title")


def test_attributes_are_set_in_a_form(serve: Serve, tab: Tab, free_port: int) -> None:
    address = f"tcp://localhost:{free_port}"
    with served(address) as stage:
        opened(tab, serve("synthetic:", fps=5, devices=[address]), "#devices")
        labels = "[...document.querySelectorAll('label')]"
        field = f"document.getElementById({labels}.find(one => one.textContent === '{{}}').htmlFor)"
        speed, gain, lit = (field.format(name) for name in ("speed", "gain", "lit"))
        tab.wait_for(f"{speed}.value === '1.5'")
        tab.run(f"{speed}.focus(), {speed}.value = '2.75', {speed}.dispatchEvent(new Event('change'))")
        tab.wait_for(f"{speed}.value === '2.75' && document.activeElement !== {speed}")
        assert stage.speed == 2.75
        tab.run(f"{lit}.click()")
        tab.wait_for(f"{lit}.checked && !{lit}.closest('[data-waiting]')")
        assert stage.lit is True
        said = f"{gain}.closest('.field').querySelector('.error').textContent"
        for typed, why in (
            ("x", "takes a whole number"),
            ("1.5", "takes a whole number"),
            ("11", "gain is from 0 to 10"),
        ):
            tab.run(f"{gain}.focus(), {gain}.value = '{typed}', {gain}.dispatchEvent(new Event('change'))")
            tab.wait_for(f"{said}.includes('{why}') && {gain}.getAttribute('aria-invalid') === 'true'")
        tab.run(f"{gain}.value = '7', {gain}.dispatchEvent(new Event('change'))")
        tab.wait_for(f"{said} === '' && !{gain}.hasAttribute('aria-invalid')")
        assert stage.gain == 3
        stage.speed = 9.0
        tab.wait_for(f"{speed}.value === '9'")
        assert "4.25" in tab.run("document.querySelector('.card').innerText")
    tab.wait_for("document.querySelector('.card .error').textContent.startsWith('◆ Away')")


def test_the_log_grows_and_is_filtered(serve: Serve, tab: Tab) -> None:
    log = logging.getLogger("framebus")
    log.setLevel(logging.INFO)
    try:
        opened(tab, serve("synthetic:", fps=5), "#log")
        tab.wait_for("document.querySelector('.lines')")
        log.info("something <b>calm</b>")
        log.error("something wrong")
        tab.wait_for("document.querySelector('.lines').innerText.includes('something wrong')")
        assert "<b>calm</b>" in tab.run("document.querySelector('.lines').innerText")
        choose = "(one => { one.value = 'error'; one.dispatchEvent(new Event('change')); })"
        tab.run(f"{choose}(document.querySelector('#log select'))")
        tab.wait_for("!document.querySelector('.lines').innerText.includes('calm')")
        tab.wait_for("document.querySelector('.lines').innerText.includes('something wrong')")
    finally:
        log.setLevel(logging.NOTSET)
    assert tab.console == []


def test_those_who_look_see_nothing_to_operate(serve: Serve, tab: Tab, root: Path, free_port: int) -> None:
    server: Server = serve(
        "synthetic:balls", recordings=root, devices=[f"tcp://localhost:{free_port}"], tokens={"view": LOOKS}, fps=10
    )
    tab.open(server.url(role=Role.VIEW))
    tab.wait_for("location.search === '' && window.framebus && framebus.told")
    assert tab.run(PARTS) == ["Wall", "Recordings"]
    assert tab.run("document.querySelector('.record')") is None
    tab.key("ArrowRight")
    tab.key("r")
    tab.run("location.hash = '#devices'")
    tab.wait_for("framebus.view && framebus.view.tiles.size === 1 && !document.getElementById('main').hidden")
    assert listed(server) == []
    assert tab.console == []


def test_masks_are_drawn_under_boxes(serve: Serve, tab: Tab) -> None:
    with fb.publish("shm://seen", wait_for=1) as out:
        server = serve("shm://seen")
        mask = {"size": [60, 80], "counts": [60, 60, 4680], "label": "left"}
        outline = [0, 0, 10, 0, 10, 10, "cat"]
        meta = {"masks": [mask, outline], "boxes": [[5, 6, 20, 10, "cat"]]}
        out.send(np.zeros((60, 80, 3), np.uint8), meta=meta)
        opened(tab, server)
        tab.wait_for("document.querySelectorAll('.marks path').length === 1")
        assert tab.run("document.querySelector('.marks polygon').getAttribute('points')") == "0 0 10 0 10 10"
        names = tab.run("[...document.querySelector('.marks').children].map(one => one.tagName)")
        assert names[:3] == ["path", "polygon", "rect"]
        assert tab.run("document.querySelector('.marks path').getBBox().width") == 1
