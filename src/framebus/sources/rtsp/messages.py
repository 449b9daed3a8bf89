"""The texts of RTSP (RFC 2326): requests and answers, read from bytes and written to them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from framebus.core.errors import BadFrame

MAX_BYTES = 64 * 1024
"""The longest message taken, header and body together."""
MAX_HEADERS = 128
VERSION = "RTSP/1.0"

Headers = tuple[tuple[str, str], ...]


class Request(msgspec.Struct, frozen=True):
    """Somebody asks for something."""

    method: str
    target: str
    headers: Headers = ()
    """Names in lower case, in the order they came."""
    body: bytes = b""

    def header(self, name: str) -> str:
        """The first value of a header, given in lower case; empty where there is none."""
        return _first(self.headers, name)


class Response(msgspec.Struct, frozen=True):
    """The answer to a request."""

    status: int
    reason: str
    headers: Headers = ()
    """Names in lower case, in the order they came."""
    body: bytes = b""

    def header(self, name: str) -> str:
        """The first value of a header, given in lower case; empty where there is none."""
        return _first(self.headers, name)

    def all(self, name: str) -> list[str]:
        """All values of a header that may be repeated."""
        return [value for key, value in self.headers if key == name]


def encode_request(method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes = b"") -> bytes:
    """The bytes of a request. Raises `BadFrame` where a part would not stay on its line."""
    return _encode(f"{method} {_word(target)} {VERSION}", headers, body)


def encode_response(status: int, reason: str, headers: Iterable[tuple[str, str]], body: bytes = b"") -> bytes:
    """The bytes of an answer. Raises `BadFrame` where a part would not stay on its line."""
    return _encode(f"{VERSION} {status} {reason}", headers, body)


def decode(head: bytes, body: bytes) -> Request | Response:
    """The message of a header block and its body. Raises `BadFrame`.

    Texts are read as Latin-1, which keeps every byte of a realm or a nonce as it was.
    """
    first, *lines = _lines(head)
    words = first.split(" ", 2)
    headers = parse_headers(lines)
    if words[0].startswith("RTSP/"):
        return Response(_status(first, words), words[2].strip() if len(words) > 2 else "", headers, body)
    if len(words) != 3 or not words[2].startswith("RTSP/") or not words[0].isupper():
        raise BadFrame(f"{shown(first)} is no line of RTSP: does something else listen on this port?")
    return Request(words[0], words[1], headers, body)


def body_length(head: bytes) -> int:
    """How many bytes follow a header block. Raises `BadFrame` for what is no length."""
    values = [value for name, value in parse_headers(_lines(head)[1:]) if name == "content-length"]
    text = values[0] if values else "0"
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadFrame(f"{shown(text)} is no length of a message")
    return int(text)


def parse_headers(lines: Iterable[str]) -> Headers:
    """Names in lower case and values; a line that begins with a blank goes on with the one before."""
    headers: list[tuple[str, str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if line[:1] in (" ", "\t") and headers:
            headers[-1] = (headers[-1][0], f"{headers[-1][1]} {line.strip()}")
        elif colon:
            headers.append((name.strip().lower(), value.strip()))
        elif line:
            raise BadFrame(f"{shown(line)} is no header of RTSP")
    if len(headers) > MAX_HEADERS:
        raise BadFrame(f"a message with {len(headers)} headers is refused: {MAX_HEADERS} at most")
    return tuple(headers)


def shown(text: str, most: int = 80) -> str:
    """What a stranger sent, short and without control characters, for an error's text."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in text[:most])
    return repr(plain + ("…" if len(text) > most else ""))


def _lines(head: bytes) -> list[str]:
    return head.decode("latin-1").replace("\r\n", "\n").strip("\n").split("\n")


def _status(first: str, words: list[str]) -> int:
    code = words[1] if len(words) > 1 else ""
    if len(code) != 3 or not code.isascii() or not code.isdigit():
        raise BadFrame(f"{shown(first)} is no answer of RTSP")
    return int(code)


def _first(headers: Headers, name: str) -> str:
    return next((value for key, value in headers if key == name), "")


def _encode(first: str, headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in headers)]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    if any("\r" in line or "\n" in line for line in lines):
        raise BadFrame("a line break inside a line of RTSP is refused")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace") + body


def _word(target: str) -> str:
    if not target or not target.isascii() or not target.isprintable() or " " in target:
        raise BadFrame(f"{shown(target)} cannot be asked for in RTSP: it holds blanks or control characters")
    return target
