"""Who listens, read off the host: the table row by row."""

from __future__ import annotations

import pytest

from framebus.core.addresses import Role, listens, parse
from framebus.core.errors import AddressError, OptionError

NETWORK = ["tcp://:5555", "tcp://*", "tcp://0.0.0.0:5555", "tcp://[::]:5555", "imagezmq+tcp://:5555", "tcp:///door"]
ELSEWHERE = ["tcp://desk:5555", "tcp://desk:5555/door", "tcp://10.9.9.9", "netgear+tcp://desk", "tcp://[2001:db8::1]"]
HERE = [
    *("shm://x", "ipc:///run/x.sock", "inproc://x", "tcp://localhost:5555", "tcp://127.0.0.1", "tcp://[::1]:1"),
    *("tcp://me", "tcp://192.168.1.5:5555/x"),
]


def local(host: str) -> bool:
    return host in ("localhost", "127.0.0.1", "::1", "me", "192.168.1.5")


@pytest.mark.parametrize("text", NETWORK)
@pytest.mark.parametrize("role", ["reader", "writer"])
def test_all_networks_both_listen(text: str, role: Role) -> None:
    assert listens(parse(text), role, local=local)


@pytest.mark.parametrize("text", ELSEWHERE)
@pytest.mark.parametrize("role", ["reader", "writer"])
def test_another_machine_both_connect(text: str, role: Role) -> None:
    assert not listens(parse(text), role, local=local)


@pytest.mark.parametrize("text", HERE)
def test_this_machine_the_reader_connects_and_the_writer_listens(text: str) -> None:
    assert not listens(parse(text), "reader", local=local)
    assert listens(parse(text), "writer", local=local)


@pytest.mark.parametrize("text", ["rtsp://cam/main", "http://cam", "s3://bucket/x"])
def test_servers_of_others_are_connected_to_and_not_written(text: str) -> None:
    assert not listens(parse(text), "reader")
    with pytest.raises(AddressError, match="can be read but not written"):
        listens(parse(text), "writer")


@pytest.mark.parametrize("text", ["camera:0", "null:", "clip.mp4", "frames/"])
@pytest.mark.parametrize("listen", [None, False])
def test_what_is_made_here_has_nobody_to_listen_to(text: str, listen: bool | None) -> None:
    assert not listens(parse(text), "reader", listen)
    assert not listens(parse(text), "writer", listen)


def test_a_hub_on_this_machine_says_so() -> None:
    for text in ("tcp://localhost:5555", "ipc:///run/x.sock", "inproc://x"):
        assert listens(parse(text), "reader", True, local=local)
        assert not listens(parse(text), "writer", False, local=local)


def test_a_name_of_this_machine_that_we_do_not_know_can_be_listened_at() -> None:
    assert listens(parse("tcp://alias:5555"), "writer", True, local=local)


def test_several_peers_are_tried_in_turn() -> None:
    address = parse("tcp://localhost:1,localhost:2")
    assert not listens(address, "reader", local=local)
    assert not listens(address, "writer", local=local)
    with pytest.raises(AddressError, match="cannot listen at tcp://localhost:1,localhost:2: several peers"):
        listens(address, "reader", True, local=local)


def test_nobody_connects_to_all_networks() -> None:
    with pytest.raises(AddressError, match="cannot connect to tcp://:5555: it means all networks"):
        listens(parse("tcp://:5555"), "writer", False, local=local)


def test_over_shm_the_writer_listens_whatever_is_said() -> None:
    assert listens(parse("shm://x"), "writer", True)
    assert not listens(parse("shm://x"), "reader", False)
    with pytest.raises(OptionError, match="listen=True is not possible for shm://x: over shm the writer listens"):
        listens(parse("shm://x"), "reader", True)
    with pytest.raises(OptionError, match="listen=False"):
        listens(parse("shm://x"), "writer", False)


@pytest.mark.parametrize("text", ["rtsp://me:secret@cam/main", "clip.mp4", "camera:0"])
def test_only_links_listen(text: str) -> None:
    with pytest.raises(OptionError, match=r"listen=True is not possible for .*: only links listen") as refusal:
        listens(parse(text), "reader", True)
    assert "secret" not in str(refusal.value)
