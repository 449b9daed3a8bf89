"""Can everybody use the page? axe-core looks at every part, dark and light, wide and narrow; then keys alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from framebus.web.server import Server
from framebus.web.system_part import System
from tests.web import browser
from tests.web.browser import Browser, Tab
from tests.web.conftest import Serve
from tests.web.test_browser import opened
from tests.web.test_devices import served
from tests.web.test_recordings import record, shown

if browser.executable() is None or find_spec("axe_core_python") is None:
    print("NOT TESTED: whether everybody can use the page. It needs Chromium and axe-core-python", file=sys.stderr)
    pytest.skip(
        "no Chromium or no axe-core-python: NOT TESTED whether everybody can use the page", allow_module_level=True
    )
pytest.importorskip("av")

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    with Browser(tmp_path / "profile") as chromium:
        yield chromium.tab("about:blank")


def axe() -> str:
    """The script."""
    spec = find_spec("axe_core_python")
    assert spec is not None
    assert spec.origin is not None
    return (Path(spec.origin).parent / "axe.min.js").read_text("utf-8")


def findings(tab: Tab) -> list[str]:
    """What axe finds, as rule and element."""
    if not tab.run("Boolean(window.axe)"):
        tab.run(f"{axe()}; true")
    options = json.dumps({"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]})
    found: list[dict[str, Any]] = tab.run(f"axe.run(document, {options}).then(result => result.violations)")
    return [f"{one['id']}: {node['html'][:160]} {node['failureSummary']}" for one in found for node in one["nodes"]]


@pytest.fixture
def server(serve: Serve, tmp_path: Path, free_port: int) -> Iterator[Server]:
    """A page with every part, a recording, a device, and a camera that is away."""
    root = tmp_path / "recordings"
    with served(f"tcp://localhost:{free_port}"):
        server = serve(
            *("synthetic:balls", "synthetic:cells", "rtsp://127.0.0.1:9/x"),
            recordings=root,
            devices=[f"tcp://localhost:{free_port}", "tcp://localhost:9"],
            parts=[System()],
            size="160x120",
        )
        shown(server, "balls")
        record(server, "balls")
        yield server


READY = {
    "": "framebus.view && framebus.view.tiles.size === 3 && document.querySelector('.why:not([hidden])')",
    "#/balls": "framebus.view && framebus.view.tile && framebus.view.tile.drawn && framebus.view.counted",
    "#recordings": "document.querySelector('[data-does=Play]')",
    "#system": "document.querySelector('#system h1')",
    "#devices": "document.querySelector('.card input')",
    "#log": "document.querySelector('.lines')",
}


def test_axe_finds_nothing(server: Server, tab: Tab) -> None:
    opened(tab, server)
    found: dict[str, list[str]] = {}
    for width, height in ((1280, 800), (390, 844)):
        tab.size(width, height)
        for light in (False, True):
            tab.run(f"document.documentElement.classList.toggle('light', {json.dumps(light)})")
            for place, ready in READY.items():
                tab.run(f"location.hash = {place!r}")
                tab.wait_for(ready)
                if place == "#recordings":
                    tab.run("document.querySelector('[data-does=Play]').click()")
                if problems := findings(tab):
                    found[f"{place} {width} {'light' if light else 'dark'}"] = problems
    tab.run("location.hash = ''")
    tab.key("?")
    found |= {"help": problems} if (problems := findings(tab)) else {}
    assert not found, json.dumps(found, indent=1)


def test_everything_is_reached_with_the_tabulator(server: Server, tab: Tab) -> None:
    opened(tab, server)
    tab.wait_for(READY[""])
    reached: list[str] = []
    for _ in range(30):
        tab.do("Input.dispatchKeyEvent", type="keyDown", key="Tab", code="Tab", windowsVirtualKeyCode=9)
        tab.do("Input.dispatchKeyEvent", type="keyUp", key="Tab", code="Tab", windowsVirtualKeyCode=9)
        name = "(one => one.getAttribute('aria-label') || one.textContent)(document.activeElement)"
        reached.append(tab.run(name))
        ring = tab.run(
            "document.activeElement === document.body || getComputedStyle(document.activeElement).outlineStyle"
        )
        assert ring in (True, "solid"), reached[-1]
    for wanted in ("Wall", "Recordings", "Devices", "Log", "Pause", "Record balls", "Record cells"):
        assert wanted in reached
    assert any(name.startswith("balls, live") for name in reached)


def test_what_is_heard_says_what_is_seen(server: Server, tab: Tab) -> None:
    """What a screen reader is told, from the browser's own tree."""
    opened(tab, server)
    tab.wait_for(READY[""])
    tab.wait_for("document.querySelector('.cover[href=\"#/balls\"]').getAttribute('aria-label').includes('old')")
    tree = tab.do("Accessibility.getFullAXTree")["nodes"]
    told = {(node["role"]["value"], node.get("name", {}).get("value", "")) for node in tree if not node.get("ignored")}
    links = {name for role, name in told if role == "link"}
    assert any(name.startswith("balls, live, ") and "old" in name for name in links)
    assert any(name.startswith("127.0.0.1, away") for name in links)
    assert ("button", "Record balls") in told
    assert {role for role, _ in told} >= {"banner", "navigation", "main"}


def test_who_wants_no_motion_gets_none(server: Server, tab: Tab) -> None:
    tab.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
    opened(tab, server)
    tab.wait_for(READY[""])
    moving = (
        "[...document.querySelectorAll('*')].filter(one => parseFloat(getComputedStyle(one).transitionDuration) > 0)"
    )
    assert tab.run(f"{moving}.length") == 0
