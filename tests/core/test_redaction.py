"""Credentials do not reach logs, status lines and error texts; everything else does."""

from __future__ import annotations

import io
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.redaction import KEY_CODE_PREFIX, RedactionFilter, redact


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("rtsp://user:pass@cam/main", "rtsp://***@cam/main"),
        ("rtsp://user@cam/main", "rtsp://***@cam/main"),
        ("RTSP://user:p%40s%2Fs@cam:554/main", "RTSP://***@cam:554/main"),
        ("rtsp://user:p@ss@cam/main", "rtsp://***@cam/main"),
        ("rtsp://user:p/a/ss@cam/main", "rtsp://***@cam/main"),
        ("rtsp://user:p@s/s#w?@cam/main", "rtsp://***@cam/main"),
        ("rtsp://user:pass@[::1]:554/main", "rtsp://***@[::1]:554/main"),
        ("tried rtsp://a:b@x/1, then rtsp://c:d@y/2.", "tried rtsp://***@x/1, then rtsp://***@y/2."),
        ("rtsp://a:b@x,rtsp://c:d@y", "rtsp://***@x,rtsp://***@y"),
        ("('rtsp://a:b@x', 5)", "('rtsp://***@x', 5)"),
        ("rtsp%3A%2F%2Fuser%3Apass%40cam%2Fmain", "rtsp%3A%2F%2F***%40cam%2Fmain"),
        ("http://x/?u=rtsp%3a%2f%2fuser:pass%40cam&n=1", "http://x/?u=rtsp%3a%2f%2f***%40cam&n=1"),
        ("rtsp:user:pass@cam", "rtsp:***@cam"),
        ("(user:pass@cam)", "(***@cam)"),
        ("http://x/?password=abc&n=1", "http://x/?password=***&n=1"),
        ("http://x/?n=1&access_token=abc#top", "http://x/?n=1&access_token=***"),
        ("http://x/?apikey=a%26b&key=2", "http://x/?apikey=***&key=***"),
        ("s3://b/k?X-Amz-Signature=abc&X-Amz-Credential=d/e", "s3://b/k?X-Amz-Signature=***&X-Amz-Credential=***"),
        ("http://x/?a=1;pwd=abc;b=2", "http://x/?a=1;pwd=***;b=2"),
        ("api_key = 'abc', n=1", "api_key = '***', n=1"),
        ("{'password': 'a b', 'n': 1}", "{'password': '***', 'n': 1}"),
        ('{"token":"abc"}', "{\"token\":'***'}"),
        (f"join {KEY_CODE_PREFIX}aGVsbG8_d29-bGQ=.x now", f"join {KEY_CODE_PREFIX}*** now"),
    ],
)
def test_secrets_are_replaced(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tcp://desk:5555/porch",
        "rtsp://cam.local:554/main?channel=1&subtype=0",
        "http://cam/photos/a@2x.png",
        "http://cam:80/photos/a@2x.png",
        "mail me@example.org",
        "give rtsp://USER:PASSWORD@HOST/PATH",
        "at 12:30: me@example.org",
        "imagezmq+tcp://desk:5555,pi:5555/a@b",
        "key frame 7, keyframe=1, bypass=2",
        "the password was refused",
        "{'monkey': 1, 'author': 'x'}",
        "imagezmq+tcp://:5555",
    ],
)
def test_the_rest_stays(text: str) -> None:
    assert redact(text) == text


PASSWORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/?#,'\"<>"), min_size=6)


@given(PASSWORDS, st.sampled_from(["rtsp://me:{}@cam/main", "see http://:{}@[::1]:80/?a=1 and wait"]))
def test_no_password_of_a_url_is_shown(password: str, around: str) -> None:
    assert redact(around.format(password)) == around.replace(":{}", "***").replace("me", "")


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize("piece", ["://", "://a:", "%3A%2F%2F", "&token=", "'token':'", "fbkey-", "password=", "a@"])
def test_long_hostile_texts_are_no_work(piece: str) -> None:
    redact(piece * 20_000)


class TestFilter:
    @pytest.fixture
    def log(self) -> logging.Logger:
        logger = logging.Logger("test")
        self.written = io.StringIO()
        handler = logging.StreamHandler(self.written)
        handler.addFilter(RedactionFilter())
        logger.addHandler(handler)
        return logger

    def test_redacts_messages_and_arguments(self, log: logging.Logger) -> None:
        log.warning("opening %s for %d s", "rtsp://me:secret@cam", 5)
        assert self.written.getvalue() == "opening rtsp://***@cam for 5 s\n"

    def test_redacts_tracebacks(self, log: logging.Logger) -> None:
        try:
            raise OSError("no rtsp://me:secret@cam")
        except OSError:
            log.exception("failed", stack_info=True)
        assert "OSError: no rtsp://***@cam" in self.written.getvalue()
        assert "secret@" not in self.written.getvalue().replace("me:secret@cam", "", 1)

    def test_lets_everything_through(self, log: logging.Logger) -> None:
        log.error("100 %")
        assert self.written.getvalue() == "100 %\n"

    def test_leaves_records_without_a_traceback_alone(self) -> None:
        record = logging.makeLogRecord({"msg": "x", "exc_info": (None, None, None)})
        assert RedactionFilter().filter(record)
        assert sys.exc_info() == (None, None, None)
