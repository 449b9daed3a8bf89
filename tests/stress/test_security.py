"""The promises about security: a round of each, and that each round would notice."""

from __future__ import annotations

import json
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from framebus.core.errors import BadFrame
from framebus.stress.claims import chosen
from framebus.stress.rounds import any_bytes, cross_site, hostile_names, key_files, keyless, secrets
from framebus.stress.runner import played
from framebus.stress.trial import Breach, Trial
from framebus.testing import listening
from framebus.testing.browsers import Answer, Ask, Served
from framebus.testing.knockers import IMAGE
from framebus.testing.parsers import Parser

CLAIMS = chosen([f"S{number}" for number in range(1, 11)])
SEED = 7


@pytest.mark.parametrize("claim", CLAIMS, ids=[claim.key for claim in CLAIMS])
def test_a_round_holds(claim: object) -> None:
    account = played(claim, SEED)  # type: ignore[arg-type]
    if account.missing:
        pytest.skip(account.missing)
    assert not account.breach
    assert account.counts


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    made = Trial(SEED, tmp_path)
    yield made
    assert not made.finish()


# each of them bites ---------------------------------------------------------------------------------------------


def test_a_parser_that_raises_something_else_is_noticed(trial: Trial) -> None:
    def read(parts: list[bytes]) -> object:
        return json.loads(parts[0])["seq"]

    broken = Parser("broken", [[b'{"seq": 1}']], read, (BadFrame, ValueError))
    with pytest.raises(Breach, match=r"(?s)broken: .*(KeyError|TypeError|IndexError|RecursionError)"):
        any_bytes.parse(trial, [broken], 5000)


def test_a_parser_that_keeps_what_it_read_is_noticed(trial: Trial) -> None:
    kept: list[bytes] = []
    hoarder = Parser("hoarder", [[b"x"]], lambda parts: kept.append(os.urandom(100_000)))
    with pytest.raises(Breach, match="memory in use"):
        any_bytes.parse(trial, [hoarder], 1000)


def test_a_frame_of_a_stranger_is_noticed(trial: Trial) -> None:
    door = keyless.Hub(trial)
    try:
        for who in (keyless.FRIEND, keyless.REVOKED):
            door.note(who, IMAGE)
        door.way.hub.invite(keyless.REVOKED, "tcp://127.0.0.1")
        door.revoke()
        door.check()
        door.note("stranger", IMAGE)
        with pytest.raises(Breach, match=r"frames passed for \{'stranger'\}"):
            door.check()
    finally:
        door.way.__exit__()


def test_a_frame_that_was_changed_on_its_way_is_noticed(trial: Trial) -> None:
    door = keyless.Hub(trial)
    try:
        door.note(keyless.FRIEND, np.zeros_like(IMAGE))
        assert f"{keyless.FRIEND}, damaged" in door.seen
    finally:
        door.way.__exit__()


def test_what_listens_to_the_network_is_noticed(trial: Trial) -> None:
    port = trial.port()
    with socket.create_server(("0.0.0.0", port)):  # noqa: S104  (that is the point)
        assert listening.beyond_loopback(listening.addresses(port)) == {"0.0.0.0"}  # noqa: S104
    with socket.create_server(("127.0.0.1", port)):
        assert listening.addresses(port)
        assert not listening.beyond_loopback(listening.addresses(port))


CARELESS = """
import contextlib, pickle, sys
from pathlib import Path
from framebus.testing.payloads import Canary
canary = Canary(Path(sys.argv[1]))
canary.watching = True
assert not canary.sang
for data in canary.pickles():
    with contextlib.suppress(Exception):
        pickle.loads(data)
print(canary.path.exists(), len(canary.caught) > 10, canary.sang)
"""


def test_what_is_unpickled_is_noticed(trial: Trial) -> None:
    assert trial.python("-c", CARELESS, trial.folder / "canary").succeed() == "True True True\n"


ASK = Ask("GET", "/api/streams", ("localhost:80",), None, "wrong", "bearer")
SAFE = {"content-security-policy": "default-src 'none'", "x-content-type-options": "nosniff"}


@pytest.mark.parametrize(
    ("answer", "allowed"),
    [
        (Answer(200, SAFE, b"{}"), False),
        (Answer(101, {}, b""), False),
        (Answer(401, SAFE, b""), True),
        (Answer(500, SAFE, b""), False),
        (Answer(200, {}, b"{}"), True),
    ],
)
def test_an_answer_to_the_wrong_one_is_noticed(trial: Trial, answer: Answer, allowed: bool) -> None:
    with pytest.raises(Breach, match="was answered"):
        cross_site.judge(trial, ASK, answer, allowed=allowed)


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({"who": "view"}, True),
        ({"who": "admin", "how": "cookie"}, True),
        ({"who": "view", "origin": "http://localhost:80"}, True),
        ({"who": "admin", "origin": "http://evil.example"}, False),
        ({"who": "admin", "hosts": ("evil.example",)}, False),
        ({"who": "admin", "hosts": ("localhost:80", "evil.example")}, False),
        ({"who": ""}, False),
        ({"who": "admin", "method": "POST", "how": "cookie"}, False),
        ({"who": "admin", "method": "POST"}, True),
    ],
)
def test_who_is_to_be_let_in(change: dict[str, object], allowed: bool) -> None:
    served = Served("GET", "/api/streams", "view")
    assert ASK._replace(**change).allowed(served, 80) is allowed  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["{password}", "Basic {login}", "said {core} twice"])
def test_a_password_is_found_in_every_form(trial: Trial, form: str) -> None:
    import base64

    said = secrets.Said(trial)
    secret = said.secret
    login = base64.b64encode(f"{secret.user}:{secret.password}".encode()).decode()
    said.hear("here", b"nothing of it")
    with pytest.raises(Breach, match="here tells"):
        said.hear("here", form.format(password=secret.password, core=secret.core, login=login).encode())


def test_a_password_is_found_in_files(trial: Trial) -> None:
    said = secrets.Said(trial)
    (trial.folder / "run.h5").write_bytes(b"\0" + said.secret.password.encode() + b"\0")
    with pytest.raises(Breach, match=r"run\.h5"):
        said.search_files()


def test_a_file_outside_is_noticed(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trial.folder)
    outside = hostile_names.Outside(trial)
    (outside.inside / "x").write_text("fine")
    outside.check("a file inside")
    (outside.forbidden / "precious").write_text("changed")
    with pytest.raises(Breach, match="precious"):
        outside.check("a file outside")


def test_a_key_that_others_may_read_is_noticed(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with key_files.Watched(tmp_path) as watched:
        path = tmp_path / "own.json"
        path.touch(0o644)
        while not watched.open:
            assert watched.looks < 100_000
        path.unlink()
    assert "own.json" in watched.open[0]


def test_chance_decides() -> None:
    one, other = (Trial(SEED, Path()).chance.random() for _ in range(2))
    assert one == other
    assert one == random.Random(SEED).random()
