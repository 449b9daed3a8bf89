"""The conversation with a camera, without one: what is asked, and what is made of the answers."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import BadFrame, Unavailable
from framebus.sources.rtsp import target
from framebus.sources.rtsp.messages import Headers, Request, Response
from framebus.sources.rtsp.sdp import NotReadHere
from framebus.sources.rtsp.session import Session, State, joined
from framebus.sources.rtsp.transports import Agreed, Offer, agreed

SDP = b"v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n"
URL = "rtsp://cam/main"
TCP, UDP = Offer("tcp"), Offer("udp", (5000, 5001))
OVER_TCP = ("transport", "RTP/AVP/TCP;unicast;interleaved=0-1")
SESSION = ("session", "s1;timeout=30")
LOGIN = ("www-authenticate", 'Digest realm="cam", nonce="n1"')


class Desk:
    """A session, and somebody who answers it by hand."""

    def __init__(self, url: str = URL, offers: tuple[Offer, ...] = (TCP,)) -> None:
        self.session = Session(target.parse(url), offers, lambda: "c")
        self.session.start(0.0)
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.answered = 0

    def read(self) -> list[str]:
        """The methods asked for since the last time."""
        texts = [text for text in self.session.outgoing().decode().split("\r\n\r\n") if text]
        for text in texts:
            first, *lines = text.split("\r\n")
            method, url, _ = first.split(" ")
            headers = (line.partition(": ") for line in lines)
            self.asked.append((method, url, {name.lower(): value for name, _, value in headers}))
        return [text.split(" ")[0] for text in texts]

    def answer(self, status: int, *headers: tuple[str, str], body: bytes = b"", now: float = 0.0) -> list[str]:
        """Answer the next question; what is asked then."""
        self.read()
        number = self.asked[self.answered][2]["cseq"]
        self.answered += 1
        self.session.receive(Response(status, "Reason", (("cseq", number), *headers), body), now)
        return self.read()

    def describe(self, *headers: tuple[str, str]) -> list[str]:
        """Up to the description."""
        self.answer(200)
        return self.answer(200, *headers, body=SDP)

    def play(self, now: float = 0.0) -> Desk:
        """Up to playing."""
        self.describe()
        self.answer(200, OVER_TCP, SESSION)
        self.answer(200, now=now)
        return self

    @property
    def last(self) -> tuple[str, str, dict[str, str]]:
        """The last request."""
        return self.asked[-1]


def test_from_the_first_question_to_playing() -> None:
    desk = Desk()
    assert desk.read() == ["OPTIONS"]
    assert desk.answer(200, ("public", "OPTIONS, DESCRIBE")) == ["DESCRIBE"]
    assert desk.last[2]["accept"] == "application/sdp"
    assert desk.answer(200, ("content-base", URL + "/"), body=SDP) == ["SETUP"]
    assert desk.last[1:] == (URL + "/track1", {"cseq": "3", "user-agent": "framebus", "transport": TCP.header()})
    assert desk.answer(200, OVER_TCP, SESSION) == ["PLAY"]
    assert desk.last[1] == URL + "/"
    assert desk.last[2]["session"] == "s1"
    assert desk.answer(200) == []
    assert desk.session.state is State.PLAYING
    assert desk.session.agreed == Agreed("tcp")
    assert desk.session.track is not None


def test_a_camera_that_knows_no_options_is_asked_all_the_same() -> None:
    assert Desk().answer(501) == ["DESCRIBE"]


@pytest.mark.parametrize(
    ("base", "control", "whole"),
    [
        ("rtsp://cam/main", "track1", "rtsp://cam/main/track1"),
        ("rtsp://cam/main/", "track1", "rtsp://cam/main/track1"),
        ("rtsp://cam/main/", "/track1", "rtsp://cam/main/track1"),
        ("rtsp://cam/real?channel=1&subtype=0", "trackID=0", "rtsp://cam/real?channel=1&subtype=0/trackID=0"),
        ("rtsp://cam/main/", "rtsp://10.0.0.1/x", "rtsp://10.0.0.1/x"),
        ("rtsp://cam/main/", "", "rtsp://cam/main/"),
    ],
)
def test_control_addresses(base: str, control: str, whole: str) -> None:
    assert joined(base, control) == whole


def test_the_base_may_be_elsewhere() -> None:
    desk = Desk()
    desk.describe(("content-base", "rtsp://10.0.0.1/stream/"))
    assert desk.last[1] == "rtsp://10.0.0.1/stream/track1"


def test_the_channels_are_those_of_the_answer() -> None:
    desk = Desk()
    desk.describe()
    desk.answer(200, ("transport", "RTP/AVP/TCP;interleaved=4-5;ssrc=1234"), SESSION)
    assert desk.session.agreed == Agreed("tcp", channels=(4, 5))


def test_udp_ports_are_exchanged() -> None:
    desk = Desk(offers=(UDP,))
    desk.describe()
    assert desk.last[2]["transport"] == "RTP/AVP;unicast;client_port=5000-5001"
    desk.answer(200, ("transport", "RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001"), SESSION)
    assert desk.session.agreed == Agreed("udp", server_ports=(6000, 6001))


def test_a_refused_transport_is_followed_by_the_next() -> None:
    desk = Desk(offers=(TCP, UDP))
    desk.describe()
    assert desk.answer(461) == ["SETUP"]
    assert desk.last[2]["transport"] == UDP.header()
    with pytest.raises(Unavailable, match=r'does not send over udp.*transport="tcp"'):
        desk.answer(461)


def test_a_server_that_insists_on_another_transport_has_refused() -> None:
    desk = Desk()
    desk.describe()
    with pytest.raises(Unavailable, match=r'does not send over tcp.*transport="udp"'):
        desk.answer(200, ("transport", "RTP/AVP;unicast;server_port=6000-6001"), SESSION)


@pytest.mark.parametrize("ports", ["x-y", "0-0", "70000-70001", "-1-2", "4-"])
def test_ports_that_are_none_are_refused(ports: str) -> None:
    with pytest.raises(BadFrame, match="no ports"):
        agreed(UDP, f"RTP/AVP;server_port={ports}" if ports != "4-" else "RTP/AVP;server_port=65535")


def test_a_login_is_answered_once_and_kept() -> None:
    desk = Desk("rtsp://me:pw@cam/main")
    assert desk.answer(200) == ["DESCRIBE"]
    assert "authorization" not in desk.last[2]
    assert desk.answer(401, LOGIN) == ["DESCRIBE"]
    assert desk.last[2]["authorization"].startswith('Digest username="me"')
    assert desk.answer(200, body=SDP) == ["SETUP"]
    assert "authorization" in desk.last[2]


def test_a_wrong_password_is_tried_once() -> None:
    desk = Desk("rtsp://me:pw@cam/main")
    desk.answer(200)
    desk.answer(401, LOGIN)
    with pytest.raises(Unavailable, match=r"cam/main refuses the user or the password \(401\)"):
        desk.answer(401, LOGIN)


def test_nobody_is_asked_for_ever_by_stale_proofs() -> None:
    desk = Desk("rtsp://me:pw@cam/main")
    desk.answer(200)

    def refuse() -> None:
        for number in range(9):
            desk.answer(401, ("www-authenticate", f'Digest realm="cam", nonce="n{number}", stale=true'))

    with pytest.raises(Unavailable, match="401"):
        refuse()
    assert len(desk.asked) < 6


def test_a_login_without_password_names_the_camera() -> None:
    desk = Desk()
    with pytest.raises(Unavailable, match="rtsp://cam/main: it wants a user and a password"):
        desk.answer(401, LOGIN)


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_camera_may_send_us_elsewhere(status: int) -> None:
    desk = Desk()
    desk.answer(200)
    assert desk.answer(status, ("location", "rtsp://other/main")) == []
    assert (desk.session.state, desk.session.moved_to) == (State.MOVED, "rtsp://other/main")


def test_elsewhere_has_to_be_somewhere() -> None:
    with pytest.raises(Unavailable, match="without saying where"):
        Desk().answer(302)


@pytest.mark.parametrize(
    ("status", "advice"), [(404, "no such path"), (403, "the user"), (453, "no more viewers"), (599, "log")]
)
def test_refusals_say_what_to_do(status: int, advice: str) -> None:
    desk = Desk("rtsp://me:pw@cam/nope")
    desk.answer(200)
    with pytest.raises(Unavailable, match=rf"rtsp://cam/nope refuses DESCRIBE \({status} 'Reason'\): .*{advice}"):
        desk.answer(status)


def test_other_codecs_are_refused_by_name() -> None:
    desk = Desk()
    desk.answer(200)
    with pytest.raises(NotReadHere, match=r"rtsp://cam/main: it offers no video that is read here.*VP8"):
        desk.answer(200, body=SDP.replace(b"H264", b"VP8"))


def test_signs_of_life_in_half_the_time_the_server_is_patient() -> None:
    desk = Desk().play(now=100.0)
    assert desk.session.due == 115.0
    desk.session.tick(114.9)
    assert desk.read() == []
    desk.session.tick(115.0)
    assert desk.read() == ["GET_PARAMETER"]
    assert desk.last[2]["session"] == "s1"
    assert desk.session.due == 130.0
    assert desk.answer(200, now=115.1) == []


def test_a_server_that_names_no_time_is_patient_for_a_minute() -> None:
    desk = Desk()
    desk.describe()
    desk.answer(200, OVER_TCP, ("session", "s1"))
    desk.answer(200, now=10.0)
    assert desk.session.due == 40.0


def test_the_sign_of_life_is_one_that_the_server_knows() -> None:
    desk = Desk()
    desk.answer(200, ("public", "OPTIONS, DESCRIBE, SETUP, PLAY"))
    desk.answer(200, body=SDP)
    desk.answer(200, OVER_TCP, SESSION)
    desk.answer(200)
    desk.session.tick(15.0)
    assert desk.read() == ["OPTIONS"]
    assert desk.answer(200) == []


def test_a_sign_of_life_that_is_refused_is_followed_by_another() -> None:
    desk = Desk().play()
    desk.session.tick(15.0)
    assert desk.answer(501) == []
    desk.session.tick(30.0)
    assert desk.read() == ["OPTIONS"]


def test_a_lost_session_is_noticed_by_the_sign_of_life() -> None:
    desk = Desk().play()
    desk.session.tick(15.0)
    with pytest.raises(Unavailable, match=r"no longer knows our session \(454\)"):
        desk.answer(454)


def test_a_proof_that_is_out_of_date_is_made_anew_while_playing() -> None:
    desk = Desk("rtsp://me:pw@cam/main")
    desk.answer(401, LOGIN)
    desk.play()
    desk.session.tick(15.0)
    assert desk.answer(401, ("www-authenticate", 'Digest realm="cam", nonce="n2", stale=true')) == ["GET_PARAMETER"]
    assert 'nonce="n2"' in desk.last[2]["authorization"]


def test_questions_that_stay_without_answer_do_not_pile_up() -> None:
    desk = Desk().play()
    for turn in range(1000):
        desk.session.tick(15.0 * turn)
    assert len(desk.read()) <= 16


def test_goodbye_names_the_session() -> None:
    desk = Desk().play()
    desk.session.stop()
    assert desk.read() == ["TEARDOWN"]
    assert desk.last[2]["session"] == "s1"
    desk.session.stop()
    assert desk.read() == []


def test_there_is_no_goodbye_before_there_is_a_session() -> None:
    desk = Desk()
    desk.read()
    desk.session.stop()
    assert desk.read() == []


def test_answers_without_number_answer_the_oldest_question() -> None:
    desk = Desk()
    desk.session.receive(Response(200, "OK"), 0.0)
    assert desk.read() == ["OPTIONS", "DESCRIBE"]


def test_answers_to_nothing_are_left_out() -> None:
    desk = Desk()
    desk.session.receive(Response(200, "OK", (("cseq", "99"),)), 0.0)
    assert desk.read() == ["OPTIONS"]


def test_servers_may_ask_too() -> None:
    desk = Desk().play()
    desk.session.receive(Request("OPTIONS", "*", (("cseq", "7"),)), 0.0)
    assert desk.session.outgoing() == b"RTSP/1.0 200 OK\r\nCSeq: 7\r\n\r\n"
    desk.session.receive(Request("BREW", "*"), 0.0)
    assert b"501" in desk.session.outgoing()
    desk.session.receive(Request("REDIRECT", "*", (("location", "rtsp://other/"),)), 0.0)
    assert desk.session.moved_to == "rtsp://other/"
    with pytest.raises(Unavailable, match="ended our session"):
        desk.session.receive(Request("TEARDOWN", "*"), 0.0)


def test_a_server_that_asks_without_end_is_refused() -> None:
    desk = Desk().play()

    def flood() -> None:
        for _ in range(10_000):
            desk.session.receive(Request("OPTIONS", "*"), 0.0)

    with pytest.raises(BadFrame, match="more questions"):
        flood()


@pytest.mark.parametrize("name", ["", " ", "a b", "x" * 300, "a\tb", "ü"])
def test_a_name_of_a_session_that_is_none_is_refused(name: str) -> None:
    desk = Desk()
    desk.describe()
    with pytest.raises(BadFrame, match="no name of a session"):
        desk.answer(200, OVER_TCP, ("session", name))


def test_a_control_address_with_blanks_is_refused() -> None:
    desk = Desk()
    desk.answer(200)
    with pytest.raises(BadFrame, match="cannot be asked for"):
        desk.answer(200, body=SDP.replace(b"track1", b"a b\tc"))


def test_nothing_shows_the_password() -> None:
    desk = Desk("rtsp://me:geheim@cam/main")
    desk.answer(200)
    with pytest.raises(Unavailable) as error:
        desk.answer(404)
    assert "geheim" not in str(error.value)


WORDS = st.sampled_from(["cseq", "session", "transport", "location", "www-authenticate", "public", "content-base"])
VALUES = st.one_of(
    st.sampled_from(["1", "2", "3", "s1;timeout=9", OVER_TCP[1], "rtsp://x/", LOGIN[1], "interleaved=1-2", "OPTIONS"]),
    st.text(max_size=20),
)
HEADERS = st.lists(st.tuples(WORDS, VALUES), max_size=4).map(lambda headers: tuple[tuple[str, str], ...](headers))
STATUSES = st.sampled_from([200, 200, 200, 302, 401, 404, 454, 461, 500, 999])


@given(
    st.lists(st.tuples(STATUSES, HEADERS, st.sampled_from([SDP, b"", b"v=0\r\nm=video"])), max_size=8), st.booleans()
)
def test_whatever_a_server_says_only_a_refusal_comes_of_it(
    answers: list[tuple[int, Headers, bytes]], numbered: bool
) -> None:
    session = Session(target.parse("rtsp://me:pw@cam/x"), (TCP, UDP), lambda: "c")
    session.start(0.0)
    with suppress(Unavailable, BadFrame):
        for number, (status, headers, body) in enumerate(answers, 1):
            mark = (("cseq", str(number)),) if numbered else ()
            session.receive(Response(status, "", (*mark, *headers), body), 0.0)
            session.tick(1e6)
            session.outgoing()
    session.stop()


@given(st.sampled_from(["OPTIONS", "TEARDOWN", "REDIRECT", "X"]), HEADERS)
def test_whatever_a_server_asks_only_a_refusal_comes_of_it(method: str, headers: Headers) -> None:
    desk = Desk().play()
    with suppress(Unavailable, BadFrame):
        desk.session.receive(Request(method, "*", headers), 0.0)
