"""The system as a picture and a table, in a real browser."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from framebus.web.system_part import System
from tests.web import browser
from tests.web.browser import Browser, Tab
from tests.web.conftest import Serve

if browser.executable() is None:
    print("NOT TESTED: the system in a browser. apt-get install -y --no-install-recommends chromium", file=sys.stderr)
    pytest.skip("no Chromium is installed: the system is NOT TESTED in a browser", allow_module_level=True)

HOSTILE = '<img src=x onerror="document.title=1">'
TEXTS = "[...document.querySelectorAll('[data-key=\"{}\"] text')].map(text => text.textContent)"
ROWS = "[...document.querySelectorAll('.system-table tbody tr')]"
CELLS = f"{ROWS}.map(row => [...row.children].map(cell => cell.textContent))"
PICTURE = "document.querySelector('.system-picture')"
ROOM = "document.querySelector('.system-room')"
DRAWN = f"framebus.parts.get('system').shape.startsWith('[' + {ROOM}.clientWidth)"


def part(key: str, kind: str, **more: Any) -> dict[str, Any]:
    """One part, as it is told."""
    figures = {"rate": 0.0, "age_s": None, "frames": 0, "missed": 0, "queue": 0, "workers": 0, "cpu": 0.0, "memory": 0}
    facts = {"place": "", "does": [], "reads": [], "asks": [], "writes": "", "pid": 0, "restarts": 0, "death": ""}
    return {
        "key": key,
        "name": key.rpartition(".")[2],
        "kind": kind,
        "state": "live",
        "why": "",
        **figures,
        **facts,
        **more,
    }


def parts() -> list[dict[str, Any]]:
    """Three cameras, one of them away, an analysis that asks a service, a recorder, the page."""
    return [
        part("streams", "capture", pid=11, cpu=0.31, memory=83_000_000),
        part("streams.gate", "stream", rate=30.0, age_s=0.011, frames=900, missed=3),
        part("streams.yard", "stream", rate=15.0, age_s=0.2),
        part("streams.door", "stream", state="away", why="no route to host"),
        part(
            "pipes.look", "pipe", rate=20.0, age_s=0.046, missed=1810, queue=2, workers=2, cpu=0.5, memory=51_000_000,
            pid=12, restarts=1, death="its process was killed by SIGKILL", reads=["streams.gate", "streams.yard"],
            asks=["services.light"], writes="shm://{stream}-seen", does=["asks bright: light", "max_fps 10"],
        ),
        part("pipes.keep", "pipe", rate=5.0, pid=13, reads=["pipes.look", "tcp://desk:5555/far"], writes="kept/"),
        part("services.light", "service", rate=20.0, pid=14, place="shm://light"),
        part("web", "web", pid=15, place="localhost:8080", reads=["streams.gate"]),
    ]  # fmt: skip


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    with Browser(tmp_path / "profile") as chromium:
        yield chromium.tab("about:blank")


class Told(System):
    """A system of which a test tells."""

    def tell(self, parts: list[dict[str, Any]]) -> None:
        """From now on it is so."""
        self.told = json.dumps({"file": "yard.toml", "parts": parts}).encode()


@pytest.fixture
def system(serve: Serve, tab: Tab) -> Told:
    """A page at its system."""
    system = Told()
    system.tell(parts())
    server = serve("synthetic:gate", size="64x48", fps=5, parts=[system])
    tab.open(server.url())
    tab.wait_for("location.search === '' && window.framebus && framebus.told")
    tab.run("location.hash = '#system'")
    tab.wait_for(f"{CELLS}.length === 8")
    return system


def test_every_part_is_a_box_with_its_state_in_words_and_its_figures(system: Told, tab: Tab) -> None:
    assert tab.run(TEXTS.format("streams.gate")) == ["● gate", "30 fps · 11 ms old", "3 gaps"]
    assert tab.run(TEXTS.format("streams.door")) == ["▲ door · away", "no route to host", "0 gaps"]
    look = tab.run(TEXTS.format("pipes.look"))
    assert look[1] == "asks bright: light, max_fps 10"
    del look[1]
    assert look[:4] == ["● look", "20 fps · 46 ms old", "1,810 gaps · queue 2", "2 workers · 50 % · 51 MB"]
    assert look[4] == "1 restart: killed by SIGKILL"
    assert tab.run(TEXTS.format("streams"))[0].startswith("● one process · 31 % · 83 MB")
    assert tab.run(TEXTS.format("to kept/")) == ["kept/"]
    assert tab.run(TEXTS.format("from tcp://desk:5555/far")) == ["tcp://desk:5555/far"]
    said = tab.run("document.querySelector('#system .note').textContent")
    assert said == "yard.toml: 1 of 8 parts has trouble. door is away: no route to host"
    assert tab.console == []


def test_arrows_lead_from_each_source_to_each_sink(system: Told, tab: Tab) -> None:
    arrows = "framebus.parts.get('system').arrows.map(arrow => `${arrow.from} ${arrow.how} ${arrow.to}`)"
    assert sorted(tab.run(arrows)) == [
        "from tcp://desk:5555/far frames pipes.keep",
        "pipes.keep frames to kept/",
        "pipes.look frames pipes.keep",
        "services.light answers pipes.look",
        "streams.gate frames pipes.look",
        "streams.yard frames pipes.look",
    ]


def test_the_table_says_the_same(system: Told, tab: Tab) -> None:
    rows = {row[0]: row[1:] for row in tab.run(CELLS)}
    assert rows["look"] == [
        *("pipe", "● live", "20 fps", "46 ms", "2", "1,810", "2", "50 %", "51 MB", "1"),
        "its process was killed by SIGKILL",
    ]
    assert rows["door"] == ["stream", "▲ away", "0.0 fps", "–", "", "0", "", "", "", "0", "no route to host"]
    assert tab.run("[...document.querySelectorAll('.system-table thead th')].every(cell => cell.scope === 'col')")


def test_what_changes_is_written_in_place_and_the_keyboard_stays_where_it_was(system: Told, tab: Tab) -> None:
    tab.do("Emulation.setFocusEmulationEnabled", enabled=True)
    tab.run("document.querySelector('[data-key=\"pipes.look\"]').focus()")
    label = "document.activeElement.getAttribute('aria-label')"
    assert tab.run(label).startswith("look, pipe, live, asks bright: light, max_fps 10, 20 fps")
    lit = f"{PICTURE}.querySelectorAll('.way.on').length"
    assert tab.run(lit) == 4
    changed = parts()
    changed[4] |= {"state": "again", "why": "no disk", "restarts": 2}
    changed[3] |= {"restarts": 1}  # a line more: everything is laid out anew
    system.tell(changed)
    assert tab.wait_for(f"{label}.includes('again') && {label}").startswith(
        "look, pipe, again, asks bright: light, max_fps 10, no disk"
    )
    assert tab.run("document.activeElement.dataset.key") == "pipes.look"
    assert tab.run(TEXTS.format("pipes.look"))[::2][:2] == ["↻ look · again", "no disk"]
    assert tab.run("document.querySelector('[data-key=\"pipes.look\"]').dataset.state") == "trouble"


def test_a_stream_leads_to_its_page(system: Told, tab: Tab) -> None:
    assert tab.run("document.querySelector('[data-key=\"streams.gate\"]').getAttribute('href')") == "#/gate"
    assert tab.run("document.querySelector('[data-key=\"streams.yard\"]').getAttribute('href')") is None
    tab.run("location.hash = '#/gate'")
    tab.wait_for("framebus.view && framebus.view.tile && framebus.view.tile.name === 'gate'")


@pytest.mark.parametrize("width", [360, 760, 1280])
def test_it_fits_phones_and_screens(system: Told, tab: Tab, width: int) -> None:
    tab.size(width, 800)
    tab.wait_for(DRAWN)
    boxes = tab.run(f"[...{PICTURE}.querySelectorAll('.box rect')].map(box => box.getBoundingClientRect().toJSON())")
    assert len(boxes) == 9
    for one in boxes:
        for other in boxes:
            apart = one["right"] <= other["left"] or one["bottom"] <= other["top"]
            assert one is other or apart or other["right"] <= one["left"] or other["bottom"] <= one["top"]
    assert tab.run("document.documentElement.scrollWidth <= innerWidth")
    if width < 700:
        assert tab.run(f"{ROOM}.scrollWidth <= {ROOM}.clientWidth")


def test_long_texts_stay_in_their_boxes(system: Told, tab: Tab) -> None:
    long = "rtsp://cameras.WWW.example/{stream}/{time}" + "W" * 60
    gate = part("streams.gate", "stream", place=long, rate=30.0)
    system.tell([gate, part("pipes.keep", "pipe", reads=["streams.gate"], writes=f"/{long}.mp4", does=[long])])
    tab.wait_for(f"{CELLS}.length === 2")
    outside = """[...document.querySelectorAll('.system-picture .box')].flatMap(box => {
        const room = box.querySelector('rect').getBBox();
        return [...box.querySelectorAll('text')].filter(text => {
            const {x, width} = text.getBBox();
            return x + width > room.x + room.width;
        }).map(text => text.textContent);
    })"""
    tab.wait_for(f"{TEXTS.format('pipes.keep')}.some(text => text.endsWith('…'))")
    assert tab.run(outside) == []
    assert tab.run("[...document.querySelectorAll('.box.place text')][0].textContent.endsWith('W.mp4')")


@pytest.mark.parametrize("light", [False, True])
def test_everybody_can_use_it(system: Told, tab: Tab, light: bool) -> None:
    pytest.importorskip("axe_core_python")
    pytest.importorskip("av")
    from tests.web.test_accessible import findings

    tab.run(f"document.documentElement.classList.toggle('light', {json.dumps(light)})")
    for width in (1280, 390):
        tab.size(width, 844)
        tab.wait_for(DRAWN)
        assert findings(tab) == []


def test_names_are_text_whatever_they_hold(system: Told, tab: Tab) -> None:
    system.tell([part("pipes.x", "pipe", name=HOSTILE, why=HOSTILE, state="away", writes=HOSTILE, reads=[HOSTILE])])
    tab.wait_for(f"{CELLS}.length === 1")
    assert tab.run("document.querySelectorAll('#system img').length") == 0
    assert tab.run(CELLS)[0][0] == HOSTILE
    assert tab.run("document.title") == "System · framebus"


def test_a_system_that_tells_nothing_for_a_while_stays_as_it_was(system: Told, tab: Tab) -> None:
    system.told = b""
    note = "document.querySelector('#system .note').textContent"
    tab.wait_for(f"{note}.includes('this is how it was')")
    assert tab.run(f"{CELLS}.length") == 8


def test_a_page_without_a_system_does_not_offer_it(serve: Serve, tab: Tab) -> None:
    server = serve("synthetic:", fps=5, size="64x48")
    tab.open(server.url())
    tab.wait_for("location.search === '' && window.framebus && framebus.told")
    tab.run("location.hash = '#system'")
    tab.wait_for("framebus.view && framebus.view.tiles.size === 1")
    assert tab.run("document.getElementById('system').hidden")
    assert tab.run("document.querySelector('[data-part=system]').hidden")
    assert tab.console == []
