"""`fb.gather`: one frame to all services at once, answers by name, what is missing says why."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psutil
import pytest

import framebus as fb
from framebus.core.errors import AddressError, BadFrame, Closed, OpError, OptionError
from framebus.core.frame import Frame
from framebus.wire.encodings import EncodedImage, encode
from framebus.work.gather import Gather, gather
from tests.work.functions import (
    DIE,
    HANG,
    NAP,
    RAISE,
    Array,
    Unbuildable,
    brightness,
    identity,
    inverted,
    picture,
    process,
)

FUNCTIONS = "tests.work.functions"


def test_answers_come_by_name() -> None:
    with gather(seg=inverted, det=f"{FUNCTIONS}:brightness", which=identity, here=lambda image: image.shape) as ask:
        frame = Frame.of(picture(3), stream="cam", run=7, seq=5)
        answer = ask(frame)
        assert (answer.det, answer.which, answer.here) == (3, ("cam", 5), (8, 8))
        assert np.array_equal(answer.seg, 255 - frame.image)
        assert answer.frame is frame
        assert not answer.missing


def test_a_console_shows_how_it_is_in_one_line() -> None:
    with gather(det=brightness, pose="ipc:///nowhere/pose.sock") as ask:
        ask(picture(0), timeout=0)
        assert repr(ask).startswith("<Gather of det, pose: open, 1 asked, not there: ")
        assert "pose" in repr(ask).rpartition(":")[2]
    assert repr(ask) == "<Gather of det, pose: closed, 1 asked>"
    assert repr(Gather.__new__(Gather)) == "<Gather>"


def test_each_service_is_a_process_of_its_own() -> None:
    with gather(one=process, two=process) as ask:
        answer = ask(picture(0))
        assert len({answer.one, answer.two, os.getpid()}) == 3
        assert ask(picture(0)).one == answer.one
    assert not psutil.pid_exists(answer.one)
    assert not psutil.pid_exists(answer.two)


def test_they_work_at_the_same_time(tmp_path: Path) -> None:
    services = dict.fromkeys("abc", f"{FUNCTIONS}:Meeting={tmp_path},3")
    with gather(**services) as ask:
        assert list(ask(picture(0)).values()) == [3, 3, 3]


def test_large_answers_are_read_only_and_keep_their_pixels() -> None:
    with gather(seg=inverted) as ask:
        pictures = [np.full((1000, 2000, 3), value, np.uint8) for value in range(4)]
        answers = [ask(image).seg for image in pictures]
        for value, answer in enumerate(answers):
            assert not answer.flags.writeable
            with pytest.raises(ValueError, match="WRITEABLE"):
                answer.flags.writeable = True
            assert (answer == 255 - value).all()


def test_answers_that_are_kept_stay_what_they_are() -> None:
    """More of them than any connection may hold in shared memory at once."""
    with gather(seg=inverted) as ask:
        pictures = [np.full((200, 300), value, np.uint8) for value in range(100)]
        answers = [answer for _, answer in ask.each(pictures, in_flight=3)]
        assert [int(answer.seg[0, 0]) for answer in answers] == [255 - value for value in range(100)]


def test_a_service_that_is_too_late_is_missing_and_its_late_answer_goes_nowhere() -> None:
    with gather(slow=brightness, fast=lambda image: int(image[0, 0])) as ask:
        ask(picture(0))
        answer = ask(picture(NAP), timeout="50ms")
        assert answer.missing == {"slow": "no answer within 0.05 s"}
        assert (answer.slow, answer.fast) == (None, NAP)
        for value in range(3):
            assert ask(picture(value)).slow == value


def test_one_that_hangs_is_missing_from_then_on_and_others_are_undisturbed() -> None:
    with gather(stuck=brightness, well=lambda image: int(image[0, 0])) as ask:
        ask(picture(0))
        assert set(ask(picture(HANG), timeout=1).missing) == {"stuck"}
        answer = ask(picture(1), timeout=1)
        assert answer.missing == {"stuck": "no answer within 1 s: it is still busy with an earlier frame"}
        assert answer.well == 1


def test_one_that_crashes_is_missing_once_and_started_again() -> None:
    with gather(seg=brightness, well=process) as ask:
        before = ask(picture(0)).well
        answer = ask(picture(DIE))
        assert answer.missing == {"seg": "its process was killed by SIGKILL while it worked on this frame"}
        assert answer.well == before
        assert ask(picture(5)).seg == 5


def test_frames_behind_a_crash_are_answered_by_the_next_process() -> None:
    with gather(seg=brightness) as ask:
        values = [0, 1, DIE, 3, 4, 5, DIE, 7]
        answers = [answer for _, answer in ask.each(map(picture, values), in_flight=4)]
        assert [answer.seg for answer in answers] == [0, 1, None, 3, 4, 5, None, 7]
        assert [bool(answer.missing) for answer in answers] == [value == DIE for value in values]


def test_one_that_crashes_now_and_then_is_always_started_again() -> None:
    with gather(seg=brightness) as ask:
        answers = [ask(picture(value)).seg for value in (1, DIE) * 6]
        assert answers == [1, None] * 6


def test_one_that_always_crashes_is_given_up_with_the_reason() -> None:
    with gather(seg=lambda image: os._exit(3), well=process) as ask:
        for _ in range(5):
            assert "ended with exit code 3" in ask(picture(0)).missing["seg"]
        answer = ask(picture(0))
        assert "5 times without any work done: it is not started again" in answer.missing["seg"]
        assert answer.well


def test_an_exception_is_raised_where_the_answer_is_looked_at() -> None:
    with gather(seg=brightness, well=process) as ask:
        answer = ask(Frame.of(picture(RAISE), stream="cam", run=7, seq=5))
        assert answer.well
        assert answer.missing == {"seg": "seg failed on frame 5 of cam: ValueError: too dark"}
        with pytest.raises(OpError, match="seg failed on frame 5 of cam: ValueError: too dark") as caught:
            _ = answer.seg
        assert "functions.py" in caught.value.__notes__[0]
        assert ask(picture(1)).seg == 1


@pytest.mark.parametrize(
    ("service", "error", "says"),
    [
        (Unbuildable, OpError, "seg could not be built: RuntimeError: no weights"),
        ("no_such_module:thing", OptionError, "seg: module 'no_such_module' cannot be imported"),
        ("numpy:flipr", OptionError, "did you mean fliplr"),
    ],
)
def test_one_that_cannot_be_built_says_so_at_the_first_question(service: Any, error: Any, says: str) -> None:
    with gather(seg=service, well=process) as ask:
        for _ in range(2):
            with pytest.raises(error, match=says):
                ask(picture(0))


# each ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("in_flight", [1, 3, 20])
def test_each_frame_comes_with_its_answers_in_order(in_flight: int) -> None:
    with gather(seg=brightness, which=identity) as ask:
        frames = [Frame.of(picture(seq), stream="cam", run=7, seq=seq) for seq in range(10)]
        asked = list(ask.each(frames, in_flight=in_flight))
        assert [frame for frame, _ in asked] == frames
        assert [(answer.seg, answer.which[1]) for _, answer in asked] == [(seq, seq) for seq in range(10)]


@pytest.mark.parametrize("size", [8, 300])
def test_the_array_may_be_one_that_is_filled_again_each_time(size: int) -> None:
    def camera() -> Iterator[Array]:
        image = picture(0, size)
        for number in range(100):
            image[:] = number
            yield image

    with fb.gather(value=brightness) as ask:
        for number, (frame, answer) in enumerate(ask.each(camera(), in_flight=4)):
            assert (frame.image[0, 0], answer.value) == (number, number)


def test_so_many_are_in_flight_and_no_more() -> None:
    taken: list[int] = []

    def frames() -> Iterator[Any]:
        for value in range(10):
            taken.append(value)
            yield picture(value)

    with gather(seg=brightness) as ask:
        ahead = [len(taken) - number for number, _ in enumerate(ask.each(frames(), in_flight=3))]
        assert max(ahead) <= 3


def test_a_source_is_read_to_its_end() -> None:
    with fb.open("synthetic:", frames=7, size="64x48") as source, gather(which=identity) as ask:
        assert [answer.which for _, answer in ask.each(source, in_flight=2)] == [("synthetic", seq) for seq in range(7)]


def test_a_slow_live_source_does_not_hold_up_answers() -> None:
    """The first answer comes although the camera gives nothing more for the time being."""
    go_on = threading.Event()

    class Camera:
        name, live = "camera", True

        def __iter__(self) -> Iterator[Frame]:
            yield Frame.of(picture(1), stream="camera", run=1, seq=0)
            go_on.wait()
            yield Frame.of(picture(2), stream="camera", run=1, seq=1)

        def close(self) -> None:
            go_on.set()

    with fb.open(Camera(), keep="all") as source, gather(seg=brightness) as ask:
        asked = ask.each(source, in_flight=2)
        assert next(asked)[1].seg == 1
        go_on.set()
        assert next(asked)[1].seg == 2
        assert list(asked) == []


def test_each_has_its_own_time() -> None:
    with gather(seg=brightness) as ask:
        ask(picture(0))
        values = [1, NAP, 2]
        answers = [answer for _, answer in ask.each(map(picture, values), timeout="150ms")]
        assert [answer.seg for answer in answers][:2] == [1, None]


def test_leaving_early_leaves_nothing_behind() -> None:
    with gather(seg=brightness) as ask:
        asked = ask.each(map(picture, [0, NAP, NAP, 1, 2]), in_flight=3)
        assert next(asked)[1].seg == 0
        asked.close()
        assert ask(picture(9)).seg == 9


def test_an_error_of_the_source_comes_through() -> None:
    def frames() -> Iterator[Any]:
        yield picture(0)
        raise RuntimeError("unplugged")

    with gather(seg=brightness) as ask:
        with pytest.raises(RuntimeError, match="unplugged"):
            list(ask.each(frames()))
        assert ask(picture(1)).seg == 1


# the rest --------------------------------------------------------------------------------------------------


def test_several_threads_may_ask() -> None:
    with gather(seg=brightness) as ask:
        wrong: list[int] = []

        def many(first: int) -> None:
            values = range(first, first + 20)
            wrong.extend(value for value in values if ask(picture(value)).seg != value)

        threads = [threading.Thread(target=many, args=(first,)) for first in (0, 50, 100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []


def test_the_same_frame_can_be_asked_about_again() -> None:
    frame = Frame.of(picture(4), stream="cam", run=7, seq=5)
    with gather(seg=brightness) as ask:
        assert [ask(frame).seg for _ in range(3)] == [4, 4, 4]
        assert [answer.seg for _, answer in ask.each([frame] * 3, in_flight=3)] == [4, 4, 4]


def test_an_encoded_frame_is_a_picture_to_the_services() -> None:
    frame = encode(Frame.of(picture(4, 64), stream="cam", run=7), "png")
    with gather(seg=inverted) as ask:
        assert (ask(frame).seg == 251).all()


def test_a_damaged_picture_is_an_error_of_its_own_answers() -> None:
    good = encode(Frame.of(picture(4, 64), stream="cam", run=7), "png")
    assert isinstance(good.content, EncodedImage)
    damaged = good.replace(content=msgspec.structs.replace(good.content, data=memoryview(b"no picture")))
    with fb.gather(value=brightness) as ask:
        first, second, third = (answer for _, answer in ask.each([good, damaged, good]))
        assert (first.value, third.value) == (4, 4)
        with pytest.raises(OpError, match="damaged png"):
            second["value"]


def test_pictures_come_in_the_format_the_reader_asked_for() -> None:
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 2] = 200
    frame = Frame.of(red, stream="cam", run=7).replace(wanted="rgb24")
    with gather(first=lambda image: int(image[0, 0, 0])) as ask:
        assert ask(frame).first == 200


def test_after_close_it_says_so() -> None:
    ask = gather(seg=brightness)
    assert ask(picture(1)).seg == 1
    ask.close()
    ask.close()
    with pytest.raises(Closed, match="this gather is closed"):
        ask(picture(1))


def test_closing_wakes_whoever_waits() -> None:
    with gather(seg=brightness) as ask:
        ask(picture(0))
        threading.Timer(0.1, ask.close).start()
        with pytest.raises(Closed):
            ask(picture(NAP))


def test_a_forked_child_is_told() -> None:
    with gather(seg=brightness) as ask:
        ask(picture(0))
        pid = os.fork()
        if pid == 0:
            try:
                ask(picture(0))
            except Closed as error:
                os._exit(0 if "belongs to process" in str(error) else 1)
            except BaseException:
                os._exit(2)
            os._exit(3)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert ask(picture(2)).seg == 2


@pytest.mark.parametrize(
    ("services", "error", "says"),
    [
        ({}, OptionError, "gather needs services"),
        ({"missing": brightness}, OptionError, "cannot be called 'missing'"),
        ({"_seg": brightness}, OptionError, "'_seg' cannot be the name"),
        ({"se g": brightness}, OptionError, "'se g' cannot be the name"),
        ({"seg": 3}, OptionError, "seg=3 is no service"),
        ({"seg": "door"}, OptionError, "file.py:function"),
        ({"seg": "nowhere.py:thing"}, OptionError, "seg: file nowhere.py does not exist"),
        ({"seg": "tcp://desk:7000/door"}, AddressError, "leave out 'door'"),
        ({"seg": "imagezmq+tcp://desk:7000"}, AddressError, "no place for a service"),
        ({"seg": "rtsp://desk/main"}, AddressError, "no place for a service"),
        ({"seg": "shm://"}, AddressError, "a name of its own"),
        ({"seg": "tcp://:7000"}, AddressError, "names no machine"),
    ],
)
def test_what_is_no_service_is_refused_at_once(services: dict[str, Any], error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        Gather(services)


@pytest.mark.parametrize("frame", ["clip.mp4", None, [1, 2], np.array(["a"])])
def test_what_is_no_frame_is_refused(frame: Any) -> None:
    with gather(seg=brightness) as ask:
        with pytest.raises(BadFrame):
            ask(frame)
        assert ask(picture(1)).seg == 1


@pytest.mark.parametrize("in_flight", [0, -1, True, 1.5, "3"])
def test_in_flight_is_a_number_from_one(in_flight: Any) -> None:
    with gather(seg=brightness) as ask, pytest.raises(OptionError, match="in_flight"):
        ask.each([], in_flight=in_flight)
