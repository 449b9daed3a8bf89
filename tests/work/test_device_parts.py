"""What of an object is public, what is executed again, which events are kept."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import BadFrame, OptionError
from framebus.core.frame import Frame, Identity
from framebus.pool.answers import unpack
from framebus.pool.calling import Said
from framebus.work.kinds import is_service
from framebus.work.objects import speech
from framebus.work.objects.building import build, check_arguments, loop_of
from framebus.work.objects.events import Events
from framebus.work.objects.executed import LOST, Executed
from framebus.work.objects.members import Member, is_async, members_of, unknown
from framebus.work.objects.speech import Question
from tests.work import devices, functions

# members ------------------------------------------------------------------------------------------------------------


def test_public_is_what_has_no_underscore_and_is_defined_below_object() -> None:
    members = members_of(devices.Camera())
    assert {"exposure_ms", "read", "temperature", "kind", "units"} <= set(members)
    assert not [name for name in members if name.startswith("_")]
    assert not set(members) & set(dir(object))


def test_methods_are_told_with_signature_and_first_line() -> None:
    members = members_of(devices.Camera())
    assert members["read"] == Member("read", "method", signature="() -> Frame", doc="The newest picture.")
    assert members["frames"].signature == "(count: int, then: str = '') -> Iterator[Array]"
    assert members["units"].kind == "method"


def test_attributes_are_told_with_their_type_and_whether_they_can_be_set() -> None:
    members = members_of(devices.Camera())
    assert members["exposure_ms"] == Member("exposure_ms", "attribute", type="float", writable=True)
    assert members["temperature"] == Member("temperature", "attribute", type="float", doc="Of the sensor.")
    assert members["offset"].writable
    assert members["serial"].type == "str"
    assert members_of(devices.Slotted())["level"].writable


def test_close_is_the_proxys_own_and_others_can_be_left_out() -> None:
    assert set(members_of(devices.Motor())) == {"stop", "stopped"}
    assert set(members_of(devices.Motor(), besides=["stop"])) == {"stopped"}


def test_no_property_is_computed() -> None:
    class Dear:
        @property
        def value(self) -> int:
            raise AssertionError("asked for")

    assert members_of(Dear())["value"].kind == "attribute"


def test_an_annotation_of_a_type_is_shown_by_its_name() -> None:
    class Typed:
        def read(self, frame):  # type: ignore[no-untyped-def]
            return frame

    Typed.read.__annotations__ = {"frame": Frame, "return": np.ndarray}
    assert members_of(Typed())["read"].signature == "(frame: Frame) -> ndarray"


def test_a_typo_is_told_the_nearest_and_all_there_is() -> None:
    said = unknown("Camera", "exposur_ms", ["read", "exposure_ms"])
    assert said == "Camera has no 'exposur_ms': did you mean exposure_ms? (it has exposure_ms, read)"
    assert unknown("Camera", "xyz", ["read", "gain"]) == "Camera has no 'xyz': it has gain, read"
    assert "no public methods" in unknown("Empty", "xyz", [])


def test_one_async_method_makes_an_object_of_an_event_loop() -> None:
    assert is_async(devices.Agent())
    assert not is_async(devices.Camera())


# what is served -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "service"),
    [
        (functions.brightness, True),
        (functions.Meeting, True),
        (lambda image: 1, True),
        (devices.Camera, False),
        (devices.Camera(), False),
        ("tests.work.functions:brightness", True),
        ("tests.work.functions:Meeting=a,3", True),
        ("tests.work.devices:Camera=3", False),
        ("tests.work.devices:Patient", False),
        ("resize=4x4", True),
    ],
)
def test_functions_and_what_is_called_answer_frames_and_all_else_is_called(target: Any, service: bool) -> None:
    assert is_service(target) is service


def test_a_file_is_not_imported_to_find_out(tmp_path: Any) -> None:
    file = tmp_path / "heavy.py"
    file.write_text("import nothing_like_it\nclass Model:\n    def __call__(self, image): ...\nclass Lamp:\n    pass\n")
    assert is_service(f"{file}:Model")
    assert not is_service(f"{file}:Lamp")


@pytest.mark.parametrize("target", [3, None, "", {}, object()])
def test_what_is_neither_is_refused(target: Any) -> None:
    with pytest.raises(OptionError):
        is_service(target)


def test_a_class_gets_a_way_to_tell_events_where_it_asks_for_one() -> None:
    told: list[Any] = []
    build("Camera", devices.Camera, (), {}, told.append).tell("hello")
    assert told == ["hello"]
    assert build("camera_with", devices.camera_with, (4,), {}, told.append).gain == 4


def test_arguments_are_checked_before_anything_is_built() -> None:
    with pytest.raises(OptionError, match=r"Camera cannot be built: got an unexpected keyword argument 'gian'.*gain"):
        check_arguments("Camera", devices.Camera, (), {"gian": 3})
    with pytest.raises(OptionError, match="returned None"):
        build("nothing", devices.nothing, (), {}, print)


def test_a_loop_is_a_run_that_takes_nothing() -> None:
    class Machine:
        def run(self, speed: float) -> None: ...

    assert loop_of(devices.Agent()) is not None
    assert loop_of(Machine()) is None
    assert loop_of(devices.Camera()) is None
    assert inspect.iscoroutinefunction(loop_of(devices.Agent()))


# questions ----------------------------------------------------------------------------------------------------------

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(), inside, max_size=4),
    max_leaves=12,
)


@given(values, st.integers(0, 40_000))
def test_arguments_arrive_as_they_were(value: Any, length: int) -> None:
    array = np.arange(length, dtype=np.uint16)
    frame = speech.to_frame(Question("call", "move", lane=3), [value, {"array": array, "more": [array[:3]]}])
    question = speech.of_frame(frame)
    assert (question.do, question.name, question.lane) == ("call", "move", 3)
    got, named = speech.given(question, frame)
    assert got == value
    assert (named["array"] == array).all()
    assert (named["more"][0] == array[:3]).all()


def test_what_cannot_travel_is_named_as_the_argument_it_is() -> None:
    with pytest.raises(BadFrame, match=r"^argument 2 is of type set: give"):
        speech.to_frame(Question("call"), [[1, {2}], {}])
    with pytest.raises(BadFrame, match=r"^argument speed\['x'\] is of type object"):
        speech.to_frame(Question("call"), [[], {"speed": {"x": object()}}])
    with pytest.raises(BadFrame, match=r"^the value is of type set"):
        speech.to_frame(Question("set"), {1})


@pytest.mark.parametrize("meta", [{}, {"fb.do": "format"}, {"fb.do": 3}, {"fb.do": "call", "lane": "x"}])
def test_what_is_no_question_is_refused(meta: dict[str, Any]) -> None:
    with pytest.raises(BadFrame):
        speech.of_frame(Frame.of(np.zeros((2, 2), np.uint8), meta=meta))


def test_marks_of_answers_cannot_be_made_by_a_users_answer() -> None:
    from framebus.work.objects.performer import packed

    for mark in (speech.opened(3).data, speech.ended().data, speech.refused("lost", "").data):
        said = packed(mark)
        assert speech.stream_of(said.data) is None
        assert not speech.is_end(said.data)
        assert speech.refusal_of(said.data) == ""
        assert unpack(said.data, ()) == mark


# what is executed again ---------------------------------------------------------------------------------------------


def asked(number: int, run: int = 1) -> Identity:
    return Identity("ask-1", run, number)


def test_a_question_that_comes_again_gets_the_same_answer() -> None:
    executed = Executed()
    assert executed.again(asked(0), 0) is None
    executed.note(asked(0), 0, Said(1))
    assert executed.again(asked(0), 0) == Said(1)
    assert executed.again(asked(1), 0) is None
    assert executed.again(asked(0), 1) is None
    assert executed.again(asked(0, run=2), 0) is None


def test_one_that_came_before_it_is_not_executed_again_either() -> None:
    executed = Executed()
    executed.note(asked(5), 0, Said(1))
    again = executed.again(asked(4), 0)
    assert again is not None
    assert again.error == LOST


def test_large_answers_of_others_are_given_up_but_not_what_was_done() -> None:
    executed = Executed(max_bytes=100)
    large = Said(1, [("0", np.zeros(80, np.uint8))])
    executed.note(asked(0), 1, large)
    executed.note(asked(1), 2, large)
    first = executed.again(asked(0), 1)
    assert first is not None
    assert first.error == LOST
    assert executed.again(asked(1), 2) == large
    executed.note(asked(2), 2, Said(2))
    executed.note(asked(3), 3, large)
    assert executed.again(asked(2), 2) == Said(2)


# events -------------------------------------------------------------------------------------------------------------


def batch(said: Said) -> Any:
    return unpack(said.data, [array for _, array in said.arrays])


def test_whoever_listens_is_told_what_comes_after_what_it_knows() -> None:
    events, told = Events(), []
    events.ask(0, "me", lambda said: told.append(batch(said)))
    assert told == []
    events.emit("one")
    assert told == [[1, 0, ["one"]]]
    events.emit("two")
    events.ask(1, "me", lambda said: told.append(batch(said)))
    assert told[-1] == [2, 0, ["two"]]


def test_whoever_begins_to_listen_is_told_where_it_begins() -> None:
    events, told = Events(), []
    events.emit("before")
    events.ask(None, "me", lambda said: told.append(batch(said)))
    assert told == [[1, 0, []]]


def test_what_is_not_fetched_in_time_is_counted() -> None:
    events, told = Events(kept=3), []
    for number in range(5):
        events.emit(number)
    events.ask(0, "me", lambda said: told.append(batch(said)))
    assert told == [[5, 2, [2, 3, 4]]]


def test_what_cannot_travel_is_refused_where_it_is_told() -> None:
    with pytest.raises(BadFrame, match="set"):
        Events().emit({1})


def test_an_event_is_what_it_was_when_it_was_told() -> None:
    events, told, array = Events(), [], np.zeros(3)
    events.emit({"at": array})
    array[:] = 7
    events.ask(0, "me", lambda said: told.append(batch(said)))
    assert list(told[0][2][0]["at"]) == [0, 0, 0]


def test_large_events_are_kept_as_far_as_there_is_room() -> None:
    events, told = Events(max_bytes=100), []
    for number in range(4):
        events.emit(np.full(60, number, np.uint8))
    events.ask(0, "me", lambda said: told.append(batch(said)))
    assert told[0][:2] == [4, 3]
    assert [int(event[0]) for event in told[0][2]] == [3]
    with pytest.raises(BadFrame, match="an event of 256000001 bytes"):
        events.emit(np.zeros(256_000_001, np.uint8))


def test_who_is_gone_waits_no_more() -> None:
    events, told = Events(), []
    for asker in ("here", "gone"):
        events.ask(0, asker, lambda said: told.append(batch(said)))
    events.forget_those_of(lambda asker: asker == "gone")
    assert events.waited_for
    events.emit("one")
    assert told == [[1, 0, ["one"]]]
    assert not events.waited_for
