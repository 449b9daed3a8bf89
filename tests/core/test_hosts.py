"""Whether a host is this machine, all its networks, or loopback alone."""

from __future__ import annotations

import socket

import pytest

from framebus.core.hosts import Peer, is_local_host, is_loopback, network_wide, parse_peer


@pytest.mark.parametrize("host", ["", "*", "0.0.0.0", "::"])  # noqa: S104
def test_all_networks(host: str) -> None:
    assert network_wide(host)
    assert not is_loopback(host)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.10", "::1", "cam.localhost"])
def test_loopback_is_local_and_not_the_network(host: str) -> None:
    assert is_loopback(host)
    assert is_local_host(host)
    assert not network_wide(host)


@pytest.mark.parametrize(
    "host", ["desk", "192.0.2.1", "2001:db8::1", "localhost.example.org", "127.example.org", "[::1]"]
)
def test_other_machines(host: str) -> None:
    assert not is_loopback(host)
    assert not is_local_host(host)
    assert not network_wide(host)


@pytest.mark.parametrize("host", ["porch", "porch.home.lan", "PORCH", "porch.home.lan.local"])
def test_the_own_name_is_local(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Porch.home.lan")
    assert is_local_host(host)
    assert not is_loopback(host)


def test_names_are_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(*_: object) -> None:
        pytest.fail("asked the name service")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    assert not is_local_host("camera.example.org")


def test_an_interface_s_address_is_local() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no network but loopback")
        assert is_local_host(probe.getsockname()[0])


@pytest.mark.parametrize(
    ("text", "peer"),
    [
        ("", Peer("", 5555)),
        (":7", Peer("", 7)),
        ("desk", Peer("desk", 5555)),
        ("Desk:7", Peer("desk", 7)),
        ("10.0.0.7:0", Peer("10.0.0.7", 0)),
        ("[::1]", Peer("::1", 5555)),
        ("cam-1.local:65535", Peer("cam-1.local", 65535)),
    ],
)
def test_peers_come_back_as_written(text: str, peer: Peer) -> None:
    assert parse_peer(text) == peer
    assert parse_peer(str(peer)) == peer
