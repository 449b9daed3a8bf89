"""The vocabulary: every option is described once, and every bad value is refused by name."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import OptionError
from framebus.core.options import (
    GROUPS,
    OPTIONS,
    Option,
    check,
    from_texts,
    nearest,
    reject_unknown,
)

EVERY = pytest.mark.parametrize("option", OPTIONS.values(), ids=list(OPTIONS))

GOOD: list[tuple[str, Any, Any]] = [
    ("keep", "latest", "latest"),
    ("keep", "all", "all"),
    ("group", "run.h5", "run.h5"),
    ("max_fps", 10, 10.0),
    ("max_fps", "0.5", 0.5),
    ("format", "rgb24", "rgb24"),
    ("format", "native", "native"),
    ("timeout", "200ms", 0.2),
    ("timeout", 0, 0.0),
    ("packets", True, True),
    ("packets", "no", False),
    ("frames", 3, 3),
    ("frames", "100", 100),
    ("duration", "10min", 600.0),
    ("speed", "4", 4.0),
    ("listen", False, False),
    ("listen", "yes", True),
    ("allow", "10.0.0.7", ("10.0.0.7",)),
    ("allow", ["192.168.1.9/24", "::1"], ("192.168.1.0/24", "::1")),
    ("insecure", True, True),
    ("wait_for", 2, 2),
    ("wait_for", "2", 2),
    ("wait_for", 0, 0),
    ("wait_for", "run.h5", ["run.h5"]),
    ("wait_for", ["run.h5", "2"], ["run.h5", "2"]),
    ("wait_for", {"b", "a"}, ["a", "b"]),
    ("when_full", "skip", "skip"),
    ("patience", "1min", 60.0),
    ("patience", "forever", math.inf),
    ("patience", math.inf, math.inf),
    ("retain", "1GB", 10**9),
    ("stream", "door", "door"),
    ("stream", "{stream}-seen", "{stream}-seen"),
    ("encode", "jpeg=85", "jpeg=85"),
    ("encode", "png", "png"),
    ("encode", "jpeg=85,sampling=444", "jpeg=85,sampling=444"),
    ("overwrite", "true", True),
    ("size", " 640 X 480", "640x480"),
    ("fps", "12.5", 12.5),
    ("fps", 0, 0.0),
    ("input_format", "mjpeg", "mjpeg"),
    ("number", "1", 1),
    ("number", 0, 0),
    ("transport", "udp", "udp"),
    ("backend", "ffmpeg", "ffmpeg"),
    ("verify", "no", False),
    ("deadline", "500ms", 0.5),
    ("hwaccel", "cuda", "cuda"),
    ("crop", "640x480+100+50", "640x480+100+50"),
    ("crop", " 64 x 48 ", "64x48"),
    ("turn", "90", 90),
    ("turn", 0, 0),
    ("resize", "64X48", "64x48"),
    ("ops", "gray", ("gray",)),
    ("ops", abs, (abs,)),
    ("ops", ["gray", abs], ("gray", abs)),
    ("ops", ("gray",), ("gray",)),
    ("ops", (), ()),
]

BAD: list[tuple[str, Any]] = [
    ("keep", "newest"),
    ("keep", 1),
    ("group", "a b"),
    ("group", 5),
    ("max_fps", 0),
    ("max_fps", "fast"),
    ("max_fps", math.inf),
    ("max_fps", math.nan),
    ("max_fps", True),
    ("format", "yuv"),
    ("timeout", "5 parsecs"),
    ("timeout", -1),
    ("packets", "maybe"),
    ("packets", 1),
    ("frames", 0),
    ("frames", -1),
    ("frames", 2.5),
    ("frames", "x"),
    ("frames", True),
    ("duration", 0),
    ("speed", "0"),
    ("listen", "perhaps"),
    ("allow", "desk"),
    ("allow", "10.0.0.0/99"),
    ("allow", ["10.0.0.1", ""]),
    ("allow", 5),
    ("wait_for", -1),
    ("wait_for", True),
    ("wait_for", 1.5),
    ("wait_for", ["a b"]),
    ("wait_for", [1]),
    ("when_full", "drop"),
    ("patience", "never"),
    ("retain", "a lot"),
    ("stream", "a/b"),
    ("stream", "{name}"),
    ("encode", ""),
    ("encode", "jpeg="),
    ("encode", "JPEG"),
    ("overwrite", None.__class__),
    ("size", "640"),
    ("fps", -1),
    ("fps", True),
    ("input_format", "raw"),
    ("number", -1),
    ("number", True),
    ("transport", "http"),
    ("backend", "opencv"),
    ("verify", "perhaps"),
    ("ops", ""),
    ("ops", ["gray", ""]),
    ("ops", {"resize": "5x5"}),
    ("ops", {"gray"}),
    ("ops", 5),
    ("deadline", 0),
    ("hwaccel", "my card"),
    ("crop", "640x480+1"),
    ("crop", "0x480"),
    ("turn", 45),
    ("turn", -90),
    ("resize", "half"),
]


@pytest.mark.parametrize(("name", "given_value", "value"), GOOD)
def test_values(name: str, given_value: Any, value: Any) -> None:
    assert check(name, given_value) == value
    assert type(check(name, given_value)) is type(value)


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_refusal_names_the_option_the_value_and_what_is_allowed(name: str, value: Any) -> None:
    with pytest.raises(OptionError) as refusal:
        check(name, value)
    assert str(refusal.value).startswith(f"{name}={value!r} is not possible: give ")
    assert OPTIONS[name].allowed in str(refusal.value)


@given(
    st.sampled_from(list(OPTIONS)),
    st.recursive(
        st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.binary()),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
        max_leaves=4,
    ),
)
def test_anything_is_a_value_or_a_named_error(name: str, value: Any) -> None:
    try:
        check(name, value)
    except OptionError as error:
        assert name in str(error)  # noqa: PT017


class TestTheTable:
    @EVERY
    def test_describes_each_option(self, option: Option) -> None:
        assert option.name.replace("_", "").isalpha()
        assert option.name.islower()
        assert option.group in GROUPS
        assert option.help
        assert not option.help.endswith(".")
        assert option.allowed
        assert option.default_text

    @EVERY
    def test_has_defaults_that_their_own_option_takes(self, option: Option) -> None:
        assert check(option.name, None) == (None if option.default is None else option.parse(option.default))

    @EVERY
    def test_says_what_to_write_for_a_value(self, option: Option) -> None:
        assert option.switch or option.metavar or option.choices
        assert all(option.parse(choice) == choice for choice in option.choices)

    @EVERY
    def test_spells_flags_with_dashes(self, option: Option) -> None:
        word = "op" if option.name == "ops" else option.name.replace("_", "-")
        assert option.flag == f"--{word}"
        assert option.negation == f"--no-{word}"

    def test_holds_the_whole_vocabulary(self) -> None:
        assert set(OPTIONS) == {
            *("keep", "group", "max_fps", "format", "timeout", "packets", "listen", "allow", "insecure"),
            *("wait_for", "when_full", "patience", "retain", "encode", "frames", "duration", "overwrite"),
            *("stream", "speed", "carrier", "spool", "spool_size"),
            *("size", "fps", "input_format", "number", "transport", "backend", "verify", "deadline"),
            *("hwaccel", "crop", "turn", "resize", "socket", "message"),
            *("ops", "gather", "workers", "batch", "on_error", "work_timeout", "join"),
            *("match", "max_pixels", "tolerant", "resume", "compare", "dry_run", "max_memory", "also"),
            *("quality", "subsampling", "fsync", "report"),
            *(
                "start",
                "stop",
                "streams",
                "rotate",
                "max_age",
                "max_size",
                "max_files",
                "reserve",
                "compress",
                "preset",
            ),
            *("play_fps", "around", "before", "after"),
        }


@pytest.mark.parametrize("name", ["stream", "group"])
def test_where_a_name_is_wanted_one_like_it_is_told(name: str) -> None:
    with pytest.raises(OptionError, match=f"{name}='Hof Süd' is not possible: give a name .*; 'Hof-Sued' is one$"):
        check(name, "Hof Süd")


def test_what_is_no_list_of_ops_is_not_looked_into() -> None:
    ops = iter(["gray"])
    with pytest.raises(OptionError, match="is not possible: give an op or a list of ops"):
        check("ops", ops)
    assert list(ops) == ["gray"]


class TestTextsOfACommandLine:
    def test_none_is_the_default(self) -> None:
        assert from_texts("wait_for", []) == 0
        assert from_texts("allow", []) == ()

    def test_one_may_be_a_number(self) -> None:
        assert from_texts("wait_for", ["2"]) == 2
        assert from_texts("wait_for", ["run.h5"]) == ["run.h5"]

    def test_several_are_a_list(self) -> None:
        assert from_texts("wait_for", ["run.h5", "2"]) == ["run.h5", "2"]
        assert from_texts("allow", ["10.0.0.1", "10.0.0.2"]) == ("10.0.0.1", "10.0.0.2")


class TestUnknownOptions:
    def test_are_refused_with_the_nearest_one(self) -> None:
        with pytest.raises(
            OptionError, match=r"^framebus.open has no option 'max_fp': did you mean max_fps or max_files\?$"
        ):
            reject_unknown(["keep", "max_fp"], OPTIONS, "framebus.open")

    def test_are_refused_as_names_to_check(self) -> None:
        with pytest.raises(OptionError, match=r"no option 'keeep': did you mean keep\?"):
            check("keeep", "all")

    def test_known_ones_pass(self) -> None:
        reject_unknown(OPTIONS, OPTIONS, "framebus.open")


class TestNearest:
    def test_names_what_is_alike(self) -> None:
        assert nearest("tpc", ["tcp", "shm"]) == "did you mean tcp?"

    def test_names_two_at_most_best_first(self) -> None:
        assert nearest("tcp", ["tcp4", "tcp6x", "tcp5", "shm"]) == "did you mean tcp5 or tcp4?"

    def test_does_not_mind_case(self) -> None:
        assert nearest("JPEG", ["jpeg", "png"]) == "did you mean jpeg?"

    def test_lists_what_there_is_when_nothing_is_alike(self) -> None:
        assert nearest("zzz", ["tcp", "ipc"]) == "there is ipc, tcp"

    def test_knows_when_there_is_nothing(self) -> None:
        assert nearest("zzz", []) == "there is none"
