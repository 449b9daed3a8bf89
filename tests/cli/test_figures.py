"""Figures, tables and status lines as people read them."""

from __future__ import annotations

import io
import sys

import pytest

from framebus.cli import figures, tables
from framebus.cli.announcing import status, summary
from framebus.cli.colour import paint
from framebus.cli.console import Console
from framebus.core.statistics import ReaderInfo, StreamInfo
from framebus.verbs.flow import Progress


class Terminal(io.StringIO):
    """Standard error as a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0.0/s"), (0.25, "0.25/s"), (29.97, "30.0/s"), (1250.4, "1,250/s")],
)
def test_rates(value: float, shown: str) -> None:
    assert figures.rate(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (0.0012, "1.2 ms"),
        (0.031, "31 ms"),
        (0.9, "900 ms"),
        (2.5, "2.5 s"),
        (200, "3 min 20 s"),
        (7500, "2 h 05 min"),
        (400_000, "4 days"),
        (-0.2, "-200 ms"),
    ],
)
def test_ages(value: float | None, shown: str) -> None:
    assert figures.age(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0 bytes"), (999, "999 bytes"), (230_400, "230 kB"), (1.2e9, "1.2 GB"), (3e15, "3e+03 TB")]
)
def test_sizes(value: float, shown: str) -> None:
    assert figures.size(value) == shown


def test_counts() -> None:
    assert [figures.count(number, "frame") for number in (0, 1, 1234)] == ["0 frames", "1 frame", "1,234 frames"]


def test_columns_line_up() -> None:
    lines = figures.columns(("NAME", "N"), [("a", "1"), ("longer", "1,000")], right=frozenset({1}))
    assert lines == ["NAME        N", "a           1", "longer  1,000"]


def progress(**changes: object) -> Progress:
    facts: dict[str, object] = {
        "phase": "reading",
        "phase_s": 0.0,
        "elapsed_s": 10.0,
        "frames": 300,
        "written": 300,
        "missed": 0,
        "bytes": 276_480_000,
        "rate": 29.9,
        "age_s": 0.031,
        "in_flight": 0,
    }
    return Progress(**(facts | changes))  # type: ignore[arg-type]


def test_the_status_line_says_rate_age_missed_and_readers() -> None:
    readers = (ReaderInfo(name="run.h5"), ReaderInfo(name="window", away=True))
    line = status(progress(missed=1234, readers=readers))
    assert line == "29.9/s · newest 31 ms old · 1,234 missed · 300 frames · 2 readers (1 away)"


def test_the_summary_says_how_it_went() -> None:
    assert summary(progress(), finished=True) == "300 frames in 10.0 s (30.0/s) · 276 MB · none missed"
    nothing = summary(progress(frames=0, written=0, bytes=0, elapsed_s=0.2), finished=True)
    assert nothing == "0 frames in 0.2 s · 0 bytes · none missed"
    resumed = summary(progress(repeated=10), finished=True)
    assert resumed.endswith("none missed · 10 there already")
    in_vain = summary(progress(repeated=300), finished=True)
    assert in_vain.endswith("none missed · 300 there already, nothing was written: --overwrite begins anew")
    cut_short = summary(progress(missed=3, written=290, in_flight=2, unseen=7), finished=False)
    assert cut_short.endswith("3 missed · 290 passed on · 7 sent while nobody read · 2 not arrived")


def test_streams_and_readers_make_two_tables() -> None:
    readers = [ReaderInfo(name="run.h5", keep="all", owed=12, away=True), ReaderInfo(name="eye", missed=3, credit=1)]
    door = StreamInfo(
        name="door", address="tcp://127.0.0.1:5555/door", pid=7, command="cam.py", rate=30, readers=readers
    )
    text = "\n".join(tables.of_streams([door, StreamInfo(name="yard", address="ipc:///y")]))
    assert "cam.py (7)" in text
    assert "run.h5 (away)" in text
    assert text.count("run.h5") == 1
    assert tables.of_streams([]) == []


def test_readers_of_several_streams_of_one_publisher_stand_once() -> None:
    readers = [ReaderInfo(name="eye")]
    left, right = (StreamInfo(name=name, address="tcp://127.0.0.1:5555", readers=readers) for name in ("left", "right"))
    assert sum("eye" in line for line in tables.of_streams([left, right])) == 1


def test_the_status_line_is_redrawn_in_place_and_lines_stay_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    console = Console()
    console.status("one")
    console.status("two")
    console.say("a line")
    console.clear()
    console.clear()
    assert shown.getvalue() == "\r\x1b[Kone\r\x1b[Ktwo\r\x1b[Ka line\n\r\x1b[Ktwo\r\x1b[K"


def test_nobody_watching_there_is_no_status_line(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    console = Console()
    console.status("one")
    console.say("a line with tcp://me:secret@desk")
    assert shown.getvalue() == "a line with tcp://***@desk\n"


def test_colour_only_where_it_is_welcome(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert paint("x", "green", Terminal()) == "\x1b[32mx\x1b[0m"
    assert paint("x", "green", io.StringIO()) == "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert paint("x", "green", Terminal()) == "x"
