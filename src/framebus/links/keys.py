"""The user's key store: who this machine is, whom it knows, and whom it lets in.

Three JSON files in one folder (`$FRAMEBUS_KEYS`, else `framebus/keys` in the user's configuration folder):

    own.json       this machine's CURVE pair, made by the first `invite`
    clients.json   who may connect here: name, public key, rights
    peers.json     where this machine may connect: address, the owner's public key, and our secret for it

Files have mode 0600 and the folder 0700 from the moment they exist; anything wider, or owned by somebody else, is
refused. Files are replaced whole, under a lock, and never half written. No function here uses the network.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import stat
import struct
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
import zmq
from zmq.utils import z85

from framebus.core import names
from framebus.core.errors import AddressError, OptionError, Unavailable
from framebus.core.hosts import Peer, network_wide, parse_peer
from framebus.core.not_json import NOT_JSON
from framebus.core.schemas import look_up
from framebus.core.whole import whole
from framebus.links import codes
from framebus.links.locks import lock
from framebus.session.outgoing import Verb

KEY_ID_LENGTH = 8
MAX_FILE_BYTES = 16 * 1024 * 1024

_S = TypeVar("_S", bound=msgspec.Struct)


class Rights(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a peer may do: streams as names, prefixes (`yard-*`) or `*` for all; nothing is allowed by default."""

    publish: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    work: tuple[str, ...] = ()
    control: tuple[str, ...] = ()
    observe: bool = False

    def allows(self, verb: Verb, stream: str = "") -> bool:
        """True when `verb` is allowed on `stream`; `observe` concerns the endpoint and takes no stream."""
        if verb == "observe":
            return self.observe
        return any(names.matches(pattern, stream) for pattern in getattr(self, verb))

    def reaches(self, verb: Verb, pattern: str) -> bool:
        """True when `verb` is allowed on any stream that `pattern` (`yard`, `yard-*`, `*`, nothing: all) may name."""
        return any(names.overlap(pattern or "*", own or "*") for own in getattr(self, verb))

    def __str__(self) -> str:
        """One line for people: `publish porch, yard-* · observe`."""
        verbs: tuple[Verb, ...] = ("publish", "read", "work", "control")
        parts = [f"{verb} {', '.join(getattr(self, verb))}" for verb in verbs if getattr(self, verb)]
        return " · ".join([*parts, *(["observe"] if self.observe else [])]) or "nothing"


ALL_RIGHTS = Rights(publish=("*",), read=("*",), work=("*",), control=("*",), observe=True)
"""Of everybody where no keys are used."""

USUAL_RIGHTS = Rights(publish=("*",), read=("*",), work=("*",), observe=True)
"""Of an invited client that is given no others: every stream, but no control of devices."""


class KeyPair(msgspec.Struct, frozen=True):
    """A CURVE pair, each key 40 characters of Z85; shows its secret to nobody who prints it."""

    public: str
    secret: str

    def __repr__(self) -> str:
        return f"KeyPair({key_id(self.public)}…)"


class ClientKeys(msgspec.Struct, frozen=True):
    """What a client needs to reach one listener: the listener's public key and a pair of its own."""

    server_public: str
    client_public: str
    client_secret: str

    def __repr__(self) -> str:
        return f"ClientKeys(server {key_id(self.server_public)}…, own {key_id(self.client_public)}…)"


class Client(msgspec.Struct, frozen=True):
    """Somebody who may connect to this machine."""

    name: str
    public: str
    rights: Rights


class KnownPeer(msgspec.Struct, frozen=True):
    """A listener this machine was invited to, `name` being what it calls us."""

    name: str
    address: str
    keys: ClientKeys


class _Clients(msgspec.Struct):
    clients: tuple[Client, ...] = ()


class _Peers(msgspec.Struct):
    peers: tuple[KnownPeer, ...] = ()


Stamp = tuple[int, int, int] | None
"""Differs whenever the file was replaced; None when there is none."""


look_up(KeyPair, _Clients, _Peers)


class KeyStore:
    """The keys in one folder, read from disk at every call; safe to use from several threads and processes.

    Every method raises `Unavailable` when a file cannot be used: unreadable, damaged, or open to other users.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or default_folder()

    def own(self) -> KeyPair | None:
        """This machine's pair, or None before the first invitation."""
        return self._read("own.json", KeyPair)

    def clients(self) -> tuple[Client, ...]:
        """Who may connect here, in the order they were invited."""
        found = self._read("clients.json", _Clients)
        return found.clients if found else ()

    def peers(self) -> tuple[KnownPeer, ...]:
        """Where this machine was invited to, in the order it joined."""
        found = self._read("peers.json", _Peers)
        return found.peers if found else ()

    def clients_stamp(self) -> Stamp:
        """Changes whenever the list of clients may have; costs one look at the file's dates."""
        try:
            found = os.stat(self.folder / "clients.json")
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def invite(self, name: str, address: str, rights: Rights = USUAL_RIGHTS) -> str:
        """Let a new client in: make its pair and return the code that `join` takes over there.

        The code holds the client's secret, which is stored nowhere here: it goes to one machine, over a channel that
        nobody else reads. Raises `OptionError` for a name that is taken or none, or for rights that name no streams.
        """
        names.check_name(name, "the client's name")
        _check_rights(rights)
        where = canonical(address)
        with self._changing():
            clients = self.clients()
            if taken := next((client for client in clients if client.name == name), None):
                raise OptionError(
                    f"a client called {name} exists already (key {key_id(taken.public)}): "
                    f"`framebus keys revoke {name}` first, or choose another name"
                )
            own = self.own() or self._make_own()
            pair = _new_pair()
            self._write("clients.json", _Clients((*clients, Client(name, pair.public, rights))))
        return codes.encode(codes.Invitation(name, where, own.public, pair.secret))

    def join(self, code: str, address: str = "") -> KnownPeer:
        """Store what `invite` made over there; `address` replaces the one in the code where this machine sees another.

        Joining the same address again replaces the older keys. Raises `OptionError` for a damaged code.
        """
        invitation = codes.decode(code)
        where = canonical(address or invitation.address)
        pair = _pair_of(invitation.client_secret)
        _check_key(invitation.server_public)
        peer = KnownPeer(invitation.name, where, ClientKeys(invitation.server_public, pair.public, pair.secret))
        with self._changing():
            others = tuple(known for known in self.peers() if known.address != where)
            self._write("peers.json", _Peers((*others, peer)))
        return peer

    def revoke(self, name: str) -> Client:
        """Let `name` in no longer; running listeners notice within a second.

        Raises `OptionError` when nobody is called so.
        """
        with self._changing():
            clients = self.clients()
            found = next((client for client in clients if client.name == name), None)
            if found is None:
                known = ", ".join(client.name for client in clients) or "nobody"
                raise OptionError(f"no client is called {name!r}; allowed: {known}")
            self._write("clients.json", _Clients(tuple(c for c in clients if c is not found)))
        return found

    def forget(self, address: str) -> KnownPeer:
        """Throw away the keys for the listener at `address`; raises `OptionError` where there are none."""
        where = canonical(address)
        with self._changing():
            peers = self.peers()
            found = next((peer for peer in peers if peer.address == where), None)
            if found is None:
                known = ", ".join(peer.address for peer in peers) or "none"
                raise OptionError(f"this machine has no key for {where}; it has: {known}")
            self._write("peers.json", _Peers(tuple(peer for peer in peers if peer is not found)))
        return found

    def lookup_peer(self, host: str, port: int) -> ClientKeys | None:
        """The keys for `host`:`port`, or None where this machine was never invited: then plain, and said."""
        where = canonical(str(Peer(host.strip("[]"), port)))
        return next((peer.keys for peer in self.peers() if peer.address == where), None)

    def _make_own(self) -> KeyPair:
        pair = _new_pair()
        self._write("own.json", pair)
        return pair

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _check_private(self.folder, os.stat(self.folder), 0o700)
            descriptor = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | _NOFOLLOW, 0o600)
        except OSError as error:
            raise _unusable(self.folder, error) from error
        try:
            lock(descriptor)
            yield
        finally:
            os.close(descriptor)

    def _read(self, name: str, kind: type[_S]) -> _S | None:
        path = self.folder / name
        try:
            descriptor = os.open(path, os.O_RDONLY | _NOFOLLOW)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable(path, error) from error
        with open(descriptor, "rb") as file:
            _check_private(self.folder, os.stat(self.folder), 0o700)
            _check_private(path, os.fstat(descriptor), 0o600)
            data = file.read(MAX_FILE_BYTES)
        try:
            return msgspec.json.decode(data, type=kind)
        except NOT_JSON as error:
            raise Unavailable(f"{path} is damaged ({error}): restore it, or remove it and invite again") from error

    def _write(self, name: str, content: msgspec.Struct) -> None:
        data = msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"
        try:
            descriptor, partial = tempfile.mkstemp(prefix=f".{name}-", dir=self.folder)  # 0600, exclusively
            with whole(self.folder / name, partial), open(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(descriptor)
        except OSError as error:
            raise _unusable(self.folder / name, error) from error


def default_folder(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path:
    """`$FRAMEBUS_KEYS`, else where this system keeps a user's configuration."""
    values = os.environ if environ is None else environ
    if values.get("FRAMEBUS_KEYS"):
        return Path(values["FRAMEBUS_KEYS"]).expanduser()
    if values.get("XDG_CONFIG_HOME"):
        return Path(values["XDG_CONFIG_HOME"]) / "framebus" / "keys"
    if platform == "win32" and values.get("APPDATA"):
        return Path(values["APPDATA"]) / "framebus" / "keys"
    if platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "framebus" / "keys"
    return Path.home() / ".config" / "framebus" / "keys"


def lookup_peer(host: str, port: int) -> ClientKeys | None:
    """`KeyStore().lookup_peer(host, port)`: the keys for that peer in the user's own store, or None."""
    return KeyStore().lookup_peer(host, port)


def key_id(public: str) -> str:
    """The first 8 characters of a public key: what lists and logs call it."""
    return public[:KEY_ID_LENGTH]


def canonical(address: str) -> str:
    """`tcp://host:port` in one spelling, the port written out. Raises `AddressError` for what is no such address."""
    peer = parse_peer(address.removeprefix("tcp://").removesuffix("/"))
    if network_wide(peer.host) or peer.port == 0:
        raise AddressError(
            f"{address!r} is no address to connect to: give the one the other machine uses (tcp://host:port)"
        )
    return f"tcp://{peer}"


_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def _new_pair() -> KeyPair:
    public, secret = zmq.curve_keypair()
    return KeyPair(public.decode(), secret.decode())


def _pair_of(secret: str) -> KeyPair:
    _check_key(secret)
    return KeyPair(zmq.curve_public(secret.encode()).decode(), secret)


def _check_key(text: str) -> None:
    try:
        if len(z85.decode(text)) == 32:
            return
    except (KeyError, IndexError, ValueError, struct.error):
        pass
    raise OptionError("this code holds no usable key: ask for a new one (framebus keys invite NAME)")


def _check_rights(rights: Rights) -> None:
    for verb in ("publish", "read", "work", "control"):
        for pattern in getattr(rights, verb):
            if not names.valid_pattern(pattern):
                raise OptionError(
                    f"{verb} {pattern!r} names no streams: give a name ({names.RULE}), a prefix such as yard-*, or *"
                )


def _check_private(path: Path, found: os.stat_result, mode: int) -> None:
    if not hasattr(os, "geteuid"):
        return
    if found.st_uid != os.geteuid():
        raise Unavailable(
            f"{path} belongs to another user (uid {found.st_uid}), who could read or change your keys: "
            "remove it, or point FRAMEBUS_KEYS to a folder of your own"
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        wide, quoted = stat.S_IMODE(found.st_mode), shlex.quote(str(path))
        raise Unavailable(f"{path} is open to other users (mode {wide:04o}): chmod {mode:o} {quoted}")


def _unusable(path: Path, error: OSError) -> Unavailable:
    return Unavailable(f"the key store {path} cannot be used: {error.strerror or error}")
