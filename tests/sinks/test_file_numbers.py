"""Numbers of files: frames sent again hit their own, new runs never another's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import BadFrame
from framebus.core.frame import Frame, Identity
from framebus.sinks.folder.file_numbers import Numbers
from framebus.testing.samples import samples

TEMPLATE = "{stream}-{seq}.png"
BASE = samples(1)[0]


def frame(run: int, seq: int, stream: str = "door") -> Frame:
    return BASE.replace(run=run, seq=seq, stream=stream)


def take(numbers: Numbers, item: Frame, highest: int) -> int:
    """What a sink does."""
    number = numbers.find(item)
    if number is None:
        number = highest + 1
        numbers.begin(item, number, item.stream)
    return number


def test_a_run_keeps_its_numbers_and_its_gaps() -> None:
    numbers = Numbers(TEMPLATE, None)
    assert [take(numbers, frame(1, seq), -1) for seq in (0, 1, 5, 6, 1)] == [0, 1, 5, 6, 1]


def test_a_run_joined_late_begins_at_the_first_free_number() -> None:
    numbers = Numbers(TEMPLATE, None)
    assert [take(numbers, frame(1, seq), -1) for seq in (500, 501)] == [0, 1]


def test_a_new_run_continues_and_the_old_ones_frames_still_find_their_files() -> None:
    numbers = Numbers(TEMPLATE, None)
    take(numbers, frame(1, 0), -1)
    assert take(numbers, frame(2, 0), 9) == 10
    assert numbers.find(frame(1, 9)) == 9


def test_frames_of_an_old_run_beyond_its_numbers_do_not_run_into_the_next() -> None:
    numbers = Numbers(TEMPLATE, None)
    take(numbers, frame(1, 0), -1)
    take(numbers, frame(2, 0), 9)
    assert numbers.find(frame(1, 10)) is None
    assert take(numbers, frame(1, 10), 20) == 21


def test_frames_before_the_first_one_seen_get_numbers_of_their_own() -> None:
    numbers = Numbers(TEMPLATE, None)
    take(numbers, frame(1, 100), -1)
    assert numbers.find(frame(1, 99)) is None


def test_streams_are_counted_apart() -> None:
    numbers = Numbers(TEMPLATE, None)
    assert take(numbers, frame(1, 0, "door"), -1) == take(numbers, frame(1, 0, "yard"), -1) == 0
    assert numbers.find(frame(1, 7, "door")) == 7


def test_numbers_freed_by_removing_files_are_used_again_and_belong_to_the_new_run_alone() -> None:
    numbers = Numbers(TEMPLATE, None)
    take(numbers, frame(1, 0), -1)
    take(numbers, frame(2, 0), 99)
    assert take(numbers, frame(3, 0), -1) == 0
    assert numbers.find(frame(1, 0)) is None
    assert numbers.find(frame(2, 0)) is None


def test_all_of_it_survives_being_saved() -> None:
    numbers = Numbers(TEMPLATE, None)
    for run, highest in ((1, -1), (2, 9), (2**64 - 1, 29)):
        take(numbers, frame(run, 3), highest)
    again = Numbers(TEMPLATE, numbers.saved())
    for item in (frame(1, 3), frame(1, 12), frame(1, 13), frame(2, 3), frame(2**64 - 1, 500), frame(7, 0)):
        assert again.find(item) == numbers.find(item)
    assert again.saved() == numbers.saved()


def test_templates_in_one_folder_are_counted_apart() -> None:
    numbers = Numbers(TEMPLATE, None)
    take(numbers, frame(1, 0), -1)
    other = Numbers("{stream}-{seq}.jpg", numbers.saved())
    assert not other.known
    take(other, frame(2, 0), -1)
    assert Numbers(TEMPLATE, other.saved()).find(frame(1, 4)) == 4


@pytest.mark.parametrize(
    "saved",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"templates":{"\xff":[]}}',
        b'{"framebus":9}',
        b'{"framebus":1,"templates":{"x":[{"run":1}]}}',
    ],
)
def test_an_index_that_is_none_is_refused(saved: bytes) -> None:
    with pytest.raises(BadFrame):
        Numbers(TEMPLATE, saved)


@given(
    sent=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 12)), max_size=60),
    restarts=st.sets(st.integers(0, 60), max_size=6),
)
def test_whatever_comes_and_however_often_it_restarts_no_frame_takes_anothers_file(
    sent: list[tuple[int, int]], restarts: set[int]
) -> None:
    """Files as a dictionary from number to the frame that was written there."""
    numbers, files = Numbers(TEMPLATE, None), dict[int, Identity]()
    for step, (run, seq) in enumerate(sent):
        if step in restarts:
            numbers = Numbers(TEMPLATE, numbers.saved())
        item = frame(run, seq)
        number = take(numbers, item, max(files, default=-1))
        assert files.setdefault(number, item.identity) == item.identity


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_runs_one_after_another_leave_no_gap(lengths: list[int]) -> None:
    numbers, taken = Numbers(TEMPLATE, None), list[int]()
    for run, length in enumerate(lengths, 1):
        for seq in range(length):
            taken.append(take(numbers, frame(run, seq), max(taken, default=-1)))
    assert taken == list(range(sum(lengths)))
