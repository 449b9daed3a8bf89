"""The table of a running system: what it shows where there is room, and what where there is not."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from framebus.cli.run_table import COLUMNS, TROUBLES, fitting, render
from framebus.graph.channel import Figures
from framebus.graph.view import View

FIGURES = Figures(rate=29.97, age_s=0.031, frames=12_345, missed=7, cpu=0.256, memory=83_400_000)


def stream(name: str, state: str = "live", why: str = "") -> View:
    return View(key=f"streams.{name}", name=name, kind="stream", state=state, why=why, figures=FIGURES)


def views(cameras: int = 2) -> list[View]:
    return [
        View(key="streams", name="streams", kind="capture", state="live", pid=101, figures=FIGURES),
        *(stream(f"cam{number}") for number in range(cameras)),
        View(key="pipes.look", name="look", kind="pipe", state="live", pid=102, figures=FIGURES, restarts=3),
        View(key="services.seg", name="seg", kind="service", state="starting", pid=103, figures=Figures()),
        View(key="web", name="web", kind="web", state="live", pid=104, figures=Figures(cpu=0.02, memory=61_000_000)),
    ]


def shown(seen: list[View], columns: int = 120, lines: int = 40) -> list[str]:
    console = Console(file=StringIO(), width=columns, height=lines)
    console.print(render(seen, "yard.toml · 3.0 s", columns, lines))
    assert isinstance(console.file, StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_every_figure_where_there_is_room() -> None:
    assert shown(views()) == [
        "yard.toml · 3.0 s",
        "NODE      STATE       RATE    AGE  FRAMES  GAPS  RESTARTS  CPU   MEMORY  PID",
        "streams   live                                          –  26%  83.4 MB  101",
        "  cam0    live      30.0/s  31 ms  12,345     7         –",
        "  cam1    live      30.0/s  31 ms  12,345     7         –",
        "pipes",
        "  look    live      30.0/s  31 ms  12,345     7         3  26%  83.4 MB  102",
        "services",
        "  seg     starting   0.0/s              0               –   0%  0 bytes  103",
        "web       live                                          –   2%    61 MB  104",
    ]


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 120])
def test_it_fits_the_width_and_shows_state_and_process_always(columns: int) -> None:
    lines = shown(views(), columns)
    assert all(len(line) <= columns for line in lines)
    head = lines[1].split()
    assert head[:2] == ["NODE", "STATE"]
    assert set(head[2:]) <= set(COLUMNS)
    assert "RATE" in head
    assert columns < 60 or "PID" in head


def test_what_is_wrong_is_told_below() -> None:
    seen = [stream("gate"), stream("yard", "away", "no route to host"), stream("door", "stalled", "x" * 500)]
    lines = shown(seen, 60)
    assert lines[-2] == "yard no route to host"
    assert lines[-1].startswith("door xxx")
    assert len(lines[-1]) <= 60


def test_not_everything_that_is_wrong_is_told_below() -> None:
    seen = [stream(f"cam{number}", "away", "no route to host") for number in range(20)]
    assert sum("no route to host" in line for line in shown(seen)) == TROUBLES


def test_sixty_cameras_on_a_small_terminal_leave_out_those_that_are_well() -> None:
    seen = views(60)
    seen[17] = stream("cam16", "away", "no route to host")
    lines = shown(seen, 100, 24)
    assert len(lines) <= 23
    text = "\n".join(lines)
    assert "cam16" in text
    assert "look" in text
    assert "seg" in text
    assert "more streams, all well" in text


@pytest.mark.parametrize("room", range(1, 80, 3))
def test_trouble_is_never_left_out(room: int) -> None:
    seen = views(60)
    seen[30] = stream("cam29", "again", "gone")
    kept, left_out = fitting(seen, room)
    assert len(kept) + left_out == len(seen)
    assert seen[30] in kept
    assert [view for view in seen if view in kept] == kept
    assert all(view in kept for view in seen if view.kind != "stream")


def test_names_of_any_kind_are_shown_as_they_are() -> None:
    seen = [stream("[red]gate[/red]", "away", "[bold]why[/bold]")]
    assert any("[red]gate[/red]" in line for line in shown(seen))
    assert "[red]gate[/red] [bold]why[/bold]" in shown(seen)[-1]
