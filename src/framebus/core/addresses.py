"""Addresses: one text for everything that makes or takes frames.

    address  = link | here | url | path ;
    link     = [ dialect "+" ] "tcp://" [ peer { "," peer } ] [ "/" streams ]
             | "ipc://" path [ ":" streams ] | "shm://" [ streams ] | "inproc://" name [ "/" streams ] ;
    peer     = [ host | "*" ] [ ":" port ] ;
    streams  = name [ "*" ] | template ;
    here     = "camera:" [ number | "pi" ] | "screen:" [ number ] | "synthetic:" [ name ] | "window:" | "null:" ;
    url      = ( "rtsp" | "http" | "s3" | … ) "://" anything ;
    path     = anything else ;

Parsing is pure: it looks at nothing but the text.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias

import msgspec

from framebus.core.errors import AddressError, OptionError
from framebus.core.hosts import Peer, is_local_host, is_loopback, network_wide, parse_peer
from framebus.core.names import RULE, suggestion, valid_name, valid_pattern, valid_template
from framebus.core.options import nearest
from framebus.core.redaction import redact

__all__ = [
    "DIALECTS",
    "HERE",
    "LINKS",
    "PLACEHOLDERS",
    "URLS",
    "Address",
    "Here",
    "Link",
    "Path",
    "Peer",
    "Role",
    "Url",
    "check_role",
    "is_local_host",
    "is_loopback",
    "listens",
    "network_wide",
    "parse",
]

LINKS = ("tcp", "ipc", "shm", "inproc")
DIALECTS = ("imagezmq", "netgear", "pyzmq")
HERE = ("camera", "screen", "synthetic", "window", "null")
URLS = ("http", "https", "rtmp", "rtmps", "rtsp", "rtsps", "s3", "srt", "udp")
PLACEHOLDERS = ("stream", "date", "time", "seq", "name")
"""What the path of a sink may contain in braces."""

Role = Literal["reader", "writer"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(//)?", re.ASCII)
_COLON_MISSING = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)//+", re.ASCII)
_HOST_AND_PORT = re.compile(r"(?:[A-Za-z0-9_.-]*|\*|\[[0-9A-Fa-f:.]+\]):\d{1,5}(?:/\S*)?", re.ASCII)
_MAX_UNIX_PATH = 107


class Link(msgspec.Struct, frozen=True):
    """Carries frames between two places. `str()` gives the canonical text."""

    scheme: str
    """`tcp`, `ipc`, `shm` or `inproc`."""
    dialect: str = ""
    """`imagezmq`, `netgear` or `pyzmq` where another system's protocol is meant; empty otherwise."""
    peers: tuple[Peer, ...] = ()
    """Where a `tcp` link goes, at least one; several are tried in turn."""
    path: str = ""
    """The socket's path (`ipc`) or name (`inproc`)."""
    streams: str = ""
    """A name, a beginning of names with `*`, a template with `{stream}`, or nothing for all."""

    def __str__(self) -> str:
        scheme = f"{self.dialect}+{self.scheme}" if self.dialect else self.scheme
        where = ",".join(map(str, self.peers)) if self.scheme == "tcp" else self.path
        return f"{scheme}://{where}{_SEPARATORS[self.scheme] if self.streams else ''}{self.streams}"


class Here(msgspec.Struct, frozen=True):
    """Made or shown on this machine: `camera:0`, `screen:`, `synthetic:`, `window:`, `null:`."""

    kind: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


class Url(msgspec.Struct, frozen=True):
    """Somebody else's server, its text untouched; `repr()` hides credentials, `str()` does not."""

    text: str

    @property
    def scheme(self) -> str:
        """The scheme in lower case, `rtsp`."""
        return self.text.partition(":")[0].lower()

    @property
    def host(self) -> str:
        """The host without user, port and brackets, in lower case; empty when there is none."""
        authority = re.split(r"[/?#]", self.text.partition("://")[2], maxsplit=1)[0].rpartition("@")[2]
        if authority.startswith("["):
            return authority[1:].partition("]")[0].lower()
        return authority.partition(":")[0].lower()

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Url({redact(self.text)!r})"


class Path(msgspec.Struct, frozen=True):
    """Files on this machine: one, a folder (trailing `/`), a glob (`*`) or a template for a sink's files."""

    text: str

    @property
    def extension(self) -> str:
        """What follows the last dot of the last part, in lower case: `mp4`; empty for folders."""
        return os.path.splitext(self.text.replace("\\", "/"))[1][1:].lower()

    @property
    def folder(self) -> bool:
        """True when it ends in a slash."""
        return self.text.endswith(("/", os.sep))

    @property
    def glob(self) -> bool:
        """True when it stands for several files by `*`."""
        return "*" in self.text

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Which of `stream date time seq name` it contains in braces."""
        return tuple(word for word in PLACEHOLDERS if f"{{{word}}}" in self.text)

    @property
    def bare(self) -> bool:
        """True for a single word (`door`): no extension, no slash, no glob, no placeholder."""
        return valid_name(self.text) and not self.extension

    def __str__(self) -> str:
        return self.text


Address: TypeAlias = Link | Here | Url | Path


def parse(text: str, *, schemes: Iterable[str] = (), exists: Callable[[str], bool] | None = None) -> Address:
    """The address written as `text`; surrounding white space is ignored.

    `schemes` are those of plug-ins (`kinect:0` is then a `Here`, `kinect://…` a `Url`). With `exists` (such as
    `os.path.exists`) a bare word that is no file is refused. Raises `AddressError` with the nearest known.
    """
    text = _clean(text)
    match = _SCHEME.match(text)
    if match is None:
        _refuse_missing_colon(text, schemes, exists)
        return _path(text, exists)
    word, slashes, rest = match[1].lower(), match[2] is not None, text[match.end() :]
    if slashes and word.rpartition("+")[2] in LINKS:
        return _link(text, word, rest)
    if slashes and word in (*URLS, *schemes):
        return _url(text, rest)
    if not slashes and word in (*HERE, *schemes):
        return _here(text, word, rest)
    raise AddressError(f"address {redact(text)!r}: {_refusal(text, word, slashes, rest, schemes)}")


def listens(
    address: Address,
    role: Role,
    listen: bool | None = None,
    *,
    local: Callable[[str], bool] = is_local_host,
) -> bool:
    """Whether a reader or writer of `address` waits for connections there (True) or connects (False).

    Read off the host: all networks, both listen; this machine, the writer listens; another machine, both
    connect. `listen` overrides it, `local` tells whether a host is this machine. NetGear receivers always listen, and
    its senders connect. Raises `AddressError` for a URL to write to and for listening at, or connecting to, what
    cannot be; `OptionError` for `listen` where it decides nothing.
    """
    check_role(address, role)
    if not isinstance(address, Link):
        _refuse_listen(address, listen)
        return False
    if address.scheme == "shm":
        if listen not in (None, role == "writer"):
            raise OptionError(f"listen={listen} is not possible for {address}: over shm the writer listens")
        return role == "writer"
    if address.dialect == "netgear":
        if listen is not None and listen != (role == "reader"):
            raise OptionError(f"listen={listen} is not possible for {address}: NetGear receivers listen, not senders")
        return role == "reader" and all(network_wide(peer.host) or local(peer.host) for peer in address.peers)
    wide = any(network_wide(peer.host) for peer in address.peers)
    several = len(address.peers) > 1
    if listen is None:
        return wide or (role == "writer" and not several and all(local(peer.host) for peer in address.peers))
    if listen and several:
        raise AddressError(f"cannot listen at {address}: several peers are tried in turn, listening takes one")
    if wide and not listen:
        raise AddressError(f"cannot connect to {address}: it means all networks, name the host to connect to")
    return listen


def check_role(address: Address, role: Role) -> None:
    """Raise `AddressError` when `address` cannot be read or written.

    A reader chooses streams by a name or a beginning (`yard-*`), a writer gives one by a name or a template
    (`{stream}-seen`).
    """
    if isinstance(address, Url) and role == "writer":
        raise AddressError(f"{redact(str(address))} can be read but not written")
    if not isinstance(address, Link):
        return
    if role == "reader" and "{" in address.streams:
        raise AddressError(f"{address}: a reader chooses streams by a name or its beginning ('yard-*'), not {{stream}}")
    if role == "writer" and address.streams.endswith("*"):
        raise AddressError(f"{address}: a writer needs one name, or a template such as '{{stream}}-seen', not '*'")


def _refuse_listen(address: Address, listen: bool | None) -> None:
    if listen:
        raise OptionError(f"listen=True is not possible for {redact(str(address))}: only links listen")


# parts -------------------------------------------------------------------------------------------------

_SEPARATORS = {"tcp": "/", "ipc": ":", "shm": "", "inproc": "/"}


def _clean(text: str) -> str:
    text = text.strip()
    if not text:
        raise AddressError("the address is empty: give one such as shm://door, tcp://:5555 or clip.mp4")
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise AddressError(f"address {redact(text)!r} is not text that can be encoded") from None
    if "\0" in text:
        raise AddressError(f"address {redact(text)!r} contains a zero byte, which no file or host name can")
    return text


def _refuse_missing_colon(text: str, schemes: Iterable[str], exists: Callable[[str], bool] | None) -> None:
    """`rtsp//cam`: a path by the grammar, and nothing that anybody means as one."""
    match = _COLON_MISSING.match(text)
    if match is None or (exists is not None and exists(text)):
        return
    word, rest = match[1].lower(), text[match.end() :]
    if word in HERE:
        meant = f"{word}:{rest}"
    elif word.rpartition("+")[2] in LINKS or word in (*URLS, *schemes):
        meant = f"{word}://{rest}"
    else:
        return
    raise AddressError(f"address {match[0]}…: the colon is missing, write {redact(meant)} (a file: ./{match[0]}…)")


def _path(text: str, exists: Callable[[str], bool] | None) -> Path:
    if _HOST_AND_PORT.fullmatch(text):
        raise AddressError(f"address {text!r}: did you mean tcp://{text}? (a file of that name is written ./{text})")
    path = Path(text)
    if exists is not None and path.bare and not exists(text):
        raise AddressError(f"no such file {text!r}: did you mean shm://{text}? (the folder is written {text}/)")
    return path


def _url(text: str, rest: str) -> Url:
    if not rest:
        raise AddressError(f"address {text!r}: nothing follows //, name the host")
    return Url(text)


def _here(text: str, kind: str, value: str) -> Here:
    fits = {
        "camera": value in ("", "pi") or _is_number(value),
        "screen": value == "" or _is_number(value),
        "synthetic": value == "" or valid_name(value),
        "window": value == "",
        "null": value == "",
    }
    if fits.get(kind, True):
        return Here(kind, value)
    raise AddressError(f"address {redact(text)!r}: after '{kind}:' comes {_AFTER.get(kind, 'nothing')}")


_AFTER = {
    "camera": "a number or 'pi'",
    "screen": "nothing or a number",
    "synthetic": "nothing or the name of a picture",
}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 9


def _link(text: str, word: str, rest: str) -> Link:
    dialect, _, scheme = word.rpartition("+")
    try:
        if dialect or "+" in word:
            _check_dialect(dialect, scheme)
        if rest.startswith("/") and (meant := _without_slash(word, rest)):
            raise AddressError(f"a slash too many, write {meant}")
        if scheme == "tcp":
            return _tcp(dialect, rest)
        if scheme == "shm":
            return Link("shm", streams=_streams(rest))
        return _ipc(rest) if scheme == "ipc" else _inproc(rest)
    except AddressError as error:
        raise AddressError(f"address {redact(text)!r}: {redact(str(error))}") from None


def _without_slash(word: str, rest: str) -> str:
    """What `shm:///door` and `tcp:///desk:5555` are meant to be; nothing where it may be meant as it is."""
    meant = f"{word}://{rest.lstrip('/')}"
    host = rest.lstrip("/").partition("/")[0]
    return meant if word == "shm" or (word.endswith("tcp") and _HOST_AND_PORT.fullmatch(host)) else ""


def _check_dialect(dialect: str, scheme: str) -> None:
    if dialect not in DIALECTS:
        raise AddressError(f"unknown dialect {dialect!r}: {nearest(dialect, DIALECTS)}")
    if scheme != "tcp":
        raise AddressError(f"the dialect {dialect} is spoken over tcp alone: write {dialect}+tcp://")


def _tcp(dialect: str, rest: str) -> Link:
    where, _, streams = rest.partition("/")
    peers = tuple(parse_peer(peer) for peer in where.split(","))
    if len(peers) > 1 and any(network_wide(peer.host) for peer in peers):
        raise AddressError("several peers are tried in turn, so each needs a host")
    return Link("tcp", dialect, peers, streams=_streams(streams))


def _ipc(rest: str) -> Link:
    path, _, streams = rest.rpartition(":") if ":" in rest.rpartition("/")[2] else (rest, "", "")
    if not path or path == "*":
        raise AddressError("name the socket's path, such as ipc:///run/user/1000/door.sock")
    if len(os.fsencode(path)) > _MAX_UNIX_PATH:
        raise AddressError(f"the path of a unix socket holds {_MAX_UNIX_PATH} bytes, this one is longer: shorten it")
    return Link("ipc", path=path, streams=_streams(streams))


def _inproc(rest: str) -> Link:
    name, _, streams = rest.partition("/")
    if not valid_name(name):
        raise AddressError(f"{name!r} is not a name ({RULE}){suggestion(name)}")
    return Link("inproc", path=name, streams=_streams(streams))


def _streams(text: str) -> str:
    if text in ("", "*"):
        return ""
    if valid_pattern(text) or valid_template(text):
        return text
    raise AddressError(
        f"{text!r} names no stream: give a name ({RULE}), a beginning ('yard-*') or a template ('{{stream}}-seen')"
        f"{'' if set('*{') & set(text) else suggestion(text)}"
    )


def _refusal(text: str, word: str, slashes: bool, rest: str, schemes: Iterable[str]) -> str:
    """Why a text that looks like a scheme is none of the known ones, and what to write instead."""
    if slashes:
        return _refusal_of_url(word, rest, schemes)
    if word.rpartition("+")[2] in LINKS or word in URLS:
        return f"two slashes are missing, write {word}://{redact(rest.lstrip('/'))}"
    hint = nearest(f"{word}:", [f"{kind}:" for kind in (*HERE, *schemes)])
    if _HOST_AND_PORT.fullmatch(text) and not hint.startswith("did you mean"):
        return f"did you mean tcp://{text}?"
    return f"unknown scheme {word!r}, {hint} (a file of that name is written ./{redact(text)})"


def _refusal_of_url(word: str, rest: str, schemes: Iterable[str]) -> str:
    if word in HERE:
        return f"no slashes here, write {word}:{rest}"
    if word == "file":
        return f"write the path itself, {rest}"
    known = [*LINKS[:3], *(f"{dialect}+tcp" for dialect in DIALECTS), *URLS, *schemes]
    hint = f"{word}+tcp://" if word in DIALECTS else ""
    return f"unknown scheme {word!r}, " + (f"did you mean {hint}?" if hint else nearest(word, known))
