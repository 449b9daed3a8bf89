"""One grammar for everything that makes or takes frames; every refusal says what to write instead."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.addresses import Address, Here, Link, Path, Peer, Role, Url, check_role, parse
from framebus.core.errors import AddressError
from framebus.core.names import valid_pattern, valid_template

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True)
STREAMS = st.one_of(st.just(""), NAMES, NAMES.map(lambda name: name[:60] + "*"), st.just("{stream}-seen"))
LABELS = st.from_regex(r"[a-z_]([a-z0-9_-]{0,10}[a-z_])?", fullmatch=True)
HOSTS = st.one_of(
    st.lists(LABELS, min_size=1, max_size=3).map(".".join),
    st.ip_addresses()
    .filter(lambda ip: not ip.is_unspecified)
    .map(lambda ip: str(ip) if ip.version == 4 else f"[{ip}]"),
)
PEERS = st.tuples(HOSTS, st.integers(0, 65535)).map(lambda pair: f"{pair[0]}:{pair[1]}")
LINKS = st.one_of(
    st.tuples(
        st.sampled_from(["", "imagezmq+", "netgear+", "pyzmq+"]),
        st.lists(PEERS, min_size=1, max_size=3).map(",".join) | st.sampled_from(["", ":7", "*"]),
        STREAMS,
    ).map(lambda parts: f"{parts[0]}tcp://{parts[1]}/{parts[2]}"),
    st.tuples(st.from_regex(r"/[a-z/._-]{1,40}", fullmatch=True), STREAMS).map(
        lambda pair: f"ipc://{pair[0]}:{pair[1]}"
    ),
    STREAMS.map(lambda streams: f"shm://{streams}"),
    st.tuples(NAMES, STREAMS).map(lambda pair: f"inproc://{pair[0]}/{pair[1]}"),
)


def tcp(*peers: Peer, streams: str = "", dialect: str = "") -> Link:
    return Link("tcp", dialect=dialect, peers=peers, streams=streams)


EXAMPLES: list[tuple[str, Address, str]] = [
    # tcp
    ("tcp://:5555", tcp(Peer("", 5555)), "tcp://:5555"),
    ("tcp://", tcp(Peer("", 5555)), "tcp://:5555"),
    ("tcp://*", tcp(Peer("", 5555)), "tcp://:5555"),
    ("tcp://*:6000", tcp(Peer("", 6000)), "tcp://:6000"),
    ("tcp://0.0.0.0:5555", tcp(Peer("0.0.0.0", 5555)), "tcp://0.0.0.0:5555"),  # noqa: S104
    ("tcp://[::]", tcp(Peer("::", 5555)), "tcp://[::]:5555"),
    ("tcp://desk", tcp(Peer("desk", 5555)), "tcp://desk:5555"),
    ("TCP://Desk:5555/Porch", tcp(Peer("desk", 5555), streams="Porch"), "tcp://desk:5555/Porch"),
    ("tcp://desk:5555/", tcp(Peer("desk", 5555)), "tcp://desk:5555"),
    ("tcp://desk:5555/*", tcp(Peer("desk", 5555)), "tcp://desk:5555"),
    ("tcp://desk/yard-*", tcp(Peer("desk", 5555), streams="yard-*"), "tcp://desk:5555/yard-*"),
    ("tcp:///door", tcp(Peer("", 5555), streams="door"), "tcp://:5555/door"),
    ("tcp://:0/{stream}-seen", tcp(Peer("", 0), streams="{stream}-seen"), "tcp://:0/{stream}-seen"),
    ("tcp://[0:0::1]:7/x", tcp(Peer("::1", 7), streams="x"), "tcp://[::1]:7/x"),
    ("tcp://[FE80::1%eth0]:7", tcp(Peer("fe80::1%eth0", 7)), "tcp://[fe80::1%eth0]:7"),
    ("tcp://a:1,b.local:2/x", tcp(Peer("a", 1), Peer("b.local", 2), streams="x"), "tcp://a:1,b.local:2/x"),
    ("tcp://gpu_box-2:7000", tcp(Peer("gpu_box-2", 7000)), "tcp://gpu_box-2:7000"),
    # dialects
    ("imagezmq+tcp://:5555", tcp(Peer("", 5555), dialect="imagezmq"), "imagezmq+tcp://:5555"),
    ("netgear+tcp://pi:5454/cam", tcp(Peer("pi", 5454), dialect="netgear", streams="cam"), "netgear+tcp://pi:5454/cam"),
    ("pyzmq+tcp://lab:1", tcp(Peer("lab", 1), dialect="pyzmq"), "pyzmq+tcp://lab:1"),
    # on this machine
    ("ipc:///run/door.sock", Link("ipc", path="/run/door.sock"), "ipc:///run/door.sock"),
    ("ipc:///run/door.sock:door", Link("ipc", path="/run/door.sock", streams="door"), "ipc:///run/door.sock:door"),
    ("ipc://x:", Link("ipc", path="x"), "ipc://x"),
    ("ipc:///a:b/c", Link("ipc", path="/a:b/c"), "ipc:///a:b/c"),
    ("shm://", Link("shm"), "shm://"),
    ("shm://door", Link("shm", streams="door"), "shm://door"),
    ("shm://yard-*", Link("shm", streams="yard-*"), "shm://yard-*"),
    ("inproc://test/door", Link("inproc", path="test", streams="door"), "inproc://test/door"),
    # here
    ("camera:", Here("camera"), "camera:"),
    ("camera:0", Here("camera", "0"), "camera:0"),
    ("Camera:pi", Here("camera", "pi"), "camera:pi"),
    ("screen:", Here("screen"), "screen:"),
    ("screen:2", Here("screen", "2"), "screen:2"),
    ("synthetic:", Here("synthetic"), "synthetic:"),
    ("synthetic:clock", Here("synthetic", "clock"), "synthetic:clock"),
    ("window:", Here("window"), "window:"),
    ("null:", Here("null"), "null:"),
    # elsewhere
    ("rtsp://u:p@Cam/Main?x=1#y", Url("rtsp://u:p@Cam/Main?x=1#y"), "rtsp://u:p@Cam/Main?x=1#y"),
    ("HTTPS://x", Url("HTTPS://x"), "HTTPS://x"),
    ("s3://bucket/key", Url("s3://bucket/key"), "s3://bucket/key"),
    # files
    ("clip.mp4", Path("clip.mp4"), "clip.mp4"),
    (" clip.mp4\n", Path("clip.mp4"), "clip.mp4"),
    ("frames/", Path("frames/"), "frames/"),
    ("door", Path("door"), "door"),
    ("./door:1.png", Path("./door:1.png"), "./door:1.png"),
    ("photos/*.jpg", Path("photos/*.jpg"), "photos/*.jpg"),
    ("{stream}/{seq}.png", Path("{stream}/{seq}.png"), "{stream}/{seq}.png"),
    ("C:\\clips\\a.mp4", Path("C:\\clips\\a.mp4"), "C:\\clips\\a.mp4"),
    ("c:/clips/a.mp4", Path("c:/clips/a.mp4"), "c:/clips/a.mp4"),
    ("d://x", Path("d://x"), "d://x"),
    ("/dev/video0", Path("/dev/video0"), "/dev/video0"),
    ("12-30:x.png", Path("12-30:x.png"), "12-30:x.png"),
]

REFUSALS: list[tuple[str, str]] = [
    ("", r"address is empty: give one such as shm://door"),
    ("  ", r"address is empty"),
    # unknown schemes
    ("tpc://desk", r"'tpc://desk': unknown scheme 'tpc', did you mean tcp"),
    ("rtps://cam", r"unknown scheme 'rtps', did you mean rtsp"),
    ("zzz://cam", r"unknown scheme 'zzz', there is .*ipc.*shm.*tcp"),
    ("camra:0", r"unknown scheme 'camra', did you mean camera:\? \(a file of that name is written ./camra:0\)"),
    ("clip:1.mp4", r"unknown scheme 'clip'.*\./clip:1\.mp4"),
    ("imagezmq://pi", r"unknown scheme 'imagezmq', did you mean imagezmq\+tcp://"),
    ("imagezm+tcp://pi", r"unknown dialect 'imagezm': did you mean imagezmq"),
    ("imagezmq+ipc://x", r"imagezmq is spoken over tcp alone"),
    # slashes
    ("camera://0", r"no slashes here, write camera:0"),
    ("tcp:desk:5555", r"two slashes are missing, write tcp://desk:5555"),
    ("shm:/door", r"two slashes are missing, write shm://door"),
    ("rtsp:cam/main", r"two slashes are missing, write rtsp://cam/main"),
    ("rtsp//cam/main", r"the colon is missing, write rtsp://cam/main \(a file: \./rtsp//…\)"),
    ("rtsp//ada:s3cret@cam/main", r"write rtsp://\*\*\*@cam/main"),
    ("TCP//desk:5555", r"the colon is missing, write tcp://desk:5555"),
    ("imagezmq+tcp//desk:5555", r"the colon is missing, write imagezmq\+tcp://desk:5555"),
    ("shm//door", r"the colon is missing, write shm://door"),
    ("camera//0", r"the colon is missing, write camera:0"),
    ("shm:///door", r"a slash too many, write shm://door"),
    ("tcp:///desk:5555/door", r"a slash too many, write tcp://desk:5555/door"),
    ("file:///tmp/clip.mp4", r"write the path itself, /tmp/clip\.mp4"),
    # hosts and ports
    ("desk:5555", r"did you mean tcp://desk:5555\?"),
    (":5555", r"did you mean tcp://:5555\?"),
    ("10.0.0.7:5555/door", r"did you mean tcp://10\.0\.0\.7:5555/door\?"),
    ("[::1]:5555", r"did you mean tcp://\[::1\]:5555\?"),
    ("tcp://desk:99999", r"'tcp://desk:99999': '99999' is not a port"),
    ("tcp://desk:", r"'' is not a port"),
    ("tcp://desk:x", r"'x' is not a port"),
    ("tcp://::1:5555", r"IPv6 in brackets"),
    ("tcp://[::1", r"IPv6 is written \[::1\]:5555"),
    ("tcp://[::1]5555", r"IPv6 is written \[::1\]:5555"),
    ("tcp://[::g]", r"is not an IPv6 address"),
    ("tcp://[::1%]", r"names no network interface"),
    ("tcp://300.1.1.1", r"'300\.1\.1\.1' is not an IPv4 address"),
    ("tcp://0", r"'0' is not an IPv4 address"),
    ("tcp://0x0", r"'0x0' is not an IPv4 address"),
    ("tcp://a b", r"'a b' is not a host"),
    ("tcp://-a", r"'-a' is not a host"),
    ("tcp://tür", r"is not a host"),
    ("tcp://" + "x" * 254, r"is not a host"),
    ("tcp://:1,desk:2", r"several peers are tried in turn, so each needs a host"),
    ("tcp://desk:1,", r"several peers are tried in turn, so each needs a host"),
    # names and paths
    ("shm://a b", r"'a b' names no stream: give a name"),
    ("shm://Hof Süd", r"'Hof Süd' names no stream: .*; 'Hof-Sued' is one"),
    ("shm://a/b", r"'a/b' names no stream"),
    ("tcp://desk/*x", r"'\*x' names no stream"),
    ("tcp://desk/{name}", r"'\{name\}' names no stream"),
    ("tcp://desk/{stream}*", r"names no stream"),
    ("ipc://", r"name the socket's path"),
    ("ipc://:door", r"name the socket's path"),
    ("ipc://*", r"name the socket's path"),
    ("ipc:///" + "x" * 107, r"holds 107 bytes"),
    ("ipc:///" + "ä" * 60, r"holds 107 bytes"),
    ("inproc://", r"'' is not a name"),
    ("camera:front", r"after 'camera:' comes a number or 'pi'"),
    ("window:big", r"after 'window:' comes nothing"),
    ("null:0", r"after 'null:' comes nothing"),
    ("synthetic:a b", r"after 'synthetic:' comes nothing or the name of a picture"),
    ("rtsp://", r"nothing follows //, name the host"),
    ("a\0b", r"contains a zero byte"),
    ("a\ud800b", r"is not text that can be encoded"),
]


@pytest.mark.parametrize(("text", "address", "canonical"), EXAMPLES)
def test_addresses(text: str, address: Address, canonical: str) -> None:
    assert parse(text) == address
    assert str(parse(text)) == canonical
    assert parse(canonical) == address


@pytest.mark.parametrize(("text", "reason"), REFUSALS)
def test_refusals_say_what_to_write(text: str, reason: str) -> None:
    with pytest.raises(AddressError, match=reason):
        parse(text)


@given(st.text() | LINKS)
def test_any_text_is_an_address_or_a_named_error(text: str) -> None:
    try:
        address = parse(text)
    except AddressError:
        return
    assert parse(str(address)) == address
    assert str(parse(str(address))) == str(address)


@given(
    st.lists(
        st.sampled_from(
            [
                "tcp",
                "ipc",
                "shm",
                "imagezmq",
                "+",
                "://",
                ":",
                "/",
                "[",
                "]",
                "::1",
                "*",
                ",",
                "{stream}",
                "a",
                "5",
                "%",
                ".",
                " ",
            ]
        ),
        max_size=8,
    ).map("".join)
)
def test_pieces_of_addresses_are_addresses_or_named_errors(text: str) -> None:
    try:
        address = parse(text)
    except AddressError:
        return
    assert parse(str(address)) == address


@given(LINKS)
def test_whatever_the_grammar_makes_is_understood(text: str) -> None:
    link = parse(text)
    assert isinstance(link, Link)
    assert link.scheme in text
    assert link.streams == "" or valid_pattern(link.streams) or valid_template(link.streams)


@given(st.sampled_from(["rtsp", "http", "S3"]), st.text(min_size=1).map(str.strip).filter(bool))
def test_urls_are_left_as_they_are(scheme: str, rest: str) -> None:
    try:
        url = parse(f"{scheme}://{rest}")
    except AddressError:
        return
    assert isinstance(url, Url)
    assert str(url) == f"{scheme}://{rest}"
    assert url.scheme == scheme.lower()
    assert isinstance(url.host, str)


class TestUrl:
    @pytest.mark.parametrize(
        ("text", "host"),
        [
            ("rtsp://cam.local/main", "cam.local"),
            ("rtsp://user:p%40ss@Cam:554/main", "cam"),
            ("rtsp://user:p@ss@cam/main", "cam"),
            ("http://[::1]:80?x=@y", "::1"),
            ("http://cam#a@b", "cam"),
            ("http:///x", ""),
        ],
    )
    def test_names_its_host(self, text: str, host: str) -> None:
        url = parse(text)
        assert isinstance(url, Url)
        assert url.host == host

    def test_shows_no_password(self) -> None:
        assert "secret" not in repr(parse("rtsp://me:secret@cam/main"))

    def test_refusals_show_no_password(self) -> None:
        for text in ("rtps://me:secret@cam/main", "rtsp:me:secret@cam", "tcp://me:secret@desk:5555"):
            with pytest.raises(AddressError) as refusal:
                parse(text)
            assert "secret" not in str(refusal.value)


class TestPath:
    @pytest.mark.parametrize(
        ("text", "extension"),
        [("a.mp4", "mp4"), ("a/b.PNG", "png"), ("a.b/c", ""), (".hidden", ""), ("a.tar.gz", "gz"), ("C:\\a.b\\c", "")],
    )
    def test_has_the_extension_of_its_last_part(self, text: str, extension: str) -> None:
        assert Path(text).extension == extension

    def test_ends_in_a_slash_when_it_is_a_folder(self) -> None:
        assert Path("frames/").folder
        assert not Path("frames").folder
        assert Path("frames.d/").extension == ""

    def test_stands_for_several_files(self) -> None:
        assert Path("a/*.png").glob
        assert not Path("a/b.png").glob

    def test_has_placeholders(self) -> None:
        assert Path("{stream}/{date}/{stream}-{seq}{x}.png").placeholders == ("stream", "date", "seq")


class TestAWordThatIsNoFile:
    def test_may_be_meant_as_a_stream_or_a_folder(self) -> None:
        with pytest.raises(
            AddressError, match=r"no such file 'door': did you mean shm://door\? \(the folder .* door/\)"
        ):
            parse("door", exists=lambda _: False)

    def test_is_taken_when_it_exists_or_nobody_looks(self) -> None:
        assert parse("door", exists=lambda _: True) == Path("door")
        assert parse("door") == Path("door")

    @pytest.mark.parametrize("text", ["clip.mp4", "frames/", "a/b", "*", "./door", "{stream}"])
    def test_everything_else_is_left_to_what_opens_it(self, text: str) -> None:
        assert parse(text, exists=lambda _: False) == Path(text)

    def test_is_looked_up_where_the_caller_says(self, tmp_path: Any) -> None:
        (tmp_path / "door").mkdir()
        assert parse("door", exists=lambda text: os.path.exists(tmp_path / text)) == Path("door")


class TestPlugIns:
    def test_add_schemes(self) -> None:
        assert parse("kinect:0", schemes=["kinect"]) == Here("kinect", "0")
        assert parse("kinect://lab/0", schemes=["kinect"]) == Url("kinect://lab/0")

    def test_are_among_the_nearest(self) -> None:
        with pytest.raises(AddressError, match="did you mean kinect:"):
            parse("kinekt:0", schemes=["kinect"])
        with pytest.raises(AddressError, match="did you mean kinect"):
            parse("kinekt://0", schemes=["kinect"])


class TestRoles:
    @pytest.mark.parametrize(
        "text", ["tcp://desk", "tcp://desk/x", "shm://yard-*", "rtsp://cam", "clip.mp4", "camera:"]
    )
    def test_what_can_be_read(self, text: str) -> None:
        check_role(parse(text), "reader")

    @pytest.mark.parametrize("text", ["tcp://desk", "shm://x", "shm://{stream}-seen", "frames/", "null:"])
    def test_what_can_be_written(self, text: str) -> None:
        check_role(parse(text), "writer")

    @pytest.mark.parametrize(
        ("text", "role", "reason"),
        [
            ("shm://{stream}-seen", "reader", "chooses streams by a name or its beginning"),
            ("shm://yard-*", "writer", "needs one name, or a template"),
            ("rtsp://me:secret@cam", "writer", r"rtsp://\*\*\*@cam can be read but not written"),
        ],
    )
    def test_what_cannot(self, text: str, role: Role, reason: str) -> None:
        with pytest.raises(AddressError, match=reason):
            check_role(parse(text), role)
