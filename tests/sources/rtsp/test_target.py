"""An address is taken apart; passwords stay out of what is shown and sent."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import AddressError
from framebus.sources.rtsp.target import Credentials, parse


def test_an_address_is_taken_apart() -> None:
    target = parse("rtsp://me:secret@cam.local:8554/main?channel=1")
    assert (target.host, target.port, target.secure) == ("cam.local", 8554, False)
    assert target.url == "rtsp://cam.local:8554/main?channel=1"
    assert target.credentials == Credentials("me", "secret")


@pytest.mark.parametrize(
    ("text", "port", "secure"), [("rtsp://cam/x", 554, False), ("rtsps://cam/x", 322, True), ("RTSP://cam", 554, False)]
)
def test_ports_are_known(text: str, port: int, secure: bool) -> None:
    assert (parse(text).port, parse(text).secure) == (port, secure)


def test_an_ipv6_address_keeps_its_brackets() -> None:
    target = parse("rtsp://[::1]:554/cam")
    assert (target.host, target.url) == ("::1", "rtsp://[::1]:554/cam")


@pytest.mark.parametrize("password", ["p@ss", "p:a:s", "p%2Fa%20s", "%3F%23", ""])
def test_passwords_of_all_kinds(password: str) -> None:
    from urllib.parse import unquote

    target = parse(f"rtsp://me:{password}@cam/x")
    assert target.credentials == Credentials("me", unquote(password))
    assert target.url == "rtsp://cam/x"


def test_blanks_and_letters_are_encoded_for_the_request() -> None:
    assert parse("rtsp://cam/front door/über").url == "rtsp://cam/front%20door/%C3%BCber"


@pytest.mark.parametrize("text", ["http://cam/x", "rtsp:///x", "rtsp://", "cam", "rtsp://cam:port/", "rtsp://[::1/x"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(AddressError, match="not an address"):
        parse(text)


def test_a_password_with_a_slash_is_not_shown_in_the_error() -> None:
    with pytest.raises(AddressError) as error:
        parse("rtsp://me:sec/ret@cam/x")
    assert "sec" not in str(error.value).replace("secret", "")
    assert "%2F" in str(error.value)


@pytest.mark.parametrize("password", ["p@ss/word", "p@s#s", "p@ss?", "p@/"])
def test_a_password_that_would_be_taken_for_a_host_is_refused_and_not_shown(password: str) -> None:
    with pytest.raises(AddressError, match="%40") as error:
        parse(f"rtsp://me:{password}@cam/x")
    assert "'rtsp://***@cam/x'" in str(error.value)


def test_the_password_goes_along_to_the_same_host_only() -> None:
    target = parse("rtsp://me:secret@cam/x")
    assert target.moved("rtsp://cam:8554/y").credentials == target.credentials
    assert target.moved("rtsp://other/y").credentials is None
    assert target.moved("rtsp://you:own@other/y").credentials == Credentials("you", "own")


def test_the_password_does_not_leave_tls() -> None:
    target = parse("rtsps://me:secret@cam/x")
    assert target.moved("rtsp://cam/x").credentials is None
    assert target.moved("rtsps://cam/y").credentials == target.credentials


def test_nothing_shows_the_password() -> None:
    target = parse("rtsp://me:secret@cam/x")
    assert "secret" not in f"{target} {target!r}"


@given(st.text(max_size=60))
def test_anything_else_is_an_address_error_at_worst(rest: str) -> None:
    with contextlib.suppress(AddressError):
        parse(f"rtsp://{rest}")
