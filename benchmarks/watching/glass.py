"""One camera, one server, and who looks: how late pictures are on the screen, and what viewers cost the server."""

from __future__ import annotations

import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.synchronize import Semaphore
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.harness.meters import cpu_ns
from benchmarks.harness.processes import FORK, Child, MeasurementError, Parent, free_ports
from benchmarks.harness.rounds import Values
from benchmarks.watching.latency import READY_AFTER_S, await_camera, show
from benchmarks.watching.lookers import LOOKERS
from benchmarks.watching.pages import DRIFTING_FPS, PAGES

MANY = 3
"""How many viewers there are in the end."""
_SETTLE_S = 1.5
_WINDOW = 1600, 1000
_SAMPLE = """new Promise(done => {{
    const found = [], from = performance.now() + {settle_ms}, end = from + {ms};
    let last = null;
    const see = (picture, drawn) => {{
        const now = performance.now(), burnt = from < now && now < end ? {stamp}(picture) : null;
        if (!burnt || burnt.number === last) return null;
        last = burnt.number;
        const one = {{screen: null, drawn: drawn && performance.timeOrigin + drawn - burnt.captured}};
        found.push(one);
        return at => {{ one.screen = performance.timeOrigin + at - burnt.captured; }};
    }};
    const picture = {picture};
    if (picture.getContext) {{
        const context = picture.getContext('2d'), draw = context.drawImage;
        context.drawImage = (...told) => {{
            draw.apply(context, told);
            const seen = see(picture, performance.now());
            if (seen) requestAnimationFrame(() => seen(performance.now()));
        }};
    }} else {{
        const look = () => {{
            const at = performance.now();
            see(picture, null)?.(at);
            if (at > end) return;
            if (picture.requestVideoFrameCallback) picture.requestVideoFrameCallback(look);
            else requestAnimationFrame(look);
        }};
        look();
    }}
    setTimeout(() => done(found.filter(one => one.screen !== null)), {settle_ms} + {ms} + 100);
}})"""
"""Which pictures come, and how long ago each was taken: when the screen is drawn next, or a video has it on it; and,
where a program draws them, when it had.
"""


def on_the_screen(name: str, seconds: float) -> Values:
    """How late the pictures of a camera are in a browser that looks at the page called `name`."""
    with _served(name) as (camera, server, port), Parent(_look, name, port, seconds) as browser:
        return browser.result(2 * READY_AFTER_S + seconds, beside=[camera, server])


def cost_of_viewers(name: str, seconds: float) -> Values:
    """What the page called `name` costs its server, in % of a core: unseen, with one viewer, with each further."""
    found = {}
    with _served(name) as (camera, server, port), ExitStack() as open_:
        lookers: list[tuple[Child[None], Semaphore]] = []
        for count in (0, 1, MANY):
            while len(lookers) < count:
                lookers.append(open_.enter_context(_looking(name, port)))
            found[count] = _load(server, [came for _, came in lookers], seconds)
            for child in (camera, server, *(looker for looker, _ in lookers)):
                child.check()
    return {
        "unseen": found[0].percent,
        "one": found[1].percent,
        "further": (found[MANY].percent - found[1].percent) / (MANY - 1),
        "each_per_s": found[MANY].pictures_per_s / MANY,
        "cpu_ms": 10 * found[MANY].percent / max(found[MANY].pictures_per_s, 1e-3),
    }


class Load(NamedTuple):
    """What a server does."""

    percent: float
    """Of a core."""
    pictures_per_s: float
    """To all viewers together."""


@contextmanager
def _served(name: str) -> Iterator[tuple[Child[None], Child[None], int]]:
    of_camera, port = free_ports(2)
    shown = FORK.Semaphore(0)
    with Child(show, of_camera, shown, DRIFTING_FPS) as camera:
        await_camera(camera, shown)
        with Child(PAGES[name].serve, f"rtsp://127.0.0.1:{of_camera}/cam", port) as server:
            _await_server(server, port)
            yield camera, server, port


def _await_server(server: Child[None], port: int) -> None:
    end = time.monotonic() + READY_AFTER_S
    while time.monotonic() < end:
        server.check()
        with socket.socket() as line:
            if not line.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
    raise MeasurementError(f"{server.name} did not listen")


def _look(name: str, port: int, seconds: float) -> Values:
    from tests.web.browser import READ_STAMP, Browser

    page = PAGES[name]
    with tempfile.TemporaryDirectory() as folder, Browser(Path(folder) / "profile") as browser:
        tab = browser.tab(f"http://localhost:{port}/")
        tab.size(*_WINDOW)
        tab.wait_for("document.readyState === 'complete'")
        if page.prepare:
            tab.run(page.prepare)
            tab.open("about:blank")  # to another part alone it would go without loading anything anew
            tab.open(f"http://localhost:{port}/{page.part}")
        shown = f"{page.picture} && {READ_STAMP}({page.picture})"
        tab.wait_for(shown)
        tab.open("about:blank")
        tab.open(f"http://localhost:{port}/{page.part}")
        first_ms = tab.wait_for(f"{shown} && performance.now()")
        times = {"ms": seconds * 1e3, "settle_ms": _SETTLE_S * 1e3}
        found = tab.run(_SAMPLE.format(stamp=READ_STAMP, picture=page.picture, **times))
    return _summary(found, seconds) | {"first_ms": first_ms}


def _summary(found: list[dict[str, float | None]], seconds: float) -> Values:
    if len(found) < 2:
        raise MeasurementError("no stamp could be read on the screen")
    late = np.array([one["screen"] for one in found], float)
    drawn = [one["drawn"] for one in found if one["drawn"] is not None]
    return {
        "late_ms": float(np.median(late)),
        "late_p95_ms": float(np.quantile(late, 0.95)),
        "shown_per_s": len(found) / seconds,
    } | ({"drawn_ms": float(np.median(drawn))} if drawn else {})


@contextmanager
def _looking(name: str, port: int) -> Iterator[tuple[Child[None], Semaphore]]:
    """A viewer, and what it releases with every picture."""
    came = FORK.Semaphore(0)
    with Child(_seeing, PAGES[name].looker, port, came) as looker:
        if not came.acquire(timeout=READY_AFTER_S):
            looker.check()
            raise MeasurementError("a viewer was sent nothing")
        yield looker, came


def _seeing(looker: str, port: int, came: Semaphore) -> None:
    LOOKERS[looker](port, came.release)


def _load(server: Child[Any], viewers: Sequence[Semaphore], seconds: float) -> Load:
    time.sleep(_SETTLE_S)
    cpu, came, began = cpu_ns(server.pid), _came(viewers), time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    return Load((cpu_ns(server.pid) - cpu) / 1e7 / took, (_came(viewers) - came) / took)


def _came(viewers: Sequence[Semaphore]) -> int:
    return sum(viewer.get_value() for viewer in viewers)
