"""`framebus web` for those who operate: further links, and recordings that end with Ctrl-C."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from framebus.cli import main
from framebus.record.inspecting import inspect
from tests.conftest import StartChild
from tests.waiting import until

pytest.importorskip("starlette")
pytest.importorskip("av")


def asked(link: str, method: str, path: str) -> Any:
    place, _, token = link.partition("?token=")
    headers = {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{place}{path}", headers=headers, method=method)  # noqa: S310  (our server)
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return json.load(answer)


def test_each_link_may_what_it_says_and_ctrl_c_finishes_recordings(child: StartChild, tmp_path: Path) -> None:
    arguments: list[str | Path] = [
        "--listen",
        "localhost:0",
        "--recordings",
        tmp_path,
        "--link",
        "view",
        "--link",
        "operate",
    ]
    process = child("-m", "framebus", "web", "synthetic:balls", "--size", "160x120", *arguments)
    links = [process.wait_line(r"^(http://\S+token=\S+)$")[1] for _ in range(3)]
    assert len(set(links)) == 3
    assert [asked(link, "GET", "api")["role"] for link in links] == ["admin", "view", "operate"]
    until(lambda: asked(links[0], "GET", "api/streams/balls")["kind"])
    with pytest.raises(urllib.error.HTTPError, match="403"):
        asked(links[1], "POST", "api/streams/balls/recording")
    name = asked(links[2], "POST", "api/streams/balls/recording")["file"]
    until(lambda: asked(links[1], "GET", "api/streams/balls")["recording"]["frames"] > 3)
    logged = [line["text"] for line in asked(links[2], "GET", "api/log")["lines"]]
    assert f"recording balls in {name}" in logged
    process.interrupt()
    assert process.wait() == 0
    assert "Traceback" not in process.stderr
    assert "recording balls" not in process.stderr  # the console is as quiet as it was
    assert inspect(str(tmp_path / name)).whole


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--no-token", "--link", "view"], "link"),
        (["--link", "boss"], "view"),
        (["--device", "camera:0"], "camera:0"),
        (["--recordings", "/proc/nowhere"], "/proc"),
    ],
)
def test_what_is_not_possible_is_said_at_once(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["web", "synthetic:", "--listen", "localhost:0", *arguments]) in (2, 4)
    assert re.search(why, capsys.readouterr().err)
