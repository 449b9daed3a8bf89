"""ZeroMQ's authentication protocol (RFC 27) without any I/O: requests, policies, answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from zmq.utils import z85

from framebus.core.errors import OptionError
from framebus.links.keys import Client, key_id

VERSION = b"1.0"
KEY_BYTES = 32
FIXED_PARTS = 6

Network = IPv4Network | IPv6Network

_INVITE = "`framebus keys invite NAME` here and `framebus keys join` there let it in"


@dataclass(frozen=True, slots=True)
class ZapRequest:
    """One connection that wants in: where, from which address, and what it shows."""

    number: bytes
    domain: str
    address: str
    mechanism: str
    credentials: tuple[bytes, ...] = ()

    @property
    def key(self) -> str:
        """The client's public key as 40 characters of Z85, empty where there is none."""
        if self.mechanism == "CURVE" and len(self.credentials) == 1 and len(self.credentials[0]) == KEY_BYTES:
            return z85.encode(self.credentials[0]).decode()
        return ""


@dataclass(frozen=True, slots=True)
class ZapAnswer:
    """Yes or no. `user` is the name of the client whose key it was, empty without keys; `reason` is for our people."""

    allowed: bool
    user: str = ""
    reason: str = ""

    def parts(self, number: bytes) -> list[bytes]:
        """The message that answers request `number`."""
        if self.allowed:
            return [VERSION, number, b"200", b"OK", self.user.encode(), b""]
        return [VERSION, number, b"400", b"no", b"", b""]  # why is nobody's business but ours


@dataclass(frozen=True, slots=True)
class Nobody:
    """Refuses everybody, with the reason given: for domains that are unknown and keys that cannot be read."""

    reason: str


@dataclass(frozen=True, slots=True)
class Loopback:
    """Lets in whoever is on this machine, any user of it."""


@dataclass(frozen=True, slots=True)
class Everybody:
    """Lets in whoever can reach the port: `insecure`."""


@dataclass(frozen=True, slots=True)
class Networks:
    """Lets in this machine and the given networks, by address alone: `allow`."""

    networks: tuple[Network, ...]

    @classmethod
    def of(cls, allow: Sequence[str]) -> Networks:
        """From addresses and networks as people write them; raises `OptionError` for anything else."""
        try:
            return cls(tuple(ip_network(text, strict=False) for text in allow))
        except ValueError as error:
            raise OptionError(f"allow: {error}; give addresses or networks (10.0.0.7, 192.168.1.0/24)") from error


@dataclass(frozen=True, slots=True)
class Allowed:
    """Lets in the holders of these keys over encrypted connections, and nobody else: public key -> client."""

    clients: Mapping[str, Client] = field(default_factory=dict)


Policy = Nobody | Loopback | Everybody | Networks | Allowed


def parse(parts: Sequence[bytes]) -> ZapRequest | None:
    """The request in `parts` (without routing), or None when it is none; never raises."""
    if len(parts) < FIXED_PARTS or parts[0] != VERSION:
        return None
    number, domain, address, _, mechanism, *credentials = parts[1:]
    try:
        return ZapRequest(number, domain.decode(), address.decode(), mechanism.decode(), tuple(credentials))
    except UnicodeDecodeError:
        return None


def decide(request: ZapRequest | None, policy: Policy) -> ZapAnswer:
    """The answer to `request` under `policy`. A pure function; None (a malformed request) is refused."""
    if request is None:
        return ZapAnswer(False, reason="ZeroMQ asked in a way we do not understand")
    match policy:
        case Nobody(reason):
            return ZapAnswer(False, reason=reason)
        case Allowed(clients):
            return _by_key(request, clients)
    if request.mechanism != "NULL":
        return ZapAnswer(False, reason="it wants an encrypted connection, but this port listens without keys")
    return _by_address(request.address, policy)


def objection(address: str, policy: Policy) -> str:
    """Why an unencrypted connection from `address` is refused under `policy`; empty when it is not."""
    answer = decide(ZapRequest(b"", "", address, "NULL"), policy)
    return "" if answer.allowed else answer.reason


def _by_key(request: ZapRequest, clients: Mapping[str, Client]) -> ZapAnswer:
    if request.mechanism != "CURVE":
        return ZapAnswer(False, reason=f"it shows no key; {_INVITE}")
    client = clients.get(request.key)
    if client is None:
        return ZapAnswer(False, reason=f"its key {key_id(request.key)}… is not allowed here; {_INVITE}")
    return ZapAnswer(True, user=client.name)


def _by_address(text: str, policy: Loopback | Everybody | Networks) -> ZapAnswer:
    if isinstance(policy, Everybody):
        return ZapAnswer(True)
    address = _address(text)
    if address is not None and address.is_loopback:
        return ZapAnswer(True)
    if isinstance(policy, Networks) and address is not None:
        if any(address in network for network in policy.networks):
            return ZapAnswer(True)
        return ZapAnswer(False, reason=f"its address is not allowed; allow='{text}' (--allow {text}) lets it in")
    return ZapAnswer(False, reason="it is not on this machine, and only that may connect here")


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
