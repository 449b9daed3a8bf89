"""The log on the page: the last lines, without passwords, by level."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from framebus.web.log import KEPT, LOGGERS, Log
from framebus.web.server import Server
from tests.web.conftest import LOOKS, Serve, get

log = logging.getLogger("framebus")


@pytest.fixture(autouse=True)
def _level() -> Iterator[None]:
    before = log.level
    log.setLevel(logging.INFO)
    yield
    log.setLevel(before)


@pytest.fixture
def kept() -> Iterator[Log]:
    kept = Log()
    yield kept
    kept.close()


def lines(server: Server, query: str = "") -> list[dict[str, Any]]:
    return list(json.loads(get(server, f"/api/log?{query}")[1])["lines"])


def test_lines_are_told_by_number_and_level(serve: Serve) -> None:
    server = serve("synthetic:", fps=5)
    log.info("one")
    log.warning("two %s", "halves")
    log.error("three")
    found = [line for line in lines(server) if line["text"] in ("one", "two halves", "three")]
    assert [(line["level"], line["text"]) for line in found] == [
        ("info", "one"),
        ("warning", "two halves"),
        ("error", "three"),
    ]
    assert [line["text"] for line in lines(server, f"after={found[0]['number']}&level=error")] == ["three"]
    assert lines(server, f"after={found[2]['number']}") == []


def test_nobody_reads_passwords_in_it(kept: Log) -> None:
    log.warning("rtsp://me:hidden-word@cam/main is away, token=%s", "hidden-word-too")
    try:
        raise ValueError("password=hidden-word")
    except ValueError:
        log.exception("it failed")
    texts = [line.text for line in kept.lines(0, "info")]
    assert len(texts) == 2
    assert "rtsp://***@cam/main" in texts[0]
    assert not any("hidden-word" in text for text in texts)
    assert "ValueError" in texts[1]


def test_the_last_lines_are_kept_and_none_is_endless(kept: Log) -> None:
    for number in range(KEPT + 10):
        log.info("line %d %s", number, "x" * 10_000)
    found = kept.lines(0, "info")
    assert len(found) == KEPT
    assert found[0].text.startswith("line 10 ")
    assert all(len(line.text) <= 4000 for line in found)


def test_debugging_is_left_out(kept: Log) -> None:
    log.setLevel(logging.DEBUG)
    log.debug("detail")
    assert kept.lines(0, "debug") == []


def test_it_is_for_those_who_operate(serve: Serve) -> None:
    server = serve("synthetic:", fps=5, tokens={"view": LOOKS})
    assert get(server, "/api/log", Authorization=f"Bearer {LOOKS}")[0] == 403


@pytest.mark.parametrize("query", ["after=x", "after=-1", "after=" + "9" * 40, "level=loud"])
def test_what_is_asked_wrongly_says_why(serve: Serve, query: str) -> None:
    status, body, _ = get(serve("synthetic:", fps=5), f"/api/log?{query}")
    assert status == 422
    assert json.loads(body)["field"] in ("after", "level")


def test_it_lets_go_of_the_log_when_it_is_closed() -> None:
    before = {name: list(logging.getLogger(name).handlers) for name in LOGGERS}
    Log().close()
    assert {name: logging.getLogger(name).handlers for name in LOGGERS} == before


def test_how_streams_fare_is_in_it(serve: Serve) -> None:
    from tests.waiting import until

    server = serve("synthetic:balls", fps=20)
    until(lambda: any(line["text"] == "balls: live" for line in lines(server)))


def test_a_line_that_cannot_be_written_hurts_nobody_who_logs(kept: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    monkeypatch.setattr(kept, "format", lambda record: record.nothing)
    log.info("one")
    assert kept.lines(0, "info") == []
