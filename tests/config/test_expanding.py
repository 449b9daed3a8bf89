"""`${NAME}` is replaced in texts, and what it stood for is not shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from framebus.config.expanding import Expanding, environment_and_credentials

VALUES = {"USER": "ada", "PASS": "s3cret/@x", "PORT": "80"}


def test_names_are_replaced_wherever_texts_stand() -> None:
    expanding = Expanding(VALUES.get)
    assert expanding.expanded({"a": ["rtsp://${USER}:${PASS}@cam:${PORT}/x"], "b": {"c": "${USER}"}, "d": 3}) == {
        "a": ["rtsp://ada:s3cret%2F%40x@cam:80/x"],
        "b": {"c": "ada"},
        "d": 3,
    }
    assert expanding.missing == []


@pytest.mark.parametrize(
    ("password", "written"),
    [("p@ss/w#rd?", "p%40ss%2Fw%23rd%3F"), ("p%40ss", "p%40ss"), ("schön 1:2", "sch%C3%B6n%201:2"), ("plain", "plain")],
)
def test_a_password_in_an_address_is_written_as_addresses_need_it(password: str, written: str) -> None:
    expanding = Expanding({"PASS": password}.get)
    assert expanding.expanded("rtsp://ada:${PASS}@cam/x") == f"rtsp://ada:{written}@cam/x"
    assert expanding.expanded("rtsp://cam/x?key=${PASS}") == f"rtsp://cam/x?key={password}"
    assert expanding.hide(f"{password} and {written}") == "${PASS} and ${PASS}"


def test_a_whole_address_and_a_whole_login_stay_as_they_are() -> None:
    expanding = Expanding({"CAM": "rtsp://ada:s3cret@cam/x", "LOGIN": "ada:s3cret"}.get)
    assert expanding.expanded(["${CAM}", "rtsp://${LOGIN}@cam/x"]) == ["rtsp://ada:s3cret@cam/x"] * 2


def test_what_only_looks_like_a_name_stays() -> None:
    texts = ["$USER", "{USER}", "${}", "${1A}", "$${", "{stream}", "${USER"]
    assert Expanding(VALUES.get).expanded(texts) == texts


def test_keys_are_not_touched() -> None:
    assert Expanding(VALUES.get).expanded({"${USER}": 1}) == {"${USER}": 1}


def test_a_value_is_not_expanded_again() -> None:
    assert Expanding({"A": "${B}", "B": "x"}.get).expanded("${A}") == "${B}"


def test_missing_names_are_told_with_their_places() -> None:
    expanding = Expanding(VALUES.get)
    expanding.expanded({"streams": {"gate": ["x", "${USER}${NOBODY}"]}})
    assert expanding.missing == [(("streams", "gate", 1), "NOBODY")]


def test_values_are_hidden_again() -> None:
    expanding = Expanding(VALUES.get)
    expanding.expanded("${USER} ${PASS} ${PORT}")
    assert expanding.hide("login of ada with s3cret/@x at :80 failed") == "login of ada with ${PASS} at :80 failed"


def test_the_environment_comes_before_credentials(tmp_path: Path) -> None:
    (tmp_path / "PASS").write_text("from systemd\n")
    (tmp_path / "USER").write_text("nobody")
    lookup = environment_and_credentials({"CREDENTIALS_DIRECTORY": str(tmp_path), "USER": "ada"})
    assert (lookup("USER"), lookup("PASS"), lookup("OTHER")) == ("ada", "from systemd", None)
    assert environment_and_credentials({})("PASS") is None


def test_a_credential_that_cannot_be_read_is_missing(tmp_path: Path) -> None:
    (tmp_path / "FOLDER").mkdir()
    (tmp_path / "BYTES").write_bytes(b"\xff\xfe")
    lookup = environment_and_credentials({"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert (lookup("FOLDER"), lookup("BYTES")) == (None, None)
