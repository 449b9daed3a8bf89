"""An answer: by name, as a mapping, and what is missing from it."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from framebus.core.errors import OpError
from framebus.core.frame import Frame
from framebus.work.answer import Answer
from framebus.work.calls import Outcome

FRAME = Frame.of(np.zeros((2, 2), np.uint8), stream="cam", run=5, seq=12)


@pytest.fixture
def answer() -> Answer:
    return Answer(
        FRAME,
        {
            "det": Outcome({"boxes": {"$array": 0}, "score": 0.5}, [np.arange(4)]),
            "nothing": Outcome(None),
            "pose": Outcome(missing="no answer within 0.2 s"),
            "seg": Outcome(error="ValueError: too dark\nTraceback (most recent call last):\n  line 3, in seg\n"),
            "odd": Outcome({"$array": 9}, ()),
        },
    )


def test_answers_are_attributes_and_items(answer: Answer) -> None:
    assert answer.det["score"] == answer["det"]["score"] == 0.5
    assert answer.det["boxes"].tolist() == [0, 1, 2, 3]
    assert answer.frame is FRAME


def test_none_is_an_answer(answer: Answer) -> None:
    assert answer.nothing is None
    assert "nothing" in answer
    assert "nothing" not in answer.missing


def test_what_is_missing_is_none_and_says_why(answer: Answer) -> None:
    assert answer.pose is None
    assert answer["pose"] is None
    assert answer.missing["pose"] == "no answer within 0.2 s"


def test_what_failed_raises_when_it_is_looked_at(answer: Answer) -> None:
    assert answer.missing["seg"] == "seg failed on frame 12 of cam: ValueError: too dark"
    with pytest.raises(OpError, match="seg failed on frame 12 of cam: ValueError: too dark"):
        answer["seg"]
    with pytest.raises(OpError, match="seg failed on frame 12 of cam: ValueError: too dark") as caught:
        _ = answer.seg
    assert "line 3, in seg" in "".join(caught.value.__notes__)


def test_an_answer_that_cannot_be_read_raises_too(answer: Answer) -> None:
    with pytest.raises(OpError, match="odd answered frame 12 of cam with something else"):
        _ = answer.odd


def test_as_a_mapping_it_has_what_was_answered(answer: Answer) -> None:
    assert list(answer) == ["det", "nothing"]
    assert len(answer) == 2
    assert dict(answer.items())["nothing"] is None
    assert answer.get("pose", "default") == answer.get("seg", "default") == "default"


def test_complete_answers_miss_nothing() -> None:
    assert not Answer(FRAME, {"a": Outcome(1)}).missing


def test_an_unknown_name_is_answered_with_the_known_ones(answer: Answer) -> None:
    with pytest.raises(AttributeError, match="no service is called 'sge': did you mean seg"):
        _ = answer.sge
    with pytest.raises(KeyError, match="no service is called 'x'"):
        answer["x"]


def test_it_shows_what_it_is(answer: Answer) -> None:
    text = repr(answer)
    assert "frame 12 of cam" in text
    assert "det=dict" in text
    assert "missing pose: no answer within 0.2 s" in text


def test_it_can_be_copied(answer: Answer) -> None:
    assert copy.copy(answer).det is answer.det
