"""Every wrong word, flag and address is answered with the right one, in a line, with the exit code scripts rely on."""

from __future__ import annotations

import pytest

from framebus.cli import main, overview, words
from tests.conftest import StartChild


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    assert captured.out == ""
    return code, captured.err


@pytest.mark.parametrize("word", sorted(words.INSTEAD))
def test_a_word_from_elsewhere_is_answered_with_the_line_to_type(capsys: pytest.CaptureFixture[str], word: str) -> None:
    code, said = answer(capsys, word, "something")
    assert code == 2
    assert said.count("\n") == 1
    assert words.INSTEAD[word] in said


@pytest.mark.parametrize("line", sorted(set(words.INSTEAD.values())))
def test_the_lines_to_type_use_commands_that_exist(line: str) -> None:
    command = line.split()[1]
    assert line.startswith("framebus ")
    assert command in overview.COMMANDS


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["pip"], 2, "did you mean pipe?"),
        (["tcp://desk:5555"], 2, "framebus pipe tcp://desk:5555 window:"),
        (["pipe", "synthetic:"], 2, "framebus pipe synthetic: window:"),
        (["pipe", "synthetic:", "null:", "--max-fsp", "3"], 2, "--max-fps"),
        (["pipe", "synthetic:", "null:", "--patern", "balls"], 2, "--pattern"),
        (["pipe", "synthetic:", "null:", "--max-fps", "fast"], 2, "a number above 0"),
        (["pipe", "synthetic:", "null:", "--keep", "some"], 2, "'latest' or 'all'"),
        (["pipe", "synthetic:", "null:", "--wait-for", "2"], 2, "wait_for"),
        (["pipe", "synthetic:", "null:", "--op", "missing.py:f"], 2, "missing.py does not exist"),
        (["pipe", "synthetic:", "null:", "--size", "10"], 2, "WIDTHxHEIGHT"),
        (["pipe", "synthetik:", "null:"], 2, "synthetic:"),
        (["pipe", "door", "null:"], 2, "did you mean shm://door"),
        (["pipe", "null:", "window:"], 2, "takes frames but makes none"),
        (["pipe", "missing.mp4", "null:"], 4, "missing.mp4"),
        (["pipe", "synthetic:", "tcp://:15555"], 4, "insecure"),
        (["info"], 2, "ADDRESS"),
        (["info", "tcp://127.0.0.1:9", "--timeout", "100ms"], 4, "nobody publishes at tcp://127.0.0.1:9"),
        (["list", "--jason"], 2, "--json"),
        (["list", "--js"], 2, "--json"),
        (["list", "door"], 2, "door"),
    ],
)
def test_what_is_wrong_is_named_with_what_to_type(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, says: str
) -> None:
    got, said = answer(capsys, *arguments)
    assert says in said
    assert got == code
    assert said.startswith("framebus: ")
    assert "Traceback" not in said


def test_debug_shows_where_it_happened(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = answer(capsys, "pipe", "missing.mp4", "null:", "--debug")
    assert code == 4
    assert "Traceback" in said


def test_passwords_are_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    _, said = answer(capsys, "pipe", "rtsp://me:secret@127.0.0.1:1/main", "null:", "--timeout", "500ms")
    assert "secret" not in said


def test_a_bug_is_called_a_bug(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(arguments: object) -> int:
        raise ZeroDivisionError("oh no")

    monkeypatch.setattr("framebus.cli.list_command.run", broken)
    code, said = answer(capsys, "list")
    assert code == 1
    assert "bug in framebus: ZeroDivisionError: oh no" in said
    assert "--debug" in said


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name}" in shown for name in overview.COMMANDS)


@pytest.mark.parametrize("command", sorted(overview.COMMANDS))
def test_every_command_explains_itself(command: str, child: StartChild) -> None:
    shown = child("-m", "framebus", command, "--help").succeed()
    assert shown.startswith("usage: framebus")


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    import framebus

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"framebus {framebus.__version__}\n"
