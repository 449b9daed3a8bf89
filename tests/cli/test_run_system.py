"""`framebus run yard.toml` as people use it: what it shows and says, and what is left when it ends."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest

from framebus.links.keys import KeyStore
from framebus.memory.pool import supported
from framebus.testing.children import Child
from tests.cli.test_terminal import ESCAPES, on_terminal
from tests.conftest import StartChild

pytestmark = pytest.mark.skipif(not supported(), reason="this system cannot share memory between processes")

SYSTEM = """\
[streams]
gate = { source = "synthetic:", size = "64x48" }
yard = "synthetic:bars"
door = "rtsp://ada:s3cretpw@127.0.0.1:1/main"

[services.light]
op = "ops.py:light"

[pipes.look]
source = ["gate", "yard"]
gather = { light = "light" }
max_fps = 10
sink = "shm://{stream}-seen"

[pipes.small]
source = "gate"
ops = ["resize=32x24", "gray"]

[pipes.save]
source = ["small", "*"]
sink = "null:"
"""
PICTURE = """\
yard.toml is in order: 3 streams, 3 pipes, 1 service

streams, captured by one process
  gate  synthetic:                   size 64x48
  yard  synthetic:bars
  door  rtsp://***@127.0.0.1:1/main
           ╭─ look ─────────────────╮
 gate ─┐   │ asks light: light      │ ──▶ shm://{stream}-seen
 yard ─┴─▶ │ max_fps 10             │
           ╰────────────────────────╯
           ╭─ small ────────────────╮
 gate ───▶ │ op resize=32x24        │ ──▶ shm://small
           │ op gray                │
           ╰────────────────────────╯
small ─┐   ╭─ save ─────────────────╮
 gate ─┤   │ as it comes            │ ──▶ null:
 yard ─┤   ╰────────────────────────╯
 door ─┴─▶

services, asked by gather
  light  ops.py:light  shm://light
"""
FINITE = """\
[pipes.{name}]
source = "synthetic:"
size = "64x48"
frames = 20
sink = "null:"
restart = "never"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ops.py").write_text(
        "def light(image):\n    return float(image.mean())\ndef broken(image):\n    raise ValueError('dark')\n"
    )
    (tmp_path / "yard.toml").write_text(SYSTEM)
    return tmp_path


def start(child: StartChild, folder: Path, *arguments: str) -> Child:
    return child("-m", "framebus", "run", "yard.toml", *arguments, cwd=folder)


def nodes(process: Child) -> dict[str, psutil.Process]:
    """The processes of the nodes, by name."""
    found = psutil.Process(process.pid).children(recursive=True)
    named = {
        next((word for word in reversed(one.cmdline()) if "." in word or word == "streams"), ""): one for one in found
    }
    return {name: one for name, one in named.items() if name.startswith(("streams", "pipes.", "services."))}


def all_live(process: Child) -> None:
    for _ in range(5):
        process.wait_line(r"^(gate|yard|look|small|save|light) is live$")


# running -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["interrupt", "terminate"])
def test_it_says_what_runs_and_stops_on_purpose_with_nothing_left(
    child: StartChild, folder: Path, ending: str, runtime_dir: Path
) -> None:
    process = start(child, folder)
    process.wait_line("^yard.toml runs; Ctrl-C stops it, saving the file applies it$")
    all_live(process)
    running = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    getattr(process, ending)()
    assert process.wait() == 0
    last = process.stderr.splitlines()[-1]
    assert re.match(
        r"yard\.toml: 3 streams, 3 pipes, 1 service in \d.* · [\d,]+ frames captured · [\d,]+ through", last
    )
    assert [one for one in running if one.is_running()] == []
    assert list(runtime_dir.rglob("*.*")) == []
    assert "Traceback" not in process.stderr


def test_the_second_ctrl_c_does_not_wait(child: StartChild, folder: Path) -> None:
    process = start(child, folder)
    all_live(process)
    frozen = nodes(process)["pipes.look"]
    frozen.suspend()
    process.interrupt()
    process.wait_line("^yard.toml is stopping; Ctrl-C again ends it now$")
    process.interrupt()
    assert process.wait() == 130
    assert not frozen.is_running()
    assert "Traceback" not in process.stderr


def test_nodes_die_with_whoever_runs_them(child: StartChild, folder: Path) -> None:
    process = start(child, folder)
    all_live(process)
    running = psutil.Process(process.pid).children(recursive=True)
    assert len(running) == 6
    process.kill()
    _, alive = psutil.wait_procs(running, timeout=10)
    assert alive == []


def test_a_node_that_is_killed_is_said_to_be_started_again(child: StartChild, folder: Path) -> None:
    process = start(child, folder)
    all_live(process)
    nodes(process)["pipes.look"].kill()
    process.wait_line("^look is started again: its process was killed by SIGKILL$")
    process.wait_line("^look is live$")
    process.interrupt()
    assert process.wait() == 0
    assert process.stderr.splitlines()[-1].endswith("· 1 restart")


def test_credentials_are_on_no_command_line_and_in_no_line(child: StartChild, folder: Path) -> None:
    text = SYSTEM.replace("s3cretpw", "${CAM_PASS}")
    (folder / "yard.toml").write_text(text)
    process = child("-m", "framebus", "run", "yard.toml", cwd=folder, env={"CAM_PASS": "s3cretpw"})
    process.wait_line("cannot be reached")
    commands = [one.cmdline() for one in psutil.Process(process.pid).children(recursive=True)]
    process.interrupt()
    assert process.wait() == 0
    assert "s3cretpw" not in str(commands) + process.stderr + process.stdout


def test_a_hangup_reads_the_file_again(child: StartChild, folder: Path) -> None:
    process = start(child, folder)
    all_live(process)
    os.kill(process.pid, signal.SIGHUP)
    process.wait_line("^yard.toml: nothing changed$")
    process.interrupt()
    assert process.wait() == 0


def test_what_a_camera_says_is_said_under_the_name_of_its_stream(child: StartChild, folder: Path) -> None:
    process = start(child, folder)
    process.wait_line(r"^streams \| door: rtsp://127\.0\.0\.1:1/main cannot be reached")
    process.interrupt()
    assert process.wait() == 0
    assert "127.0.0.1: " not in process.stderr


def test_saving_the_file_applies_it_and_a_broken_one_is_told(child: StartChild, folder: Path) -> None:
    process = start(child, folder)
    all_live(process)
    (folder / "yard.toml").write_text(SYSTEM.replace("max_fps", "max_fsp"))
    process.wait_line(r"^yard\.toml, line 12: pipes\.look\.max_fsp is not known: did you mean max_fps\?$")
    process.wait_line("^yard.toml is not applied: what runs goes on as it was$")
    (folder / "yard.toml").write_text(SYSTEM.replace("max_fps = 10", "max_fps = 5"))
    process.wait_line("^yard.toml is applied: look changed$")
    process.interrupt()
    assert process.wait() == 0


def test_it_ends_by_itself_when_all_pipes_are_done(child: StartChild, folder: Path) -> None:
    (folder / "yard.toml").write_text(FINITE.format(name="one") + FINITE.format(name="two"))
    process = start(child, folder)
    assert process.wait() == 0
    assert "one is done" in process.stderr
    assert re.match(r"yard\.toml: 2 pipes in .* · 40 through pipes, none missed$", process.stderr.splitlines()[-1])


def test_what_failed_is_listed_at_the_end(child: StartChild, folder: Path) -> None:
    (folder / "yard.toml").write_text(FINITE.format(name="one") + FINITE.format(name="two") + "op = 'ops.py:broken'\n")
    process = start(child, folder)
    assert process.wait() == 3
    last = process.stderr.splitlines()[-1]
    assert last == "two has failed: ops.py:broken failed on frame 0 of synthetic: ValueError: dark"


def test_a_system_that_would_let_anybody_in_does_not_start(child: StartChild, folder: Path) -> None:
    (folder / "yard.toml").write_text(f"{SYSTEM}\n[pipes.hub]\nsource = 'tcp://0.0.0.0:5555'\nsink = 'null:'\n")
    process = start(child, folder)
    assert process.wait() == 4
    first, *advice = process.stderr.splitlines()
    assert first == "framebus: yard.toml: pipes.hub: listening on 0.0.0.0 needs to know who may connect:"
    assert any("--insecure" in line for line in advice)


def test_a_system_that_runs_is_not_started_a_second_time(child: StartChild, folder: Path) -> None:
    first = start(child, folder)
    all_live(first)
    second = start(child, folder)
    assert second.wait() == 4
    (line,) = second.stderr.splitlines()
    assert line.startswith(f"framebus: yard.toml runs already, as process {first.pid}: ")
    assert start(child, folder, "--check").succeed()
    first.interrupt()
    assert first.wait() == 0


def test_where_nothing_can_ever_work_it_ends_as_the_command_would(child: StartChild, folder: Path) -> None:
    KeyStore().invite("porch", "tcp://desk:5555")  # of no use to programs of another system, which have none
    (folder / "yard.toml").write_text(
        "streams.gate = 'synthetic:'\npipes.hub = { source = 'gate', sink = 'imagezmq+tcp://0.0.0.0:5555' }\n"
    )
    process = start(child, folder)
    assert process.wait() == 4
    assert "hub has failed: listening on 0.0.0.0 needs to know who may connect" in process.stderr
    assert "is started again" not in process.stderr


WEB = """
[web]
listen = "localhost:0"
"""


def test_its_page_opens_by_a_link_that_is_printed_once(child: StartChild, folder: Path) -> None:
    pytest.importorskip("starlette")
    (folder / "yard.toml").write_text(SYSTEM + WEB)
    process = start(child, folder)
    process.wait_line("^yard.toml is shown to whoever opens this link, on this machine:$")
    link = process.wait_line(r"^(http://localhost:\d+/\?token=\S+)$")[1]
    visitor = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with visitor.open(link) as answer:
        assert answer.status == 200
    process.interrupt()
    assert process.wait() == 0
    assert (process.stdout + process.stderr).count("?token=") == 1
    (Path(os.environ["XDG_STATE_HOME"]) / "framebus" / "web-token").unlink()


# checking ------------------------------------------------------------------------------------------------


def test_check_draws_the_graph(child: StartChild, folder: Path) -> None:
    process = start(child, folder, "--check")
    drawn = "\n".join(line.rstrip() for line in process.succeed().splitlines()) + "\n"
    assert drawn == PICTURE
    assert process.stderr == ""


def test_check_draws_the_page(child: StartChild, folder: Path) -> None:
    pytest.importorskip("starlette")
    (folder / "yard.toml").write_text(SYSTEM + WEB)
    drawn = start(child, folder, "--check").succeed()
    assert "3 streams, 3 pipes, 1 service, 1 page" in drawn
    assert drawn.rstrip().splitlines()[-2:] == [
        "page, for whoever has its link",
        "  localhost:0  gate, yard, door, shm://gate-seen, shm://yard-seen, small",
    ]


def test_check_tells_all_mistakes(child: StartChild, folder: Path) -> None:
    (folder / "yard.toml").write_text(SYSTEM.replace("max_fps", "max_fsp").replace("[pipes.save]", "[pips.save]"))
    process = start(child, folder, "--check")
    assert process.wait() == 2
    assert process.stdout == ""
    assert process.stderr.splitlines() == [
        "framebus: yard.toml has 2 mistakes:",
        "  yard.toml, line 12: pipes.look.max_fsp is not known: did you mean max_fps?",
        "  yard.toml, line 19: pips is not known: did you mean pipes?",
    ]


def test_a_file_that_is_not_there(child: StartChild, folder: Path) -> None:
    process = child("-m", "framebus", "run", "none.toml", cwd=folder)
    assert process.wait() == 4
    assert process.stderr == "framebus: none.toml cannot be read: No such file or directory\n"


# on a terminal -------------------------------------------------------------------------------------------


def test_on_a_terminal_it_is_a_table(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with on_terminal("run", "yard.toml") as (process, pieces):
        shown = ""
        awaited = [r"door +away", *(rf"{name} +live +\d" for name in ("gate", "yard", "look", "small", "save"))]
        while not all(re.search(row, shown) for row in awaited):
            shown = (shown + ESCAPES.sub("", next(pieces)))[-20_000:]
        process.terminate()
        table, shown = shown, ESCAPES.sub("", "".join(pieces))
    assert process.returncode == 0
    assert re.search(r"NODE +STATE +RATE +AGE +FRAMES +GAPS +RESTARTS +CPU +MEMORY +PID", table)
    assert re.search(r"look +live +[\d.]+/s +[\d.]+ m?s +\d+ +\d+ +– +\d+% +[\d.]+ MB +\d+", table)
    assert "streams | " not in shown.rpartition("NODE")[2]
    assert "yard.toml: 3 streams, 3 pipes, 1 service in" in shown
    assert "s3cretpw" not in shown


def test_on_a_terminal_the_link_stands_above_the_table(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("starlette")
    monkeypatch.chdir(folder)
    (folder / "yard.toml").write_text(SYSTEM + WEB + 'token = "a-token-of-my-own"')
    with on_terminal("run", "yard.toml") as (process, pieces):
        shown = ""
        while not re.search(r"web +live", shown):
            shown += ESCAPES.sub("", next(pieces))
        process.terminate()
        shown += ESCAPES.sub("", "".join(pieces))
    assert process.returncode == 0
    assert re.search(r"yard\.toml is shown to whoever opens this link, on this machine:\s+http://localhost:\d+/", shown)
    assert shown.count("?token=a-token-of-my-own") == 1


def test_it_stops_when_its_terminal_goes(folder: Path) -> None:
    ours, theirs = pty.openpty()
    take = (
        "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.executable, sys.argv[1:])"
    )
    command = [sys.executable, "-c", take, sys.executable, "-m", "framebus", "run", "yard.toml"]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, start_new_session=True
    ) as process:
        os.close(theirs)
        shown = ""
        while not re.search(r"save +live +\d", shown):
            shown = (shown + ESCAPES.sub("", os.read(ours, 65536).decode(errors="replace")))[-20_000:]
        running = psutil.Process(process.pid).children(recursive=True)
        os.close(ours)
        assert process.wait(30) == 0
        assert [one for one in running if one.is_running()] == []
