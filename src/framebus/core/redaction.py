"""Keeps passwords, tokens and key codes out of logs, status lines and error texts."""

from __future__ import annotations

import logging
import re

MASK = "***"
KEY_CODE_PREFIX = "fbkey-"
"""What the codes of `framebus keys invite` begin with, so that they can be recognised here."""

# every repetition is bounded: what is redacted may come from the network
_USER_INFO = re.compile(r"(://|%3A%2F%2F)(?!USER:PASSWORD@)[^\s/?#]{0,1024}(@|%40)(?!/)", re.IGNORECASE)
_REST_OF_PASSWORD = re.compile(r"(://\*\*\*@)(?:(?!://)[^\s@,'\"<>]){1,256}@(?=[\w\[])")
_PASSWORD_WITH_SLASH = re.compile(r"(://)(?!USER:PASSWORD@)[^\s/?#@:,]{1,256}:(?!\d{1,5}[/?#])[^\s@,'\"<>]{0,256}(@)")
_WITHOUT_SLASHES = re.compile(
    r"(?<![^\s'\"(=<,])([A-Za-z][A-Za-z0-9+.-]{0,32}:/?)?[^\s/:@'\"(=<,]{1,256}:[^\s/@'\"]{1,256}(@)"
)
_SECRETS = (
    "access_?key(?:_?id)?|api_?key|auth|authorization|client_?secret|credentials?|pass|passphrase"
    "|passw(?:or)?d|pwd|private_?key|secret(?:_?key)?|sig|signature"
    "|(?:access_?|auth_?|refresh_?|session_?)?token|x-amz-[a-z-]{1,40}"
)
_QUERY = re.compile(rf"((?:[?&;]|%3F|%26)(?:{_SECRETS}|key)(?:=|%3D))[^&;\s'\"]+", re.IGNORECASE)
_ASSIGNED = re.compile(rf"(\b(?:{_SECRETS})[ ]?=[ ]?['\"]?)[^\s&;,'\"}}\])]+", re.IGNORECASE)
_QUOTED_KEY = re.compile(rf"(['\"](?:{_SECRETS})['\"][ ]?[:=][ ]?)('[^'\n]*'|\"[^\"\n]*\"|[^\s,}}]+)", re.IGNORECASE)
_KEY_CODE = re.compile(rf"\b{KEY_CODE_PREFIX}[A-Za-z0-9._~+/=-]+")


def redact(text: str) -> str:
    """`text` with credentials replaced by `***`.

    Covers user and password in any URL (percent-encoded and mistyped ones too, several in one text), secret query
    parameters and assignments (`password`, `token`, `secret`, `api_key`, signatures …), and the key codes of
    framebus.
    """
    text = _USER_INFO.sub(rf"\1{MASK}\2", text)
    text = _PASSWORD_WITH_SLASH.sub(rf"\1{MASK}\2", text)
    text = _REST_OF_PASSWORD.sub(r"\1", text)
    text = _WITHOUT_SLASHES.sub(rf"\1{MASK}\2", text)
    text = _QUERY.sub(rf"\1{MASK}", text)
    text = _ASSIGNED.sub(rf"\1{MASK}", text)
    text = _QUOTED_KEY.sub(rf"\1'{MASK}'", text)
    return _KEY_CODE.sub(KEY_CODE_PREFIX + MASK, text)


class RedactionFilter(logging.Filter):
    """Redacts everything a handler writes: message, arguments, traceback and stack.

    Add it to handlers; a filter on a logger does not see what its children log.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact `record` in place; always True."""
        record.msg, record.args = redact(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True
