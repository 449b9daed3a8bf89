"""`framebus keys`: from an invitation on one machine to a link on another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from framebus.cli import main
from framebus.core.redaction import KEY_CODE_PREFIX
from framebus.links.keys import USUAL_RIGHTS, KeyStore, Rights
from tests.conftest import StartChild


@pytest.fixture
def elsewhere(tmp_path: Path) -> dict[str, str]:
    """The environment of another machine."""
    return {"FRAMEBUS_KEYS": str(tmp_path / "elsewhere")}


def _invite(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["keys", "invite", *arguments]) == 0
    return capsys.readouterr().out.strip()


def test_an_invitation_is_one_line_on_standard_output_and_words_on_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["keys", "invite", "porch", "--address", "tcp://desk:5555"]) == 0

    said = capsys.readouterr()
    assert said.out.startswith(KEY_CODE_PREFIX)
    assert said.out.count("\n") == 1
    assert "porch may connect to tcp://desk:5555" in said.err
    assert "framebus keys join" in said.err
    assert said.out.strip() not in said.err


def test_invite_and_join_may_be_piped(
    capsys: pytest.CaptureFixture[str], child: StartChild, elsewhere: dict[str, str], tmp_path: Path
) -> None:
    code = _invite(capsys, "porch", "--address", "tcp://desk:5555")

    joined = child("-m", "framebus", "keys", "join", stdin=code + "\n", env=elsewhere)

    assert joined.wait() == 0
    assert "tcp://desk:5555 knows this machine as porch" in joined.stderr
    assert "framebus info tcp://desk:5555" in joined.stderr
    assert joined.stdout == ""
    assert KeyStore(tmp_path / "elsewhere").lookup_peer("desk", 5555) is not None


def test_joining_at_a_terminal_asks_without_showing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = _invite(capsys, "porch", "--address", "tcp://desk:5555")
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return code

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("getpass.getpass", answer)

    assert main(["keys", "join"]) == 0
    assert len(asked) == 1


def test_a_code_on_the_command_line_works_and_is_advised_against(capsys: pytest.CaptureFixture[str]) -> None:
    code = _invite(capsys, "porch", "--address", "tcp://desk:5555")

    assert main(["keys", "join", code, "--address", "tcp://10.0.0.1:7000"]) == 0

    assert "shell's history" in capsys.readouterr().err
    assert KeyStore().lookup_peer("10.0.0.1", 7000) is not None


@pytest.mark.parametrize(
    ("flags", "rights"),
    [
        ([], USUAL_RIGHTS),
        (["--publish", "porch"], Rights(publish=("porch",))),
        (["--read", "yard-*", "--read", "door", "--observe"], Rights(read=("yard-*", "door"), observe=True)),
        (["--work", "*", "--control", "camera"], Rights(work=("*",), control=("camera",))),
        (["--observe"], Rights(observe=True)),
    ],
)
def test_given_any_right_it_has_those_and_no_others(
    capsys: pytest.CaptureFixture[str], flags: list[str], rights: Rights
) -> None:
    _invite(capsys, "porch", *flags)

    assert KeyStore().clients()[0].rights == rights


def test_a_list_shows_names_key_ids_and_rights_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    code = _invite(capsys, "porch", "--address", "tcp://desk:5555", "--publish", "porch")
    peer = KeyStore().join(code)

    assert main(["keys", "list"]) == 0
    text = capsys.readouterr().out
    assert main(["keys", "list", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)

    assert f"{peer.keys.client_public[:8]}…  may publish porch" in text
    assert "tcp://desk:5555" in text
    assert data["clients"][0] == {
        "name": "porch",
        "key": peer.keys.client_public[:8],
        "rights": {"publish": ["porch"]},
        "may": "publish porch",
    }
    assert data["peers"][0]["key"] == data["own"] == peer.keys.server_public[:8]
    for secret in (peer.keys.client_secret, KeyStore().own().secret):  # type: ignore[union-attr]
        assert secret not in text + json.dumps(data)


def test_an_empty_list_teaches_the_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "list"]) == 0

    assert "framebus keys invite NAME" in capsys.readouterr().err


def test_a_revoked_name_is_let_in_no_more(capsys: pytest.CaptureFixture[str]) -> None:
    _invite(capsys, "porch")

    assert main(["keys", "revoke", "porch"]) == 0

    assert "porch may not connect any more" in capsys.readouterr().err
    assert KeyStore().clients() == ()


def test_an_address_this_machine_joined_can_be_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    KeyStore().join(_invite(capsys, "porch", "--address", "tcp://desk:5555"))

    assert main(["keys", "revoke", "tcp://desk:5555"]) == 0

    assert KeyStore().peers() == ()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["keys"], 2, "VERB"),
        (["keys", "invite"], 2, "NAME"),
        (["keys", "invite", "a b"], 2, "is not a name"),
        (["keys", "invite", "a", "--read", "**"], 2, "names no streams"),
        (["keys", "invite", "a", "--address", "tcp://*:5555"], 2, "no address to connect to"),
        (["keys", "invite", "a", "--publsh", "x"], 2, "--publish"),
        (["keys", "revoke", "nobody"], 2, "no client is called 'nobody'"),
        (["keys", "join", "nonsense"], 2, "no invitation code"),
    ],
)
def test_mistakes_are_one_clear_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, says: str
) -> None:
    assert main(arguments) == code

    said = capsys.readouterr()
    assert says in said.err
    assert "Traceback" not in said.err
    assert said.out == ""


def test_keys_open_to_others_exit_4_with_the_line_that_closes_them(capsys: pytest.CaptureFixture[str]) -> None:
    _invite(capsys, "porch")
    (KeyStore().folder / "clients.json").chmod(0o644)

    assert main(["keys", "list"]) == 4
    assert "chmod 600" in capsys.readouterr().err


def test_every_verb_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ([], ["invite"], ["join"], ["list"], ["revoke"]):
        with pytest.raises(SystemExit) as exit_:
            main(["keys", *verb, "--help"])
        assert exit_.value.code == 0
        assert "framebus keys" in capsys.readouterr().out
