"""Keys: who may connect, in files that nobody else reads."""

from __future__ import annotations

import itertools
import json
import logging
import os
import shutil
import stat
import threading
from pathlib import Path

import pytest
import zmq
from hypothesis import example, given
from hypothesis import strategies as st

from framebus.core.addresses import Link, parse
from framebus.core.errors import AddressError, OptionError, Unavailable
from framebus.core.redaction import redact
from framebus.links import codes, making
from framebus.links.keys import (
    ALL_RIGHTS,
    USUAL_RIGHTS,
    KeyPair,
    KeyStore,
    Rights,
    canonical,
    default_folder,
    key_id,
    lookup_peer,
)
from framebus.links.switchboard import Switchboard
from framebus.links.zeromq import ZmqCarrier
from framebus.session.outgoing import Verb

HUB = "tcp://desk:5555"


@pytest.fixture
def hub(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "hub")


@pytest.fixture
def pi(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "pi")


# invite, join, revoke ---------------------------------------------------------------------------------------------


def test_an_invitation_gives_both_sides_what_they_need(hub: KeyStore, pi: KeyStore) -> None:
    pi.join(hub.invite("porch", HUB))

    keys = pi.lookup_peer("desk", 5555)
    (client,) = hub.clients()
    own = hub.own()

    assert keys is not None
    assert own is not None
    assert keys.server_public == own.public
    assert keys.client_public == client.public
    assert zmq.curve_public(keys.client_secret.encode()).decode() == client.public
    assert (client.name, client.rights) == ("porch", USUAL_RIGHTS)


def test_the_hub_keeps_no_secret_of_its_clients(hub: KeyStore, pi: KeyStore) -> None:
    secret = pi.join(hub.invite("porch", HUB)).keys.client_secret

    assert all(secret.encode() not in path.read_bytes() for path in hub.folder.iterdir())


def test_every_client_has_its_own_key_and_the_hub_one_for_all(hub: KeyStore) -> None:
    one, two = (codes.decode(hub.invite(name, HUB)) for name in ("one", "two"))

    assert one.client_secret != two.client_secret
    assert one.server_public == two.server_public


def test_a_machine_never_invited_has_no_keys(pi: KeyStore) -> None:
    assert pi.lookup_peer("desk", 5555) is None
    assert pi.own() is None
    assert pi.clients() == ()
    assert not pi.folder.exists()


def test_a_name_is_given_once(hub: KeyStore) -> None:
    hub.invite("porch", HUB)

    with pytest.raises(OptionError, match=r"porch exists already .*framebus keys revoke porch"):
        hub.invite("porch", HUB)


def test_revoking_lets_the_name_go(hub: KeyStore) -> None:
    first = codes.decode(hub.invite("porch", HUB))
    hub.invite("door", HUB)

    assert hub.revoke("porch").name == "porch"
    assert [client.name for client in hub.clients()] == ["door"]
    assert codes.decode(hub.invite("porch", HUB)).client_secret != first.client_secret


def test_revoking_a_stranger_names_those_who_are_known(hub: KeyStore) -> None:
    hub.invite("porch", HUB)

    with pytest.raises(OptionError, match=r"'proch'; allowed: porch"):
        hub.revoke("proch")


def test_joining_again_replaces_the_older_keys(hub: KeyStore, pi: KeyStore) -> None:
    pi.join(hub.invite("porch", HUB))
    newer = pi.join(hub.invite("porch2", HUB))

    assert pi.peers() == (newer,)


def test_a_machine_may_see_the_hub_under_another_address(hub: KeyStore, pi: KeyStore) -> None:
    code = hub.invite("porch", HUB)
    pi.join(code)
    pi.join(code, "tcp://192.168.1.4")

    assert pi.lookup_peer("192.168.1.4", 5555) == pi.lookup_peer("DESK", 5555)
    assert pi.lookup_peer("192.168.1.4", 5556) is None


def test_keys_for_a_listener_can_be_thrown_away(hub: KeyStore, pi: KeyStore) -> None:
    pi.join(hub.invite("porch", HUB))

    pi.forget("desk")

    assert pi.lookup_peer("desk", 5555) is None
    with pytest.raises(OptionError, match="no key for tcp://desk:5555; it has: none"):
        pi.forget("desk")


@pytest.mark.parametrize("name", ["", "../x", "a b", "x" * 65, "-x", "naïve"])
def test_names_that_are_none_are_refused(hub: KeyStore, name: str) -> None:
    with pytest.raises(OptionError, match="client's name"):
        hub.invite(name, HUB)


@pytest.mark.parametrize("pattern", ["**", "a b", "*a", "../*"])
def test_rights_on_what_is_no_stream_are_refused(hub: KeyStore, pattern: str) -> None:
    with pytest.raises(OptionError, match="names no streams"):
        hub.invite("porch", HUB, Rights(publish=(pattern,)))
    assert hub.clients() == ()


@pytest.mark.parametrize("address", ["tcp://:5555", "tcp://*:5555", "tcp://0.0.0.0", "tcp://desk:0", "rtsp://cam/x"])
def test_an_invitation_is_to_an_address_one_can_connect_to(hub: KeyStore, address: str) -> None:
    with pytest.raises(AddressError):
        hub.invite("porch", address)


@pytest.mark.parametrize(
    ("spelling", "same"),
    [
        ("desk", HUB),
        ("tcp://DESK:5555", HUB),
        ("tcp://desk:5555/", HUB),
        ("tcp://[::1]:7", "tcp://[::1]:7"),
        ("[fe80::1]", "tcp://[fe80::1]:5555"),
    ],
)
def test_addresses_have_one_spelling(spelling: str, same: str) -> None:
    assert canonical(spelling) == same


def test_ipv6_peers_are_found_with_and_without_brackets(hub: KeyStore, pi: KeyStore) -> None:
    pi.join(hub.invite("porch", "tcp://[fe80::1]:5555"))

    assert pi.lookup_peer("fe80::1", 5555) == pi.lookup_peer("[fe80::1]", 5555) != None  # noqa: E711


# codes ------------------------------------------------------------------------------------------------------------


def test_a_code_survives_wrapping_and_surrounding_space(hub: KeyStore) -> None:
    code = hub.invite("porch", HUB)

    assert codes.decode(f"\n  {code[:40]}\r\n{code[40:]}\t\n") == codes.decode(code)


@example(position=126, character="-", cut=False)
@given(position=st.integers(0, 200), character=st.sampled_from("Aa0_-x"), cut=st.booleans())
def test_a_mistyped_or_shortened_code_is_an_error(position: int, character: str, cut: bool) -> None:
    public, secret = zmq.curve_keypair()
    code = codes.encode(codes.Invitation("porch", HUB, public.decode(), secret.decode()))
    position = position % len(code)
    wrong = code[:position] if cut else code[:position] + character + code[position + 1 :]

    if wrong != code:
        with pytest.raises(OptionError):
            codes.decode(wrong)


@given(st.text(max_size=300))
def test_any_text_is_a_code_or_a_named_error(text: str) -> None:
    for candidate in (text, codes.PREFIX + text):
        with pytest.raises(OptionError, match="invitation code"):
            codes.decode(candidate)


def test_codes_and_secrets_do_not_reach_logs_and_tracebacks(hub: KeyStore, pi: KeyStore) -> None:
    code = hub.invite("porch", HUB)
    peer = pi.join(code)
    own = hub.own()
    assert own is not None

    shown = f"{peer!r} {own!r} {codes.decode(code)!r} {redact(f'joined with {code}')}"

    assert peer.keys.client_secret not in shown
    assert own.secret not in shown
    assert code not in shown
    assert key_id(own.public) in shown


def test_a_refused_code_is_not_repeated_in_the_error(caplog: pytest.LogCaptureFixture, pi: KeyStore) -> None:
    code = codes.PREFIX + "c2VjcmV0" * 20
    with caplog.at_level(logging.DEBUG), pytest.raises(OptionError) as error:
        pi.join(code)

    assert "c2VjcmV0" not in str(error.value) + caplog.text


# files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_files_are_private_whatever_the_umask(hub: KeyStore, pi: KeyStore, mask: int) -> None:
    before = os.umask(mask)
    try:
        pi.join(hub.invite("porch", HUB))
    finally:
        os.umask(before)

    for store, names in ((hub, {"own.json", "clients.json"}), (pi, {"peers.json"})):
        assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
        files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in store.folder.iterdir()}
        assert names <= files.keys()
        assert set(files.values()) == {0o600}


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_files_open_to_others_are_refused_with_the_line_that_closes_them(hub: KeyStore, mode: int) -> None:
    hub.invite("porch", HUB)
    (hub.folder / "own.json").chmod(mode)

    with pytest.raises(Unavailable, match=rf"mode {mode:04o}\): chmod 600 .*own.json"):
        hub.own()


def test_a_folder_open_to_others_is_refused(hub: KeyStore) -> None:
    hub.invite("porch", HUB)
    hub.folder.chmod(0o755)

    with pytest.raises(Unavailable, match=r"chmod 700 .*hub"):
        hub.clients()
    with pytest.raises(Unavailable, match=r"chmod 700 .*hub"):
        hub.invite("door", HUB)


def test_files_of_another_user_are_refused(hub: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.invite("porch", HUB)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)

    with pytest.raises(Unavailable, match="belongs to another user"):
        hub.clients()


def test_a_symbolic_link_is_not_followed(hub: KeyStore) -> None:
    hub.invite("porch", HUB)
    secret = hub.folder / "own.json"
    secret.rename(hub.folder / "elsewhere.json")
    secret.symlink_to(hub.folder / "elsewhere.json")

    with pytest.raises(Unavailable, match=r"own\.json cannot be used"):
        hub.own()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"clients": [{"name": 3}]}', b"\xff", b"[" * 100_000, b'{"clients": 1}'],
)
def test_a_damaged_file_is_named(hub: KeyStore, content: bytes) -> None:
    hub.invite("porch", HUB)
    (hub.folder / "clients.json").write_bytes(content)

    with pytest.raises(Unavailable, match=r"clients\.json is damaged"):
        hub.clients()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(Unavailable, match="cannot be used"):
        KeyStore(tmp_path / "file" / "keys").invite("porch", HUB)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(hub: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.invite("porch", HUB)
    before = {path.name: path.read_bytes() for path in hub.folder.iterdir()}

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="No space left"):
        hub.invite("door", HUB)

    assert {path.name: path.read_bytes() for path in hub.folder.iterdir()} == before


def test_invitations_at_the_same_time_are_all_kept(hub: KeyStore) -> None:
    threads = [threading.Thread(target=hub.invite, args=(f"pi{n}", HUB)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {client.name for client in hub.clients()} == {f"pi{n}" for n in range(16)}


def test_the_stamp_changes_with_every_change_and_only_then(hub: KeyStore) -> None:
    stamps = [hub.clients_stamp()]
    for name in ("a", "b"):
        hub.invite(name, HUB)
        stamps.append(hub.clients_stamp())
    hub.revoke("a")
    stamps.append(hub.clients_stamp())

    assert all(one != other for one, other in itertools.pairwise(stamps))
    hub.clients()
    assert hub.clients_stamp() == stamps[-1]


def test_files_are_plain_json_a_person_can_read(hub: KeyStore) -> None:
    hub.invite("porch", HUB, Rights(publish=("porch",)))

    (client,) = json.loads((hub.folder / "clients.json").read_text())["clients"]

    assert client["name"] == "porch"
    assert client["rights"] == {"publish": ["porch"]}


# where ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "platform", "folder"),
    [
        ({"FRAMEBUS_KEYS": "/k", "XDG_CONFIG_HOME": "/c"}, "linux", Path("/k")),
        ({"XDG_CONFIG_HOME": "/c"}, "linux", Path("/c/framebus/keys")),
        ({}, "linux", Path.home() / ".config/framebus/keys"),
        ({}, "darwin", Path.home() / "Library/Application Support/framebus/keys"),
        ({"APPDATA": "/a"}, "win32", Path("/a/framebus/keys")),
    ],
)
def test_keys_are_where_this_system_keeps_configuration(environ: dict[str, str], platform: str, folder: Path) -> None:
    assert default_folder(environ, platform) == folder


def test_lookup_uses_the_users_own_store(hub: KeyStore) -> None:
    KeyStore().join(hub.invite("porch", HUB))

    assert lookup_peer("desk", 5555) is not None


# rights -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rights", "verb", "stream", "allowed"),
    [
        (Rights(), "publish", "porch", False),
        (Rights(publish=("porch",)), "publish", "porch", True),
        (Rights(publish=("porch",)), "publish", "porch2", False),
        (Rights(publish=("porch",)), "read", "porch", False),
        (Rights(read=("yard-*", "door")), "read", "yard-1", True),
        (Rights(read=("yard-*", "door")), "read", "door", True),
        (Rights(read=("*",)), "read", "anything", True),
        (Rights(read=("*",)), "work", "anything", False),
        (Rights(read=("*",)), "observe", "", False),
        (Rights(observe=True), "observe", "", True),
        (USUAL_RIGHTS, "control", "camera", False),
        (ALL_RIGHTS, "control", "camera", True),
    ],
)
def test_only_what_was_given_is_allowed(rights: Rights, verb: Verb, stream: str, allowed: bool) -> None:
    assert rights.allows(verb, stream) is allowed


def test_rights_read_as_one_line() -> None:
    assert str(Rights(publish=("porch", "yard-*"), observe=True)) == "publish porch, yard-* · observe"
    assert str(Rights()) == "nothing"


def test_a_pair_shows_only_the_beginning_of_its_public_half() -> None:
    assert repr(KeyPair("p" * 40, "s" * 40)) == "KeyPair(pppppppp…)"


def test_whoever_called_with_a_key_never_calls_in_plain_text(hub: KeyStore) -> None:
    """Also where the key is gone by the time a connection is made again."""
    KeyStore().join(hub.invite("porch", "tcp://127.0.0.1:5599"))
    address = parse("tcp://127.0.0.1:5599")
    assert isinstance(address, Link)
    dial = making.connecting(address)
    for _ in range(2):
        carrier = dial(0)
        carrier.close()
        assert isinstance(carrier, ZmqCarrier), "a Switchboard would be plain"
        shutil.rmtree(KeyStore().folder, ignore_errors=True)
    plain = making.connecting(address)(0)
    plain.close()
    assert isinstance(plain, Switchboard)
