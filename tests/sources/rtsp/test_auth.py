"""Passwords are proven as the server demands, and not tried twice."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import Unavailable
from framebus.sources.rtsp.auth import Authorizer, Challenge, basic, challenges, digest, parts
from framebus.sources.rtsp.target import Credentials

MUFASA = Credentials("Mufasa", "Circle of Life")
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
BASIC = 'Basic realm="cam"'


def digest_offer(nonce: str = "n1", more: str = "") -> str:
    return f'Digest realm="cam", nonce="{nonce}"{more}'


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm: str, response: str) -> None:
    challenge = Challenge(algorithm, "http-auth@example.org", NONCE, qop=("auth",))
    assert digest(challenge, MUFASA, "GET", "/dir/index.html", "00000001", CNONCE) == response


def test_the_digest_of_old_cameras_has_no_count() -> None:
    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    expected = md5(f"{md5('me:cam:pw')}:n1:{md5('PLAY:rtsp://cam/x')}")
    assert digest(Challenge("MD5", "cam", "n1"), Credentials("me", "pw"), "PLAY", "rtsp://cam/x") == expected


def test_basic() -> None:
    assert basic(Credentials("Aladdin", "open sesame")) == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


def test_the_strongest_offer_is_taken() -> None:
    authorizer = Authorizer(MUFASA, lambda: "c")
    assert authorizer.header("PLAY", "rtsp://cam/x") is None
    values = [BASIC, digest_offer(), digest_offer(more=', algorithm=SHA-256, qop="auth,auth-int", opaque="o\\"p"')]
    assert authorizer.challenged(values)
    proof = authorizer.header("PLAY", "rtsp://cam/x")
    assert proof is not None
    fields = parts(proof)
    assert (fields["algorithm"], fields["qop"], fields["nc"], fields["opaque"]) == (
        "SHA-256",
        "auth",
        "00000001",
        'o"p',
    )
    again = authorizer.header("PLAY", "rtsp://cam/x")
    assert again is not None
    assert parts(again)["nc"] == "00000002"


def test_several_offers_may_share_a_header() -> None:
    found = challenges([f'{digest_offer(more=", stale=TRUE")}, Basic realm="Digest realm=no"'])
    assert [(offer.algorithm, offer.stale) for offer in found] == [("MD5", True), ("BASIC", False)]
    assert found[1].realm == "Digest realm=no"


def test_a_wrong_password_is_not_tried_again() -> None:
    authorizer = Authorizer(MUFASA, lambda: "c")
    assert authorizer.challenged([digest_offer("n1")])
    assert not authorizer.challenged([digest_offer("n2")])


def test_a_wrong_password_is_not_tried_again_by_basic() -> None:
    authorizer = Authorizer(MUFASA, lambda: "c")
    assert authorizer.challenged([BASIC])
    authorizer.accepted()
    assert not authorizer.challenged([BASIC])


def test_a_proof_out_of_date_is_made_anew() -> None:
    authorizer = Authorizer(MUFASA, lambda: "c")
    authorizer.challenged([digest_offer("n1")])
    assert authorizer.challenged([digest_offer("n2", ", stale=true")])


def test_a_new_nonce_after_success_is_taken_without_a_word_of_stale() -> None:
    authorizer = Authorizer(MUFASA, lambda: "c")
    authorizer.challenged([digest_offer("n1")])
    authorizer.accepted()
    assert authorizer.challenged([digest_offer("n2")])
    assert not authorizer.challenged([digest_offer("n3")])


def test_without_a_password_the_error_says_how_to_give_one() -> None:
    with pytest.raises(Unavailable, match="USER:PASSWORD@"):
        Authorizer(None, lambda: "c").challenged([BASIC])


@pytest.mark.parametrize("value", ['Negotiate token="x"', digest_offer(more=", algorithm=SHA-512-256"), ""])
def test_a_login_that_is_not_known_is_named(value: str) -> None:
    with pytest.raises(Unavailable, match="no way to log in"):
        Authorizer(MUFASA, lambda: "c").challenged([value])


def test_integrity_of_bodies_alone_is_not_known() -> None:
    with pytest.raises(Unavailable, match="no way to log in"):
        Authorizer(MUFASA, lambda: "c").challenged([digest_offer(more=', qop="auth-int"')])


@given(st.lists(st.text("Digest Basic realm=\"nonce,qop=\\' \téß=", max_size=200), max_size=4))
def test_any_challenge_is_answered_or_refused(values: list[str]) -> None:
    authorizer = Authorizer(MUFASA, lambda: "c")
    try:
        authorizer.challenged(values)
    except Unavailable:
        return
    proof = authorizer.header("PLAY", "rtsp://cam/x")
    assert proof is not None
    assert "\r" not in proof


def test_quotes_without_end_take_no_time() -> None:
    assert challenges(['a="' * 20_000] * 50) == []
