"""Pickles read without pickle: numpy's arrays in every protocol, and nothing that runs, imports or grows."""

from __future__ import annotations

import os
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import BadFrame
from framebus.wire import limits
from framebus.wire.pickles import loads
from tests.wire.arrivals import arrays, measured, picture, same, settle

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
NUMPY_2 = bytes.fromhex(
    "80049593000000000000008c166e756d70792e5f636f72652e6d756c74696172726179948c0c5f7265636f6e7374727563749493948c056e"
    "756d7079948c076e6461727261799493944b0085944301629487945294284b014b024b028694680 38c0564747970659493948c02753194898"
    "88794529428 4b038c017c944e4e4e4affffffff4affffffff4b007494628943040001020394749462 2e".replace(" ", "")
)
"""Four bytes, 0 to 3, as (2, 2), written by numpy 2 with protocol 4."""


class TestGolden:
    def test_numpy_2(self) -> None:
        assert same(loads(NUMPY_2), picture(2, 2))

    def test_numpy_1(self) -> None:
        old = NUMPY_2.replace(b"\x8c\x16numpy._core.multiarray", b"\x8c\x15numpy.core.multiarray")
        assert same(loads(old), picture(2, 2))

    def test_python_2(self) -> None:
        old = (
            b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nq\x01K\x00\x85U\x01b\x87Rq\x02"
            b"(K\x01K\x02K\x02\x86cnumpy\ndtype\nq\x03U\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ"
            b"\xff\xff\xff\xffK\x00tb\x89U\x04\x00\x01\x02\x03tb."
        )
        assert same(loads(old), picture(2, 2))

    def test_from_a_buffer(self) -> None:
        assert same(loads(pickle.dumps(picture(2, 2), 5)), picture(2, 2))
        old = pickle.dumps(picture(2, 2), 5).replace(b"\x8c\x13numpy._core.numeric", b"\x8c\x12numpy.core.numeric")
        assert same(loads(old), picture(2, 2))


class TestWhatItReads:
    @given(arrays, st.sampled_from(PROTOCOLS))
    def test_arrays_of_every_numeric_type_in_every_protocol(self, array: Any, protocol: int) -> None:
        found = loads(pickle.dumps(array, protocol))
        assert same(found, array)
        assert not found.flags.writeable

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    @pytest.mark.parametrize(
        "array", [np.asfortranarray(picture(3, 4)), picture(2, 3, 4).transpose(2, 0, 1), picture(9, dtype=">u2")[::2]]
    )
    def test_arrays_in_any_order(self, array: Any, protocol: int) -> None:
        assert same(loads(pickle.dumps(array, protocol)), array)

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    @pytest.mark.parametrize(
        "value",
        [
            "stop",
            None,
            True,
            -(2**63),
            2**64 - 1,
            1.5,
            b"\x00\xff",
            [],
            (),
            {},
            [1, (2, [3.5, {"a": b""}]), "é" * 300],
            {"origin": (0, 0), "size": (0, 0), 5: None},
            {"incoming_image": "a/b.jpg", "worker_id": 3, "status": 1},
            np.dtype(">u2"),
        ],
    )
    def test_values(self, value: Any, protocol: int) -> None:
        assert loads(pickle.dumps(value, protocol)) == value

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_arrays_among_other_things(self, protocol: int) -> None:
        one, two = picture(2, 3), picture(2, 3, dtype="f8")
        found = loads(pickle.dumps(["time", one, {"again": two}, one], protocol))
        assert found[0] == "time"
        assert same(found[1], one)
        assert same(found[2]["again"], two)
        assert found[3] is found[1]

    def test_numpy_scalars_become_numbers(self) -> None:
        found = loads(pickle.dumps([np.float64(2.5), np.uint16(7), np.bool_(True)]))
        assert found == [2.5, 7, True]
        assert [type(item) for item in found] == [float, int, bool]

    def test_memoryviews(self) -> None:
        assert same(loads(memoryview(NUMPY_2)), picture(2, 2))


class Reduced:
    """Pickles as a call of `function` with `arguments`."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


class Stateful:
    def __init__(self) -> None:
        self.x = 1


def ops(*pieces: bytes) -> bytes:
    return b"".join(pieces) + b"."


def text(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


def word(module: str, name: str) -> bytes:
    return text(module) + text(name) + b"\x93"


class TestHostile:
    @pytest.mark.parametrize(
        "value",
        [
            Reduced(os.system, "touch pwned"),
            Reduced(eval, "open('pwned', 'w')"),
            Reduced(exec, "open('pwned', 'w')"),
            Reduced(getattr, "x", "upper"),
            Reduced(open, "pwned", "w"),
            Reduced(Path.touch, Path("pwned")),
            Reduced(np.fromfile, "pwned"),
            Reduced(np.load, "pwned"),
            Reduced(bytearray, 10**9),
            Stateful(),
            Stateful,
            print,
            {1, 2},
            frozenset({1}),
            1j,
            range(3),
            ValueError("x"),
            np.array([object()]),
            np.array(["text"]),
            np.array(["2026-01-01"], "M8[D]"),
            np.zeros(2, [("a", "u1"), ("b", "f4")]),
            np.ma.masked_array([1, 2], [True, False]),
            2**64,
            -(2**63) - 1,
            {(1, 2): 3},
            {1.5: 3},
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_other_objects(self, value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        for protocol in (2, 4, 5):
            with pytest.raises(BadFrame, match=r"pickle|numeric"):
                loads(pickle.dumps(value, protocol))
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        "data",
        [
            b"cos\nsystem\n(S'touch pwned'\ntR.",
            b"c__builtin__\neval\n(S'1'\ntR.",
            b"(S'touch pwned'\nios\nsystem\n.",
            b"(cos\nsystem\nS'touch pwned'\no.",
            ops(b"\x80\x04", word("numpy", "ndarray"), b"(K\x08tR"),
            ops(b"\x80\x04", word("numpy", "ndarray"), b")\x81"),
            ops(b"\x80\x04", word("numpy.core.multiarray", "_reconstruct"), text("x"), b"b"),
            ops(b"\x80\x04", word("numpy", "core.multiarray.os.system"), b"(tR"),
            ops(b"\x80\x04", word("_codecs", "decode"), b"(tR"),
            ops(b"\x80\x04", word("_codecs", "encode"), b"(", text("x"), text("rot13"), b"tR"),
            ops(b"\x80\x04", word("numpy", "ndarray")),
            ops(b"\x80\x04", word("numpy", "ndarray"), b"\x85"),
            ops(b"\x80\x04", word("numpy", "ndarray"), b"]\x94a"),
            ops(b"\x80\x04", word("numpy", "dtype"), text("u1"), b"\x85R"),
            ops(b"\x80\x04", word("numpy", "dtype"), text("O"), b"\x85RN}b"),
            ops(b"\x80\x04", word("numpy", "dtype"), text("u1"), b"\x85R(K\x03", text("<"), text("x"), b"NNtb"),
            ops(b"\x80\x02P0\n"),
            ops(b"\x80\x02\x82\x01"),
            ops(b"\x80\x05\x97"),
            ops(b"\x80\x04\x8f"),
            ops(b"\x80\x040"),
            ops(b"\x80\x04N2"),
            ops(b"\x80\x04"),
            ops(b"\x80\x04NN"),
            ops(b"\x80\x04("),
            ops(b"\x80\x04t"),
            ops(b"\x80\x04a"),
            ops(b"\x80\x04}(Nu"),
            ops(b"\x80\x04Nh\x07"),
            b"\x80\x04N",
            b"\x80\x09N.",
            b"",
            b"hello",
        ],
        ids=lambda data: repr(data)[:50],
    )
    def test_programs(self, data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        outcome = settle(lambda: loads(data))
        assert isinstance(outcome, BadFrame) or data == b"\x80\x09N."
        assert not list(tmp_path.iterdir())

    def test_the_text_names_what_it_needs(self) -> None:
        with pytest.raises(BadFrame, match=r"needs posix\.system: only numpy arrays are read"):
            loads(pickle.dumps(Reduced(os.system, "x")))


def array_of(shape: bytes, data: bytes, dtype: str = "u1") -> bytes:
    """A pickled array whose parts need not fit."""
    kind = (
        word("numpy", "dtype")
        + text(dtype)
        + b"\x89\x88\x87R(K\x03"
        + text("|")
        + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
    )
    start = word("numpy.core.multiarray", "_reconstruct") + word("numpy", "ndarray") + b"K\0\x85C\x01b\x87R"
    return ops(b"\x80\x04", start, b"(K\x01", shape, kind, b"\x89", data, b"tb")


def int8(value: int) -> bytes:
    return b"\x8a\x08" + struct.pack("<q", value)


class TestBombs:
    """Small pickles that would become large, or take for ever."""

    laughs = b"\x80\x04(Nq\0" + b"".join(b"(" + b"h%c" % n * 40 + b"tq%c" % (n + 1) for n in range(6)) + b"t."
    doubling = b"\x80\x04(]q\0" + b"".join(b"]h%ca" % n * 2 + b"q%c" % (n + 1) for n in range(60)) + b"t."
    hashed = b"\x80\x04(Nq\0" + b"".join(b"h%ch%c\x86q%c" % (n, n, n + 1) for n in range(60)) + b"}h\x3cNst."
    repeated = b"\x80\x04((" + b"N" * 5000 + b"tq\0" + b"h\0" * 5000 + b"t."

    @pytest.mark.parametrize(
        "data",
        [
            laughs,
            doubling,
            hashed,
            repeated,
            b"\x80\x04Nr\xff\xff\xff\xff" + b"j\xff\xff\xff\xff" * 3 + b".",
            ops(b"\x80\x04\x8e", struct.pack("<Q", 2**62)),
            ops(b"\x80\x04\x8d", struct.pack("<Q", 2**40)),
            ops(b"\x80\x04\x96", struct.pack("<Q", 2**40)),
            ops(b"\x80\x04B", struct.pack("<I", 2**32 - 1)),
            ops(b"\x80\x04\x95", struct.pack("<Q", 2**60)),
            ops(b"\x80\x04", b"]" * 15_000, b"a" * 14_999),
            ops(b"\x80\x04", b"N" * 200_000),
            ops(b"\x80\x04](", b"N" * 200_000, b"e"),
            b"I" + b"9" * 100_000 + b"\n.",
            b"L" + b"9" * 100_000 + b"L\n.",
            ops(b"\x80\x04\x8b", struct.pack("<I", 100_000), b"\x7f" * 100_000),
            array_of(int8(2**40) + b"\x85", b"C\x04abcd"),
            array_of(int8(2**62) + int8(2**62) + b"\x86", b"C\x04abcd"),
            array_of(int8(-1) + int8(-4) + b"\x86", b"C\x04abcd"),
            array_of(b"K\0" + int8(2**50) + int8(2**50) + b"\x87", b"C\x00"),
            array_of(b"K\x04\x85", b"]"),
            array_of(b"K\x04\x85", b"C\x04abcd", "O8"),
            array_of(b"(" + b"K\x01" * 9 + b"t", b"C\x01a"),
            array_of(b"K\x04", b"K\x07"),
            array_of(b"\x88\x85", b"C\x01a"),
        ],
        ids=lambda data: repr(data[:12]),
    )
    def test_are_refused_in_little_memory(self, data: bytes) -> None:
        peak, outcome = measured(lambda: loads(data))
        assert isinstance(outcome, BadFrame)
        assert peak < 8_000_000

    @pytest.mark.parametrize("data", [laughs, doubling, hashed, repeated])
    def test_references_are_counted(self, data: bytes) -> None:
        with pytest.raises(BadFrame, match="refers to the same"):
            loads(data)

    def test_above_the_callers_limit(self) -> None:
        with pytest.raises(BadFrame, match=f"{len(NUMPY_2)} bytes: the limit is 10"):
            loads(NUMPY_2, max_bytes=10)

    def test_lists_within_themselves(self) -> None:
        loop: list[Any] = []
        loop.append(loop)
        with pytest.raises(BadFrame, match="same list"):
            loads(pickle.dumps(loop))

    def test_nesting(self) -> None:
        value: Any = 1
        for _ in range(limits.MAX_PICKLE_DEPTH):
            value = [value]
        assert loads(pickle.dumps(value)) == value
        with pytest.raises(BadFrame, match="nested deeper"):
            loads(pickle.dumps([value]))


OBJECTS = [picture(2, 2), [picture(3), {"a": (1, 2.5, None), "b": b"x"}], "stop", np.float32(2)]
VALID = [pickle.dumps(value, protocol) for value in OBJECTS for protocol in PROTOCOLS]
ALPHABET = [
    *(bytes([code]) for code in b"(.012FGIJKLMNQRSTUVXabcdeghijlopqrstu}])\x80\x81\x85\x86\x87\x88\x89\x90\x94\x95"),
    *(text(value) for value in ("numpy", "ndarray", "dtype", "u1", "<", "C", "")),
    *(word(*names) for names in (("numpy", "ndarray"), ("numpy", "dtype"), ("numpy._core.multiarray", "scalar"))),
    *(word(*names) for names in (("numpy._core.multiarray", "_reconstruct"), ("numpy._core.numeric", "_frombuffer"))),
    b"K\0", b"K\x01", b"q\0", b"h\0", b"C\x01b", b"C\x04abcd",
]  # fmt: skip


def only_values(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(only_values, [*value, *value.values()]))
    if isinstance(value, list | tuple):
        return all(map(only_values, value))
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biufc"
    return value is None or type(value) in (str, bytes, int, float, bool, complex) or isinstance(value, np.dtype)


@given(st.sampled_from(VALID), st.data())
def test_spoiled_pickles_are_values_or_refused(whole: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(whole)))
    spoiled = whole[:at] + data.draw(st.binary(max_size=4)) + whole[at + data.draw(st.integers(0, 4)) :]
    outcome = settle(lambda: loads(spoiled))
    assert isinstance(outcome, BadFrame) or only_values(outcome)


@given(st.lists(st.sampled_from(ALPHABET), max_size=30))
def test_any_program_gives_values_or_is_refused(pieces: list[bytes]) -> None:
    outcome = settle(lambda: loads(ops(*pieces)))
    assert isinstance(outcome, BadFrame) or only_values(outcome)
