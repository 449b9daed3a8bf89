"""Old words become ours, and what a job says about itself."""

from __future__ import annotations

import pytest

from framebus.batch.progress import Progress
from framebus.batch.report import Comparison, Report, Trouble
from framebus.cli.process_progress import BAR, bar, compared, failures, status
from framebus.cli.process_words import translated
from framebus.core.errors import OptionError


def test_the_hand_written_program() -> None:
    old = "parallel-processing --path2initial_images in --path2resized_images out --image_extension .jpg --nb_workers 8"
    assert translated([*old.split(), "--size", "512", "256"]) == [
        *("--match", "*.jpg", "--workers", "8", "--op", "resize=512x256", "in", "out")
    ]
    assert translated(["sequential-processing", "--path2resized_images=o", "--path2initial_images=i"]) == [
        *("--workers", "0", "i", "o")
    ]


def test_our_own_words_are_left_alone() -> None:
    ours = ["in/", "out/", "--op", "resize=5x5", "--workers", "0", "parallel-processing"]
    assert translated(ours) == ours


@pytest.mark.parametrize("words", [["--size", "512"], ["--nb_workers"]])
def test_old_words_without_their_values(words: list[str]) -> None:
    with pytest.raises(OptionError, match=f"{words[0]} needs"):
        translated(words)


def test_the_line_that_is_redrawn() -> None:
    half = Progress(total=8091, found=8091, done=3410, failed=2, rate=778.0, workers=8)
    assert status(half) == "3412/8091 · 778/s · 6.0 s left · 2 failed · 8 workers"
    assert status(Progress(found=70, done=3)) == "3/70… · 0.0/s"
    assert status(Progress(comparing=True)) == "comparing one process with all workers"


def test_the_bar_is_as_long_as_it_should_be() -> None:
    assert bar(Progress()) == "┄" * BAR
    assert bar(Progress(total=48, done=48)) == "━" * BAR
    assert bar(Progress(total=48, done=3)) == "━╸" + "─" * (BAR - 2)
    assert {len(bar(Progress(total=97, done=done))) for done in range(98)} == {BAR}


def test_the_first_failures_are_listed() -> None:
    troubles = [Trouble(f"p{number}.jpg", "it is empty") for number in range(12)]
    lines = list(failures(Report(failures=troubles, quarantined=troubles[:2], damaged=troubles[:1])))
    assert lines[0] == "failed: p0.jpg: it is empty"
    assert lines[10:] == [
        *("failed: 2 more; --report FILE lists all", "quarantined: p0.jpg: it is empty"),
        *("quarantined: p1.jpg: it is empty", "damaged but kept: p0.jpg: it is empty"),
    ]


def test_a_name_with_a_line_end_in_it_stays_on_its_line() -> None:
    [line] = failures(Report(failures=[Trouble("a\n\x1b[2J Köln.jpg", "it is empty")]))
    assert line == r"failed: a\n\x1b[2J Köln.jpg: it is empty"


def test_the_speed_up() -> None:
    text = compared(Comparison(inputs=400, alone_s=1.28, together_s=0.66, workers=2))
    assert text == "400 inputs: 312/s in one process, 606/s in 2 workers: 1.94 times as fast"
