"""Flags are the vocabulary of options, in the words of a command line; order never matters."""

from __future__ import annotations

import argparse

import pytest

from framebus.cli import flags, pipe_command, process_command
from framebus.cli.parser import Parser, commands
from framebus.core.errors import OptionError
from framebus.core.options import OPTIONS


def pipe_parser() -> Parser:
    choices = commands(Parser(prog="framebus"))
    pipe_command.add_parser(choices)
    return choices.choices["pipe"]


def parsed(*words: str) -> argparse.Namespace:
    return pipe_command.parse(pipe_parser(), words)


def test_pipe_and_process_have_flags_for_every_option_of_the_vocabulary() -> None:
    assert {*pipe_command.OPTIONS, *process_command.OPTIONS} == set(OPTIONS)
    assert {OPTIONS[name].flag for name in pipe_command.OPTIONS} <= set(pipe_parser().flags)


def test_values_are_parsed_by_the_vocabulary() -> None:
    arguments = parsed("a.mp4", "null:", "--max-fps", "5", "--timeout=200ms", "--retain", "1MB", "--insecure")
    assert flags.options(arguments, pipe_command.OPTIONS) == {
        "max_fps": 5.0,
        "timeout": 0.2,
        "retain": 1_000_000,
        "insecure": True,
    }


def test_what_is_not_given_is_not_there() -> None:
    assert flags.options(parsed("a.mp4", "null:"), pipe_command.OPTIONS) == {}


def test_repeatable_flags_collect() -> None:
    arguments = parsed("a.mp4", "null:", "--wait-for", "left", "--wait-for", "right")
    assert flags.options(arguments, pipe_command.OPTIONS) == {"wait_for": ["left", "right"]}


def test_others_are_refused_twice() -> None:
    with pytest.raises(OptionError, match="max_fps"):
        flags.options(parsed("a.mp4", "null:", "--max-fps", "5", "--max-fps", "6"), pipe_command.OPTIONS)


@pytest.mark.parametrize(("word", "value"), [("--listen", True), ("--no-listen", False)])
def test_listen_can_be_said_both_ways(word: str, value: bool) -> None:
    assert flags.options(parsed("a.mp4", "null:", word), pipe_command.OPTIONS) == {"listen": value}


@pytest.mark.parametrize(
    "words",
    [
        ("--max-fps", "5", "a.mp4", "b.mp4", "null:"),
        ("a.mp4", "--max-fps", "5", "b.mp4", "null:"),
        ("a.mp4", "b.mp4", "null:", "--max-fps", "5"),
        ("--insecure", "a.mp4", "b.mp4", "--max-fps=5", "null:"),
    ],
)
def test_flags_stand_anywhere(words: tuple[str, ...]) -> None:
    arguments = parsed(*words)
    assert arguments.addresses == ["a.mp4", "b.mp4", "null:"]
    assert flags.options(arguments, ["max_fps"]) == {"max_fps": 5.0}


def test_flags_of_the_source_itself_are_kept_with_their_values() -> None:
    arguments = parsed("--pattern", "bars", "synthetic:", "--tempo=10", "null:", "--loud")
    assert arguments.addresses == ["synthetic:", "null:"]
    assert arguments.extra == {"pattern": "bars", "tempo": "10", "loud": "yes"}


def test_abbreviations_are_not_guessed() -> None:
    assert parsed("a.mp4", "null:", "--max", "5").extra == {"max": "5"}


def test_help_groups_flags_as_the_vocabulary_does() -> None:
    shown = pipe_parser().format_help()
    places = [shown.index(title) for title in flags.TITLES.values()]
    assert places == sorted(places)
    for name in pipe_command.OPTIONS:
        assert f"  {OPTIONS[name].flag}" in shown
