"""What a console shows of things."""

from __future__ import annotations

from collections.abc import Iterator

from framebus.core.showing import MOST, line


def test_it_is_one_line_without_credentials_and_without_what_is_empty() -> None:
    shown = line("Source", lambda: "rtsp://ann:canary@cam/ma\nin", lambda: ["open", "", "3 frames"])
    assert shown == "<Source rtsp://***@cam/ma in: open, 3 frames>"
    assert line("Source", lambda: "", lambda: ["open"]) == "<Source: open>"


def test_a_long_name_is_cut() -> None:
    shown = line("Source", lambda: "x" * 500, list)
    assert shown == f"<Source {'x' * (MOST - 1)}…>"


def test_what_cannot_be_told_is_left_out() -> None:
    def told() -> Iterator[str]:
        yield "open"
        raise OSError("gone")

    def nameless() -> str:
        raise AttributeError("no name")

    assert line("Source", nameless, told) == "<Source: open>"
