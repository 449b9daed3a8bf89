"""The log: a line for each event, a file for each day, and nobody forges a line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.compat.imagehub.event_log import MAX_TEXT, EventLog, one_line
from framebus.core.errors import Unavailable

WHEN = datetime(2025, 11, 21, 23, 59, 59, 123456)
NEXT = WHEN + timedelta(seconds=1)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    opened = EventLog(str(tmp_path / "logs"), most=3)
    yield opened
    opened.close()


def lines(log: EventLog, ending: str = "") -> list[str]:
    return Path(log.path + ending).read_text().splitlines()


def test_a_line_has_the_time_and_the_text(log: EventLog) -> None:
    log.write("Barn|motion|moving", WHEN)
    assert lines(log) == ["2025-11-21 23:59:59,123 ~ Barn|motion|moving"]


def test_at_midnight_yesterday_gets_its_date(log: EventLog) -> None:
    log.write("late", WHEN)
    log.write("early", NEXT)
    assert lines(log, ".2025-11-21") == ["2025-11-21 23:59:59,123 ~ late"]
    assert lines(log) == ["2025-11-22 00:00:00,123 ~ early"]


def test_a_clock_set_back_overwrites_no_day(log: EventLog) -> None:
    for when in (WHEN, NEXT, WHEN, NEXT):
        log.write("tick", when)
    assert len(lines(log, ".2025-11-21")) == len(lines(log, ".2025-11-21.2")) == 1
    assert len(lines(log, ".2025-11-22")) == 1


def test_a_restart_goes_on_with_the_file_of_today(log: EventLog) -> None:
    now = datetime.now()
    log.write("before", now)
    log.close()
    again = EventLog(str(Path(log.path).parent), most=3)
    again.write("after", now)
    assert [line.rpartition(" ~ ")[2] for line in lines(log)] == ["before", "after"]
    again.write("later", now + timedelta(days=1))
    again.close()
    assert len(lines(log, f".{now.date().isoformat()}")) == 2


def test_a_day_has_so_many_lines_also_after_a_restart(log: EventLog) -> None:
    now = datetime.now()
    assert [log.write("tick", now) for _ in range(2)] == [True, True]
    log.close()
    again = EventLog(str(Path(log.path).parent), most=3)
    assert [again.write("tick", now) for _ in range(2)] == [True, False]
    assert again.write("tick", now + timedelta(days=1))
    again.close()


def test_half_a_line_is_not_gone_on_with(log: EventLog) -> None:
    log.close()
    Path(log.path).write_text("2025-11-21 08:00:00,0")
    again = EventLog(str(Path(log.path).parent), most=9)
    again.write("whole", datetime.now())
    again.close()
    assert [line.rpartition(" ~ ")[2] for line in lines(log)] == ["2025-11-21 08:00:00,0", "whole"]


def test_what_is_in_the_way_is_an_error_and_no_end(log: EventLog) -> None:
    log.close()
    Path(log.path).unlink()
    Path(log.path).mkdir()
    with pytest.raises(Unavailable, match="cannot be written"):
        log.write("lost", WHEN)
    Path(log.path).rmdir()
    log.write("back", WHEN)
    assert len(lines(log)) == 1


def test_a_file_removed_meanwhile_is_no_error_at_midnight(log: EventLog) -> None:
    log.write("late", WHEN)
    Path(log.path).unlink()
    log.write("early", NEXT)
    assert len(lines(log)) == 1


@pytest.mark.parametrize(
    "text", ["one\ntwo", "one\r2025-11-21 00:00:00,000 ~ forged", "\x1b[2J", "\0", "\u2028", "\ud800"]
)
def test_what_does_not_show_is_written_as_an_escape(log: EventLog, text: str) -> None:
    log.write(text, WHEN)
    assert len(lines(log)) == 1
    assert lines(log)[0].isprintable()
    assert "\\" in lines(log)[0]


@given(st.text())
def test_any_text_is_one_line_of_limited_length(text: str) -> None:
    shown = one_line(text)
    assert shown.isprintable()
    assert len(shown) <= MAX_TEXT


def test_a_place_that_cannot_be_is_an_error_at_once(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file")
    with pytest.raises(Unavailable):
        EventLog(str(tmp_path / "logs"), most=3)


def test_the_day_of_a_file_is_that_of_its_last_line(log: EventLog) -> None:
    log.write("now", datetime.now())
    log.close()
    again = EventLog(str(Path(log.path).parent), most=9)
    again.write("later", datetime(2999, 1, 1))
    again.close()
    assert Path(f"{log.path}.{date.today().isoformat()}").exists()
