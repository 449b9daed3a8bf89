"""Admission: every connection is asked about, and whoever is not let in on purpose stays out."""

from __future__ import annotations

import contextlib
import secrets
import select
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st
from zmq.utils import z85

from framebus.core.errors import OptionError, Unavailable
from framebus.links import zap
from framebus.links.admission import ENDPOINT, Admission, Refusal, admission, require_admission
from framebus.links.doorman import on_duty
from framebus.links.fact import Fact
from framebus.links.guard import Guard
from framebus.links.keys import ALL_RIGHTS, Client, KeyStore, Rights
from framebus.links.sockets import Socket, bound_to, dialler, listener
from framebus.links.zap import Allowed, Everybody, Loopback, Networks, Nobody, Policy, ZapRequest, decide
from tests.conftest import StartChild

PATIENCE_MS = 20_000
KEY = bytes(range(32))
PORCH = Client("porch", z85.encode(KEY).decode(), Rights(publish=("porch",)))
ALLOWED = Allowed({PORCH.public: PORCH})


def _request(address: str = "127.0.0.1", mechanism: str = "NULL", *credentials: bytes) -> ZapRequest:
    return ZapRequest(b"1", "d", address, mechanism, credentials)


# the rule ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "request_", "allowed"),
    [
        (Loopback(), _request("127.0.0.1"), True),
        (Loopback(), _request("127.8.9.1"), True),
        (Loopback(), _request("::1"), True),
        (Loopback(), _request("::ffff:127.0.0.1"), True),
        (Loopback(), _request("192.168.1.7"), False),
        (Loopback(), _request("::ffff:192.168.1.7"), False),
        (Loopback(), _request(""), False),
        (Loopback(), _request("localhost"), False),
        (Loopback(), _request("127.0.0.1", "CURVE", KEY), False),
        (Loopback(), _request("127.0.0.1", "PLAIN", b"user", b"password"), False),
        (Everybody(), _request("203.0.113.9"), True),
        (Everybody(), _request("203.0.113.9", "CURVE", KEY), False),
        (Networks.of(["192.168.1.0/24"]), _request("192.168.1.7"), True),
        (Networks.of(["192.168.1.0/24"]), _request("::ffff:192.168.1.7"), True),
        (Networks.of(["192.168.1.0/24"]), _request("192.168.2.7"), False),
        (Networks.of(["192.168.1.7"]), _request("192.168.1.7"), True),
        (Networks.of(["192.168.1.7"]), _request("192.168.1.8"), False),
        (Networks.of(["192.168.1.7"]), _request("127.0.0.1"), True),
        (Networks.of(["fe80::/10"]), _request("fe80::1%eth0"), True),
        (Networks.of(["fe80::/10"]), _request("not an address"), False),
        (ALLOWED, _request("203.0.113.9", "CURVE", KEY), True),
        (ALLOWED, _request("127.0.0.1", "CURVE", bytes(32)), False),
        (ALLOWED, _request("127.0.0.1", "CURVE", KEY[:31]), False),
        (ALLOWED, _request("127.0.0.1", "CURVE"), False),
        (ALLOWED, _request("127.0.0.1", "CURVE", KEY, KEY), False),
        (ALLOWED, _request("127.0.0.1", "NULL"), False),
        (ALLOWED, _request("127.0.0.1", "NULL", KEY), False),
        (Allowed(), _request("127.0.0.1", "CURVE", KEY), False),
        (Nobody("closed"), _request("127.0.0.1"), False),
        (Nobody("closed"), _request("127.0.0.1", "CURVE", KEY), False),
    ],
)
def test_who_gets_in(policy: Policy, request_: ZapRequest, allowed: bool) -> None:
    answer = decide(request_, policy)

    assert answer.allowed is allowed
    assert bool(answer.reason) is not allowed


def test_a_client_is_called_by_its_keys_name() -> None:
    assert decide(_request("10.0.0.7", "CURVE", KEY), ALLOWED).user == "porch"
    assert decide(_request(), Loopback()).user == ""


def test_a_refusal_tells_our_people_why_and_the_stranger_nothing() -> None:
    answer = decide(_request("10.0.0.7", "CURVE", bytes(32)), ALLOWED)

    assert "framebus keys invite NAME" in answer.reason
    assert answer.parts(b"7") == [b"1.0", b"7", b"400", b"no", b"", b""]


def test_an_admission_carries_the_name() -> None:
    assert decide(_request("10.0.0.7", "CURVE", KEY), ALLOWED).parts(b"7") == [
        b"1.0",
        b"7",
        b"200",
        b"OK",
        b"porch",
        b"",
    ]


parts = st.lists(st.one_of(st.binary(max_size=40), st.sampled_from([b"1.0", b"CURVE", b"NULL", KEY])), max_size=10)
policies = st.sampled_from([Loopback(), Networks.of(["10.0.0.0/8"]), ALLOWED, Nobody("x")])


@given(parts, policies)
def test_whatever_is_asked_is_answered_and_no_accident_lets_anybody_in(message: list[bytes], policy: Policy) -> None:
    request = zap.parse(message)
    answer = decide(request, policy)

    if answer.allowed:
        assert request is not None
        assert request.key in ALLOWED.clients or request.address.startswith(("127.", "::1", "10."))
    assert len(answer.parts(b"1")) == 6


@pytest.mark.parametrize("allow", [["nonsense"], ["10.0.0.0/33"], ["desk"], [""]])
def test_what_is_no_network_is_an_option_error(allow: list[str]) -> None:
    with pytest.raises(OptionError, match="give addresses or networks"):
        Networks.of(allow)


# what a listener needs --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["", "*", "0.0.0.0", "::", "192.168.1.5", "desk"])  # noqa: S104
def test_listening_to_the_network_without_a_word_is_refused_with_both_lines_that_fix_it(host: str) -> None:
    with pytest.raises(Unavailable) as error:
        require_admission(host, KeyStore())

    assert error.value.exit_code == 4
    for needed in ("framebus keys invite NAME", "--insecure", "plain ZeroMQ cannot use keys"):
        assert needed in str(error.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1"])
def test_loopback_needs_nothing(host: str) -> None:
    assert require_admission(host, KeyStore()) == Loopback()


def test_on_loopback_keys_and_insecure_change_nothing() -> None:
    store = KeyStore()
    store.invite("porch", "tcp://desk:5555")

    assert require_admission("127.0.0.1", store, insecure=True) == Loopback()


def test_insecure_and_allow_say_who_may_come() -> None:
    assert require_admission("*", KeyStore(), insecure=True) == Everybody()
    assert require_admission("*", KeyStore(), allow=["10.0.0.7"]) == Networks.of(["10.0.0.7"])
    assert require_admission("*", KeyStore(), insecure=True, allow=["10.0.0.7"]) == Networks.of(["10.0.0.7"])


def test_an_invitation_is_enough() -> None:
    store = KeyStore()
    store.invite("porch", "tcp://desk:5555")

    assert require_admission("*", store) is store


# over real sockets ------------------------------------------------------------------------------------------------


@pytest.fixture
def domain() -> Iterator[str]:
    name = secrets.token_hex(8)
    on_duty()
    yield name
    admission().unregister(name)


@pytest.fixture
def hub(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "hub")


@pytest.fixture
def pi(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "pi")


def _hello(server: Socket, client: Socket) -> zmq.Frame:
    """The first part that a new peer's probe comes with, which knows who it is."""
    assert client.poll(PATIENCE_MS, zmq.POLLOUT)
    assert server.poll(PATIENCE_MS)
    first: zmq.Frame = server.recv_multipart(copy=False)[1]
    return first


def _turned_away(server: Socket, guard: Guard) -> bool:
    """Wait until the guard reports a failed handshake; True if nothing arrived all the same."""
    until = time.monotonic() + PATIENCE_MS / 1000
    facts: list[Fact] = []
    while not any(fact.kind == "refused" for fact in facts):
        assert time.monotonic() < until, "nobody was turned away"
        select.select([guard.fileno()], [], [], 0.1)
        facts += guard.drive(time.monotonic())
    return not server.poll(0)


def test_an_invited_client_is_known_by_name_and_rights(hub: KeyStore, pi: KeyStore, domain: str) -> None:
    rights = Rights(publish=("porch",))
    keys = pi.join(hub.invite("porch", "tcp://desk:5555", rights)).keys
    admission().register(domain, hub)

    with (
        listener("tcp://127.0.0.1:0", keys=hub.own(), domain=domain) as server,
        dialler(bound_to(server), keys=keys) as client,
    ):
        assert _hello(server, client).get("User-Id") == "porch"

    assert admission().rights(domain, "porch") == rights
    assert admission().rights(domain, "stranger") == Rights()


def test_a_client_without_keys_has_no_name_and_every_right(domain: str) -> None:
    admission().register(domain, Loopback())
    with listener("tcp://127.0.0.1:0", domain=domain) as server, dialler(bound_to(server)) as client:
        assert _hello(server, client).get("User-Id") == ""

    assert admission().rights(domain, "") == ALL_RIGHTS


@pytest.mark.parametrize("stranger", ["unknown key", "wrong server key", "plain", "revoked", "unreadable list"])
def test_strangers_stay_out_of_an_encrypted_port(hub: KeyStore, pi: KeyStore, domain: str, stranger: str) -> None:
    keys = pi.join(hub.invite("porch", "tcp://desk:5555")).keys
    other = KeyStore(pi.folder / "other")
    foreign = pi.join(other.invite("porch", "tcp://other:5555")).keys
    own = hub.own()
    assert own is not None
    shown = {
        "unknown key": type(keys)(own.public, foreign.client_public, foreign.client_secret),
        "wrong server key": type(keys)(foreign.server_public, keys.client_public, keys.client_secret),
        "plain": None,
    }.get(stranger, keys)
    if stranger == "revoked":
        hub.revoke("porch")
    if stranger == "unreadable list":
        (hub.folder / "clients.json").chmod(0o644)
    admission().register(domain, hub)

    with (
        listener("tcp://127.0.0.1:0", keys=own, domain=domain) as server,
        contextlib.closing(Guard(server, encrypted=True)) as guard,
        dialler(bound_to(server), keys=shown),
    ):
        assert _turned_away(server, guard)


def test_an_encrypted_client_stays_out_of_a_plain_port_without_falling_back(
    hub: KeyStore, pi: KeyStore, domain: str
) -> None:
    keys = pi.join(hub.invite("porch", "tcp://desk:5555")).keys
    admission().register(domain, Loopback())

    with (
        listener("tcp://127.0.0.1:0", domain=domain) as server,
        contextlib.closing(Guard(server)) as guard,
        dialler(bound_to(server), keys=keys),
    ):
        assert _turned_away(server, guard)


def test_a_client_invited_later_gets_in_without_a_restart(hub: KeyStore, pi: KeyStore, domain: str) -> None:
    hub.invite("first", "tcp://desk:5555")
    admission().register(domain, hub)
    with listener("tcp://127.0.0.1:0", keys=hub.own(), domain=domain) as server:
        keys = pi.join(hub.invite("second", "tcp://desk:5555")).keys
        with dialler(bound_to(server), keys=keys) as client:
            assert _hello(server, client).get("User-Id") == "second"


def test_a_revoked_key_is_told_once_so_that_it_can_be_cut(hub: KeyStore, pi: KeyStore, domain: str) -> None:
    keys = pi.join(hub.invite("porch", "tcp://desk:5555")).keys
    hub.invite("never-came", "tcp://desk:5555")
    admission().register(domain, hub)
    with (
        listener("tcp://127.0.0.1:0", keys=hub.own(), domain=domain) as server,
        dialler(bound_to(server), keys=keys) as client,
    ):
        _hello(server, client)
        assert admission().revoked(domain) == frozenset()

        hub.revoke("porch")
        hub.revoke("never-came")

        assert admission().revoked(domain) == {"porch"}
        assert admission().revoked(domain) == frozenset()
        assert admission().rights(domain, "porch") == Rights()


def test_a_name_given_to_another_key_is_revoked_for_the_old_one(hub: KeyStore, pi: KeyStore, domain: str) -> None:
    keys = pi.join(hub.invite("porch", "tcp://desk:5555")).keys
    admission().register(domain, hub)
    with (
        listener("tcp://127.0.0.1:0", keys=hub.own(), domain=domain) as server,
        dialler(bound_to(server), keys=keys) as client,
    ):
        _hello(server, client)
        hub.revoke("porch")
        hub.invite("porch", "tcp://desk:5555")

        assert admission().revoked(domain) == {"porch"}


def test_domains_do_not_share_their_guests(domain: str) -> None:
    admission().register(domain, Nobody("closed"))
    other = secrets.token_hex(8)
    admission().register(other, Loopback())
    try:
        with (
            listener("tcp://127.0.0.1:0", domain=domain) as closed,
            listener("tcp://127.0.0.1:0", domain=other) as open_,
            contextlib.closing(Guard(closed)) as guard,
            dialler(bound_to(closed)),
            dialler(bound_to(open_)) as welcome,
        ):
            assert welcome.poll(PATIENCE_MS, zmq.POLLOUT)
            assert _turned_away(closed, guard)
    finally:
        admission().unregister(other)


# the runner, in a process where nothing else serves it ------------------------------------------------------------

FAILS_CLOSED = """
import zmq
from framebus.links.admission import admission
from framebus.links.sockets import bound_to, dialler, listener
from framebus.links.zap import Loopback
served = admission()
served.register("d", Loopback())
server = listener("tcp://127.0.0.1:0", domain="d")
client = dialler(bound_to(server))
{before}
assert not client.poll(400, zmq.POLLOUT), "let in"
assert not server.poll(0)
{after}
print("closed")
"""


def test_while_nobody_answers_nobody_gets_in(child: StartChild) -> None:
    later = "while not client.poll(10, zmq.POLLOUT): served.drive()"
    assert "closed" in child("-c", FAILS_CLOSED.format(before="", after=later)).succeed()


def test_once_admission_is_closed_nobody_gets_in(child: StartChild) -> None:
    assert "closed" in child("-c", FAILS_CLOSED.format(before="served.close()", after="served.drive()")).succeed()


def test_refusals_are_told_once_a_minute(child: StartChild) -> None:
    code = """
import zmq
from framebus.links.admission import admission
from framebus.links.sockets import bound_to, dialler, listener
from framebus.links.zap import Nobody
served = admission()
served.register("d", Nobody("we are closed"))
server = listener("tcp://127.0.0.1:0", domain="d")
clients = [dialler(bound_to(server)) for _ in range(5)]
told, asked = [], 0
answer = served._answer
def counting(parts):
    global asked
    asked += 1
    return answer(parts)
served._answer = counting
while asked < 5:
    told += served.drive()
print(told)
"""
    printed = child("-c", code).succeed()
    assert printed.count("we are closed") == 1
    assert "address='127.0.0.1'" in printed


@pytest.mark.parametrize(
    "message",
    [
        [b""],
        [b"", b""],
        [b"", b"1.0"],
        [b"", b"1.0", b"1", b"d", b"127.0.0.1", b""],
        [b"", b"2.0", b"1", b"d", b"127.0.0.1", b"", b"NULL"],
        [b"", b"1.0", b"1", b"\xff", b"\xff", b"", b"\xff"],
        [b"x"] * 50,
    ],
)
def test_malformed_questions_are_refused_and_survived(message: list[bytes]) -> None:
    with zmq.Context() as other:
        served = _alone(other)
        with other.socket(zmq.DEALER) as asking:
            asking.linger = 0
            asking.connect(ENDPOINT)
            asking.send_multipart(message)
            assert served._socket.poll(PATIENCE_MS)

            (refusal,) = served.drive()

            assert isinstance(refusal, Refusal)
            assert asking.poll(PATIENCE_MS)
            assert asking.recv_multipart()[3] == b"400"
        served.close()


def _alone(other: zmq.Context[Socket]) -> Admission:
    """An admission in a context of its own, where nobody else answers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("framebus.links.sockets.context", lambda: other)
        return Admission()
