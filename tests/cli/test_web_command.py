"""`framebus web` as people use it: the link it prints, who gets in, how it ends."""

from __future__ import annotations

import os
import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from framebus.cli import main
from framebus.testing.children import Child
from tests.conftest import StartChild

pytest.importorskip("starlette")


def web(child: StartChild, *arguments: str) -> Child:
    return child("-m", "framebus", "web", *arguments)


def link_of(process: Child) -> str:
    return process.wait_line(r"^(http://\S+)$")[1]


def status(url: str) -> int:
    with urllib.request.urlopen(url) as answer:  # noqa: S310  (our own)
        return int(answer.status)


def test_it_prints_a_link_that_opens_the_page_and_ends_by_ctrl_c(child: StartChild) -> None:
    process = web(child, "synthetic:", "--listen", "localhost:0")
    process.wait_line("^showing synthetic: to whoever opens this link, on this machine:$")
    link = link_of(process)
    found = re.fullmatch(r"http://localhost:\d+/\?token=[\w-]{16,}", link)
    assert found
    with pytest.raises(urllib.error.HTTPError, match="401"):
        status(link.partition("?")[0])
    assert status(link.partition("?")[0] + "health") == 200
    process.interrupt()
    assert process.wait() == 0
    assert "Traceback" not in process.stderr


def test_the_link_is_the_same_after_a_restart_and_only_its_owner_can_read_it(child: StartChild, free_port: int) -> None:
    links = []
    for _ in range(2):
        process = web(child, "--listen", f"localhost:{free_port}")
        process.wait_line("^showing shm:// ")
        links.append(link_of(process))
        process.terminate()
        assert process.wait() == 0
    assert links[0] == links[1]
    kept = Path(os.environ["XDG_STATE_HOME"]) / "framebus" / "web-token"
    assert kept.read_text().strip() in links[0]
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.unlink()


def test_without_a_token_this_machine_gets_in(child: StartChild) -> None:
    process = web(child, "synthetic:", "--listen", "localhost:0", "--no-token")
    assert status(link_of(process) + "api/streams") == 200
    process.interrupt()
    assert process.wait() == 0


def test_listening_to_the_network_is_said(child: StartChild) -> None:
    process = web(child, "synthetic:", "--listen", ":0", "--token", "a-token-of-my-own")
    process.wait_line("from any machine that reaches this one; link and pictures travel unencrypted")
    assert "?token=a-token-of-my-own" in link_of(process)
    process.interrupt()
    assert process.wait() == 0


def test_passwords_of_cameras_are_not_repeated(child: StartChild) -> None:
    process = web(child, "rtsp://me:hidden-word@127.0.0.1:9/main", "--listen", "localhost:0")
    link_of(process)
    process.interrupt()
    assert process.wait() == 0
    assert "hidden-word" not in process.stdout + process.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--listen", "8080"], 2, "localhost:8080"),
        (["--listen", ":0", "--no-token"], 2, "this machine only"),
        (["--token", "short", "--listen", "localhost:0"], 2, "16 to 128"),
        (["missing.mp4", "--listen", "localhost:0"], 4, "missing.mp4"),
        (["synthetic:", "--transport", "udp", "--listen", "localhost:0"], 2, "transport"),
        (["synthetic:", "--listn", "localhost:0"], 2, "--listen"),
        (["synthetic:", "--listen", "localhost:0", "--certificate", "no.pem"], 4, "no.pem"),
        (["tcp://:15555", "--listen", "localhost:0"], 4, "insecure"),
    ],
)
def test_what_is_wrong_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    assert main(["web", *arguments]) == code
    said = capsys.readouterr().err
    assert says in said
    assert "Traceback" not in said
    kept = Path(os.environ["XDG_STATE_HOME"]) / "framebus" / "web-token"
    kept.unlink(missing_ok=True)
