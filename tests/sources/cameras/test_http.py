"""Cameras over HTTP: MJPEG, still pictures, passwords, and everything that goes wrong."""

from __future__ import annotations

import hashlib
import re
import threading
from itertools import islice
from pathlib import Path

import pytest

from framebus.core.addresses import Url
from framebus.core.contracts import Maker
from framebus.core.errors import AddressError, OptionError, Unavailable
from framebus.core.frame import Frame, Packet
from framebus.core.registry import SOURCES
from framebus.sources.cameras import http, http_client, keeping
from framebus.sources.cameras.camera_feed import Feed
from framebus.testing import SourceConformance
from framebus.wire.encodings import EncodedImage
from tests.conftest import StartChild
from tests.sources.cameras.coded import jpeg, number_in
from tests.sources.cameras.servers import PATIENCE_S, Call, serving


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "FIRST_PAUSE_NS", 1_000_000)
    monkeypatch.setattr(keeping, "LONGEST_PAUSE_NS", 1_000_000)


def motion(call: Call, count: int = 5) -> None:
    """So many pictures, and then nothing."""
    call.begin()
    for number in range(count):
        call.part(jpeg(number))
    call.hang()


ROOT = Path(__file__).parents[3]
ELSEWHERE = """
import threading
from tests.sources.cameras.servers import serving
from tests.sources.cameras.test_http import motion

with serving(motion) as url:
    print(url)
    threading.Event().wait()
"""


def taken(url: str, count: int, **options: object) -> list[Frame]:
    """The first pictures at `url`."""
    maker = http.open_source(Url(url), **options)  # type: ignore[arg-type]
    try:
        return [item for item in islice(maker, count) if isinstance(item, Frame)]
    finally:
        maker.close()


def assert_closing_ends_a_wait(feed: Feed) -> None:
    """Closed while another thread waits for pictures, after the first."""
    begun = threading.Event()

    def read() -> None:
        for _ in feed:
            begun.set()

    thread = threading.Thread(target=read)
    thread.start()
    assert begun.wait(PATIENCE_S)
    feed.close()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


class TestMotionJpegIsASource(SourceConformance):
    @pytest.fixture(autouse=True)
    def _camera(self, child: StartChild) -> None:
        """In a process of its own: what it leaves open is not ours."""
        self.url = child("-c", ELSEWHERE, cwd=ROOT).wait_line("^http.*$")[0]

    def make(self, tmp_path: Path) -> Maker:
        return http.open_source(Url(self.url))


def test_is_what_the_schemes_open() -> None:
    assert SOURCES.get("http") is SOURCES.get("https") is http.open_source


class TestMotionJpeg:
    def test_pictures_stay_jpeg_and_carry_the_hosts_name(self) -> None:
        with serving(motion) as url:
            frames = taken(url, 5)
        assert [number_in(frame) for frame in frames] == [0, 1, 2, 3, 4]
        assert {frame.stream for frame in frames} == {"127.0.0.1"}
        assert all(isinstance(frame.content, EncodedImage) for frame in frames)

    def test_as_packets_they_are_passed_on_as_they_are(self) -> None:
        with serving(motion) as url:
            maker = http.open_source(Url(url), packets=True)
            items = list(islice(maker, 3))
            maker.close()
        assert [isinstance(item, Packet) and (item.codec, item.key) for item in items] == [("mjpeg", True)] * 3
        assert [bytes(item.data) for item in items] == [jpeg(number) for number in range(3)]

    def test_a_picture_that_is_broken_is_left_out(self) -> None:
        def half(call: Call) -> None:
            call.begin()
            for data in (jpeg(0), jpeg(1)[:200], jpeg(2)):
                call.part(data)
            call.hang()

        with serving(half) as url:
            assert [number_in(frame) for frame in taken(url, 2)] == [0, 2]

    def test_in_chunks_it_is_the_same(self) -> None:
        def chunked(call: Call) -> None:
            call.say(b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=pic\r\n")
            call.say(b"Transfer-Encoding: chunked\r\n\r\n")
            for number in range(3):
                data = jpeg(number)
                part = b"--pic\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(data), data)
                call.say(b"%x\r\n%b\r\n" % (len(part), part))
            call.hang()

        with serving(chunked) as url:
            assert [number_in(frame) for frame in taken(url, 3)] == [0, 1, 2]

    def test_it_is_cut_and_resized_when_asked(self) -> None:
        with serving(motion) as url:
            (frame,) = taken(url, 1, resize="64x48", turn=90)
        assert frame.data.shape == (48, 64)


class TestStills:
    def test_are_fetched_again_and_again_on_one_connection(self) -> None:
        count = iter(range(100))

        def still(call: Call) -> None:
            call.answer("200 OK", jpeg(next(count)), Content_Type="image/jpeg")

        with serving(still) as url:
            assert [number_in(frame) for frame in taken(url, 4, fps=1000)] == [0, 1, 2, 3]

    def test_a_server_that_closes_after_each_is_asked_anew(self) -> None:
        count = iter(range(100))

        def still(call: Call) -> None:
            call.begin("image/jpeg")
            call.say(jpeg(next(count)))
            raise OSError

        with serving(still) as url:
            assert [number_in(frame) for frame in taken(url, 3, fps=1000)] == [0, 1, 2]


class TestPasswords:
    def test_basic(self) -> None:
        seen: list[str] = []

        def guarded(call: Call) -> None:
            seen.append(call.fields.get("authorization", ""))
            if not seen[-1]:
                call.answer("401 Unauthorized", WWW_Authenticate='Basic realm="cam"')
            else:
                motion(call)

        with serving(guarded) as url:
            taken(url.replace("//", "//me:s%2Fp@"), 1)
        assert seen == ["", "Basic bWU6cy9w"]  # me:s/p

    def test_digest(self) -> None:
        answered: list[str] = []

        def guarded(call: Call) -> None:
            proof = dict(re.findall(r'(\w+)="?([^",]+)', call.fields.get("authorization", "")))
            if not proof:
                call.answer("401 Unauthorized", WWW_Authenticate='Digest realm="cam", nonce="n1", qop="auth"')
                return
            who = hashlib.md5(b"me:cam:pw", usedforsecurity=False).hexdigest()
            what = hashlib.md5(f"GET:{call.target}".encode(), usedforsecurity=False).hexdigest()
            text = f"{who}:n1:{proof['nc']}:{proof['cnonce']}:auth:{what}"
            if proof["response"] == hashlib.md5(text.encode(), usedforsecurity=False).hexdigest():
                answered.append(proof["uri"])
                motion(call)

        with serving(guarded) as url:
            taken(url.replace("//", "//me:pw@") + "/video.mjpg?a=1", 1)
        assert answered == ["/video.mjpg?a=1"]

    @pytest.mark.parametrize(
        ("user", "text"), [("", "wants a user and a password"), ("me:canary@", "refuses the user or the password")]
    )
    def test_missing_or_wrong_it_is_tried_again_and_said_once(
        self, user: str, text: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        asked = threading.Semaphore(0)

        def guarded(call: Call) -> None:
            asked.release()
            call.answer("401 Unauthorized", WWW_Authenticate='Basic realm="cam"')

        with serving(guarded) as url:
            maker = http.open_source(Url(url.replace("//", f"//{user}")))
            thread = threading.Thread(target=lambda: list(maker))
            thread.start()
            for _ in range(6):
                assert asked.acquire(timeout=PATIENCE_S)
            state = maker.state
            maker.close()
            thread.join(PATIENCE_S)
        assert state.state == "away"
        assert text in state.why
        assert [text in message for message in caplog.messages] == [True]
        assert "canary" not in "\n".join([*caplog.messages, str(state), repr(maker)])

    @pytest.mark.parametrize(
        ("old", "there", "trusted"),
        [
            ("http://cam/a", "http://cam:81/b", True),
            ("http://cam/a", "https://cam/a", True),
            ("https://cam/a", "http://cam/a", False),
            ("https://cam/a", "https://other/a", False),
        ],
    )
    def test_goes_along_to_the_same_host_and_never_from_tls_to_plain(self, old: str, there: str, trusted: bool) -> None:
        assert http_client.trusted(http_client.split(old), http_client.split(there)) is trusted

    def test_goes_along_to_the_same_host_only(self) -> None:
        seen: list[str] = []

        def there(call: Call) -> None:
            seen.append(call.fields.get("authorization", ""))
            call.answer("401 Unauthorized", WWW_Authenticate='Basic realm="cam"')

        with serving(there) as other:
            elsewhere = other.replace("127.0.0.1", "localhost")

            def moved(call: Call) -> None:
                call.answer("302 Found", Location=f"{elsewhere}/x")

            with serving(moved) as url, pytest.raises(Unavailable, match="wants a user"):
                http.connect(url.replace("//", "//me:canary@"), deadline_s=5)
        assert seen == [""]


class TestTrouble:
    def test_a_redirection_is_followed(self) -> None:
        def moved(call: Call) -> None:
            if call.target == "/old":
                call.answer("301 Moved", Location="/new")
            else:
                motion(call)

        with serving(moved) as url:
            assert number_in(taken(f"{url}/old", 1)[0]) == 0

    def test_redirections_in_a_circle_are_given_up(self) -> None:
        with (
            serving(lambda call: call.answer("302 Found", Location="/again")) as url,
            pytest.raises(Unavailable, match="from one address to the next"),
        ):
            http.connect(url, deadline_s=5)

    @pytest.mark.parametrize(
        ("status", "text"),
        [("404 Not Found", "nothing under this path"), ("503 Busy", "busy"), ("403 Forbidden", "not let us in")],
    )
    def test_a_refusal_says_what_to_do(self, status: str, text: str) -> None:
        with serving(lambda call: call.answer(status)) as url, pytest.raises(Unavailable, match=text) as refusal:
            http.connect(url.replace("//", "//me:canary@"), deadline_s=5)
        assert "canary" not in str(refusal.value)

    def test_a_page_is_no_camera(self) -> None:
        with (
            serving(lambda call: call.answer("200 OK", b"<html>", Content_Type="text/html")) as url,
            pytest.raises(Unavailable, match="sends text/html, no pictures"),
        ):
            http.connect(url, deadline_s=5)

    def test_nobody_there(self, free_port: int) -> None:
        with pytest.raises(Unavailable, match="cannot be read: Connection refused"):
            http.connect(f"http://me:canary@127.0.0.1:{free_port}/", deadline_s=5)

    @pytest.mark.parametrize("begun", [False, True])
    def test_silence_beyond_the_deadline_is_a_break(self, begun: bool) -> None:
        def silent(call: Call) -> None:
            if begun:
                call.begin()
            call.hang()

        with serving(silent) as url, pytest.raises(Unavailable, match=r"sent no picture for 0\.1 s"):
            list(http.connect(url, deadline_s=0.1))

    def test_so_is_a_trickle_without_a_picture(self) -> None:
        def trickle(call: Call) -> None:
            call.begin()
            while True:
                call.say(b"x" * 10)

        with serving(trickle) as url, pytest.raises(Unavailable, match=r"sent no picture for 0\.2 s"):
            list(http.connect(url, deadline_s=0.2))

    def test_pictures_go_on_after_a_break(self) -> None:
        calls = iter(range(10))

        def breaking(call: Call) -> None:
            call.begin()
            call.part(jpeg(next(calls)))
            raise OSError

        with serving(breaking) as url:
            frames = taken(url, 4)
        assert [(frame.seq, number_in(frame)) for frame in frames] == [(n, n) for n in range(4)]

    def test_closing_ends_a_wait_and_frees_what_was_never_read(self) -> None:
        with serving(motion) as url:
            http.connect(url, deadline_s=60).close()
            feed = http.connect(url, deadline_s=60)
            assert_closing_ends_a_wait(feed)


class TestMistakes:
    def test_are_raised_at_once(self) -> None:
        with pytest.raises(OptionError, match="backend='opencv'"):
            http.open_source(Url("http://cam/"), backend="opencv")
        with pytest.raises(OptionError, match="with packets does not go with the option resize"):
            http.open_source(Url("http://cam/"), packets=True, resize="64x48")
        with pytest.raises(AddressError, match=r"%2F") as refusal:
            http.open_source(Url("http://me:can/ary@cam:x/"))
        assert "ary" not in str(refusal.value).partition("is not")[0].replace("***", "")


class TestTls:
    def test_a_certificate_of_the_cameras_own_is_refused_with_a_way_out(self) -> None:
        with serving(motion, tls=True) as url, pytest.raises(Unavailable, match=r"nobody vouches for.*verify=False"):
            http.connect(url, deadline_s=5)

    def test_and_taken_when_told_so(self) -> None:
        with serving(motion, tls=True) as url:
            assert [number_in(frame) for frame in taken(url, 5, verify=False)] == [0, 1, 2, 3, 4]

    def test_closing_ends_a_wait(self) -> None:
        with serving(motion, tls=True) as url:
            feed = http.connect(url, deadline_s=60, verify=False)
            assert_closing_ends_a_wait(feed)
