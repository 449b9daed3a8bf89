"""One small alphabet for the names of streams, groups and keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import OptionError
from framebus.core.names import (
    check_name,
    fill_template,
    matches,
    overlap,
    suggestion,
    to_name,
    unlike,
    valid_name,
    valid_pattern,
    valid_template,
)

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True)


@pytest.mark.parametrize(
    "name", ["a", "Door", "0", "yard-2", "run.h5", "a_b", "x" * 64, "a.", "raspberrypi.192-168-1-12"]
)
def test_names(name: str) -> None:
    assert valid_name(name)
    assert check_name(name) == name


@pytest.mark.parametrize(
    "text", ["", "-a", ".a", "_a", "a b", "a/b", "ä", "a\n", "x" * 65, "a*", "{stream}", "a|b", "٣"]
)
def test_no_names(text: str) -> None:
    assert not valid_name(text)
    with pytest.raises(OptionError, match="is not a name"):
        check_name(text)


def test_a_refusal_says_whose_name_what_is_allowed_and_what_would_do() -> None:
    with pytest.raises(OptionError, match=r"group 'my cam' is not a name \(a letter or digit.*'my-cam' is one"):
        check_name("my cam", "group")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hof Süd", "Hof-Sued"),
        ("Hof Su\u0308d", "Hof-Sued"),
        ("Straße (links)", "Strasse-links"),
        ("Église 2", "Eglise-2"),
        ("Cam #1 ", "Cam-1"),
        ("x" * 70, "x" * 64),
    ],
)
def test_what_people_write_is_answered_with_a_name_they_would_know(text: str, name: str) -> None:
    assert suggestion(text) == f"; {name!r} is one"


@given(st.text() | st.integers())
def test_what_is_suggested_is_a_name(text: str | int) -> None:
    assert (told := suggestion(text)) == "" or valid_name(told.split("'")[1])


def test_nothing_is_suggested_where_nothing_could_stay() -> None:
    assert suggestion("庭") == ""


def test_a_name_is_text() -> None:
    with pytest.raises(OptionError, match="stream 7 is not a name"):
        check_name(7, "stream")  # type: ignore[arg-type]


class TestOtherSystemsTexts:
    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("raspberrypi", "raspberrypi"),
            ("porch|2026-01-01T10:00", "porch"),
            ("porch | jpg", "porch"),
            ("Front Door", "Front-Door"),
            ("/dev/video0", "dev-video0"),
            ("Tür", "T-r"),
            ("..x", "x"),
            ("x" * 100, "x" * 64),
        ],
    )
    def test_become_names(self, text: str, name: str) -> None:
        assert to_name(text) == name

    @pytest.mark.parametrize("text", ["", "|x", "---", "äöü", "  "])
    def test_without_a_usable_character_get_the_default(self, text: str) -> None:
        assert to_name(text, "desk") == "desk"
        assert to_name(text) == "stream"

    @given(st.text())
    def test_always_become_names(self, text: str) -> None:
        assert valid_name(to_name(text))

    @given(NAMES)
    def test_that_are_names_stay_themselves(self, name: str) -> None:
        assert to_name(name) == name


class TestPatterns:
    @pytest.mark.parametrize("pattern", ["", "*", "door", "d*", "do*", "door*"])
    def test_that_choose_door(self, pattern: str) -> None:
        assert valid_pattern(pattern)
        assert matches(pattern, "door")

    @pytest.mark.parametrize("pattern", ["doo", "oor", "Door", "doors", "doors*", "oor*"])
    def test_that_do_not(self, pattern: str) -> None:
        assert valid_pattern(pattern)
        assert not matches(pattern, "door")

    @pytest.mark.parametrize("pattern", ["*r", "**", "a*b", "a b*", "-*"])
    def test_that_are_none(self, pattern: str) -> None:
        assert not valid_pattern(pattern)


class TestTemplates:
    @pytest.mark.parametrize("template", ["door", "{stream}", "{stream}-seen", "old-{stream}"])
    def test_are_names_with_a_place_for_the_stream(self, template: str) -> None:
        assert valid_template(template)

    @pytest.mark.parametrize("template", ["{name}", "{stream", "-{stream}", "{stream}/x", ""])
    def test_hold_nothing_else(self, template: str) -> None:
        assert not valid_template(template)

    def test_make_names(self) -> None:
        assert fill_template("{stream}-seen", "door") == "door-seen"

    def test_do_not_make_names_that_are_too_long(self) -> None:
        with pytest.raises(OptionError, match="64 at most"):
            fill_template("{stream}-seen", "x" * 64)


@given(st.text("ab", min_size=1, max_size=3), st.text("ab", max_size=2), st.text("ab", max_size=2), st.booleans())
def test_patterns_overlap_when_a_stream_could_be_chosen_by_both(name: str, one: str, other: str, whole: bool) -> None:
    patterns = [f"{one}*", name if whole else f"{other}*"]
    possible = [name, one + "a", other + "a", one + other + "a", one, other]
    both = any(all(matches(pattern, stream) for pattern in patterns) for stream in possible if stream)
    assert overlap(*patterns) == overlap(*reversed(patterns)) == both


def test_a_name_that_is_taken_gets_a_number() -> None:
    taken: set[str] = set()
    for name in ("cam", "cam", "cam.2", "cam", "x" * 64, "x" * 64):
        taken.add(unlike(name, taken))
    assert taken == {"cam", "cam.2", "cam.2.2", "cam.3", "x" * 64, "x" * 62 + ".2"}
    assert all(map(valid_name, taken))
