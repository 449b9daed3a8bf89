"""An object that is served: called at any kind of address as if it were here."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from framebus.core.errors import BadFrame, Closed, OpError, OptionError, RemoteError, Timeout, Unavailable
from framebus.core.frame import Frame
from framebus.work.gather import gather
from framebus.work.objects.proxy import Remote, RemoteStream
from framebus.work.remote import remote
from framebus.work.serve import serving
from tests.serving import running
from tests.waiting import until
from tests.work.devices import Agent, Camera, Motor, Slotted, Unbuildable
from tests.work.functions import brightness, picture


@pytest.fixture(params=["tcp", "ipc", "shm"])
def address(request: pytest.FixtureRequest, free_port: int, runtime_dir: Path) -> str:
    return {"tcp": f"tcp://127.0.0.1:{free_port}", "ipc": f"ipc://{runtime_dir}/s", "shm": "shm://cam"}[request.param]


@contextmanager
def served(target: Any, address: str = "shm://cam") -> Iterator[Any]:
    """In a thread of this process."""
    with serving(target, address) as device, running(device):
        yield device


@contextmanager
def camera(thing: Any = Camera, timeout: Any = 20) -> Iterator[Remote]:
    with served(thing), remote("shm://cam", timeout=timeout) as cam:
        yield cam


# members ------------------------------------------------------------------------------------------------------------


def test_methods_are_calls_and_attributes_are_read_and_set(address: str) -> None:
    with served(Camera(gain=2), address), remote(address) as cam:
        assert cam.gain == 2
        cam.exposure_ms = 12
        assert cam.exposure_ms == 12
        assert cam.temperature == 36.5
        assert cam.units() == "ms"
        assert cam.same(1, also="x") == (1, "x")
        assert cam.note("hello") is None
        assert cam.calls == ["hello"]


def test_pictures_come_back_as_they_were_returned(address: str) -> None:
    with served(Camera, address), remote(address) as cam:
        frame = cam.read()
        assert isinstance(frame, Frame)
        assert (frame.stream, frame.run, frame.seq, frame.format, frame.meta) == ("cam", 7, 5, "bgr24", {"gain": 1})
        assert frame.image.shape == (480, 640, 3)
        assert (frame.image == 10).all()
        array = cam.zeros(100_000)
        assert (type(array), array.shape, array.dtype) == (np.ndarray, (100_000,), np.uint8)
        assert not array.flags.writeable


def test_arrays_and_frames_are_arguments_too(address: str) -> None:
    many = np.arange(2_000_000, dtype=np.float32).reshape(1000, 2000)
    frame = Frame.of(np.full((40, 60, 3), 9, np.uint8), stream="mine", meta={"a": 1})
    with served(Camera, address), remote(address) as cam:
        assert (cam.same(many) == many).all()
        assert (cam.same(many[::2, ::3]) == many[::2, ::3]).all()
        got, more = cam.same({"frame": frame, "few": many[0, :3], "n": None}, [frame, many])
        assert (got["frame"].stream, got["frame"].meta) == ("mine", {"a": 1})
        assert (got["frame"].image == 9).all()
        assert list(got["few"]) == [0, 1, 2]
        assert (more[1] == many).all()


def test_an_attribute_may_be_anything_that_travels() -> None:
    with camera() as cam:
        cam.gain = {"levels": np.arange(4), "auto": False}
        assert list(cam.gain["levels"]) == [0, 1, 2, 3]


def test_slots_are_attributes() -> None:
    with camera(Slotted) as thing:
        thing.level = 5
        assert thing.level == 5


def test_a_class_is_built_once_and_an_object_is_the_very_one() -> None:
    mine = Camera()
    with camera(mine) as cam:
        cam.gain = 7
    assert mine.gain == 7
    with camera("tests.work.devices:Camera=gain=4") as cam:
        assert cam.gain == 4


def test_what_came_later_is_there_too() -> None:
    mine = Camera()
    with camera(mine) as cam:
        assert cam.gain == 1
        mine.later = 3  # type: ignore[attr-defined]
        assert cam.later == 3


# what is not there, and what goes wrong ----------------------------------------------------------------------------


def test_a_typo_fails_at_once_with_what_exists() -> None:
    with camera() as cam:
        with pytest.raises(RemoteError, match=r"shm://cam: Camera has no 'exposur_ms': did you mean exposure_ms"):
            _ = cam.exposur_ms
        with pytest.raises(RemoteError, match="did you mean read"):
            cam.raed()
        with pytest.raises(RemoteError, match="did you mean gain"):
            cam.gian = 3
        assert not hasattr(cam, "nothing_like_it")
        assert getattr(cam, "nothing_like_it", 5) == 5


def test_what_begins_with_an_underscore_is_nobodys_business(address: str) -> None:
    with served(Camera, address), remote(address) as cam:
        for name in ("_secret", "_hidden", "__class_getitem__"):
            with pytest.raises(AttributeError):
                getattr(cam, name)
        front = cam._front
        for do in ("get", "call"):
            with pytest.raises(RemoteError, match="has no '_hidden'"):
                front._value(do, "_hidden", [[], {}], "_hidden")
        with pytest.raises(RemoteError, match="has no '__class__'"):
            front._value("get", "__class__", None, "__class__")
        with pytest.raises(RemoteError, match="has no '_secret'"):
            front._value("set", "_secret", 3, "_secret")


def test_exceptions_keep_their_type_and_text_and_the_users_traceback_is_a_note() -> None:
    with camera() as cam:
        with pytest.raises(RemoteError, match=r"^shm://cam: Camera\.fail\(\) failed: ValueError: too dark\b") as caught:
            cam.fail()
        [note] = caught.value.__notes__
        assert "in fail" in note
        assert "performer.py" not in note
        with pytest.raises(RemoteError, match="SystemExit: 3"):
            cam.leave()
        with pytest.raises(RemoteError, match=r"TypeError: Camera\.read\(\) takes 1 positional argument but 2 were"):
            cam.read(3)
        assert cam.gain == 1


def test_a_property_says_itself_what_it_does_not_take() -> None:
    with camera() as cam:
        cam.offset = 4
        with pytest.raises(RemoteError, match="ValueError: offsets are 0 or more"):
            cam.offset = -1
        with pytest.raises(RemoteError, match=r"Camera\.temperature can only be read"):
            cam.temperature = 3
        with pytest.raises(RemoteError, match=r"Camera\.read is a method"):
            cam.read = 3


def test_what_cannot_travel_is_named_on_either_way() -> None:
    with camera() as cam:
        with pytest.raises(BadFrame, match="argument 1 is of type object"):
            cam.same(object())
        with pytest.raises(RemoteError, match=r"strange\(\) failed: BadFrame: the answer is of type set"):
            cam.strange()
        with pytest.raises(RemoteError, match=r"zeros\(\) failed: BadFrame: an answer of \d+ bytes: the limit is"):
            cam.zeros(256_000_001)
        assert cam.units() == "ms"


def test_a_large_answer_is_whole(address: str) -> None:
    with served(Camera, address), remote(address, timeout=60) as cam:
        assert cam.zeros(100_000_000).nbytes == 100_000_000


# several, and one at a time -----------------------------------------------------------------------------------------


def test_several_may_call_and_each_gets_its_own_answers() -> None:
    wrong: list[Any] = []

    def many(first: int) -> None:
        with remote("shm://cam", timeout=60) as cam:
            answers = [cam.same(number) for number in range(first, first + 50)]
            wrong.extend([answers] if answers != list(range(first, first + 50)) else [])

    with served(Camera):
        threads = [threading.Thread(target=many, args=(first,)) for first in (0, 100, 200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_threads_may_share_one_remote() -> None:
    with camera(timeout=60) as cam:
        wrong: list[int] = []

        def many(number: int) -> None:
            wrong.extend(value for _ in range(50) if (value := cam.same(number)) != number)

        threads = [threading.Thread(target=many, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []


def test_one_thing_at_a_time(tmp_path: Path) -> None:
    with camera() as cam, remote("shm://cam") as other:
        waiting = threading.Thread(target=cam.wait_for, args=(str(tmp_path / "go"),))
        waiting.start()
        waits = threading.Thread(target=lambda: other.note("after"))
        waits.start()
        (tmp_path / "go").touch()
        waiting.join()
        waits.join()
        assert sorted(cam.calls) == ["after", "waited"]


def test_a_slow_method_is_a_timeout_and_what_follows_waits_for_it(tmp_path: Path) -> None:
    go = tmp_path / "go"
    with camera() as cam, remote("shm://cam", timeout="300ms") as hasty:
        assert hasty.gain == 1
        with pytest.raises(Timeout, match=r"no answer to Camera\.wait_for\(\) within 0\.3 s; it may still be executed"):
            hasty.wait_for(str(go))
        with pytest.raises(Timeout, match=r"gain was not begun within 0\.3 s: Camera\.wait_for\(\) is still under way"):
            _ = hasty.gain
        go.touch()
        assert cam.gain == 1
        assert hasty.calls == ["waited"]


# streams ------------------------------------------------------------------------------------------------------------


def test_a_generator_is_a_stream(address: str) -> None:
    with served(Camera, address), remote(address) as cam:
        assert [int(array[0, 0]) for array in cam.frames(5)] == [0, 1, 2, 3, 4]
        assert cam.calls[-1] == "closed"


def test_the_next_item_is_made_when_it_is_asked_for() -> None:
    with camera() as cam, cam.frames(100) as frames:
        assert isinstance(frames, RemoteStream)
        next(frames)
        next(frames)
        assert cam.calls == ["made 0", "made 1"]


def test_a_stream_that_is_left_is_closed_where_it_was_opened() -> None:
    with camera() as cam:
        with cam.frames(100) as frames:
            next(frames)
        assert cam.calls == ["made 0", "closed"]
        assert list(frames) == []


def test_a_stream_that_is_forgotten_is_closed_with_the_next_call() -> None:
    with camera() as cam:
        for _ in cam.frames(100):
            break
        assert cam.gain == 1
        assert cam.calls == ["made 0", "closed"]


def test_a_stream_that_fails_says_why() -> None:
    with camera() as cam:
        frames = cam.frames(1, then="cable")
        next(frames)
        with pytest.raises(RemoteError, match=r"Camera\.frames\(\) failed: ValueError: cable"):
            next(frames)
        assert list(frames) == []
        assert cam.calls == ["made 0", "closed"]


def test_several_streams_and_calls_do_not_get_in_each_others_way() -> None:
    with camera() as cam, cam.frames(9) as one, cam.frames(9) as other:
        assert [(int(a[0, 0]), int(b[0, 0]), cam.gain) for a, b in zip(one, other, strict=True)] == [
            (number, number, 1) for number in range(9)
        ]


def test_a_source_is_a_stream_of_frames(address: str) -> None:
    with served(Camera, address), remote(address) as cam:
        frames = list(cam.synthetic(3))
        assert [frame.seq for frame in frames] == [0, 1, 2]
        assert all(isinstance(frame, Frame) for frame in frames)


def test_a_source_that_has_ended_takes_no_more_room() -> None:
    with camera() as cam:
        assert [len(list(cam.synthetic(1))) for _ in range(70)] == [1] * 70
        # the last one's thread may still be on its way out when its end is heard
        until(lambda: not any(thread.name == "framebus-stream" for thread in threading.enumerate()))


def test_waiting_for_a_frame_of_a_source_keeps_nobody_from_calling() -> None:
    class Watching(Camera):
        def never(self) -> Any:
            from framebus.verbs.open import open

            return open("shm://nobody-publishes-this")

    def watch() -> None:
        with pytest.raises(Closed):
            next(frames)

    with camera(Watching()) as cam, cam.never() as frames:
        waits = threading.Thread(target=watch)
        waits.start()
        assert [cam.same(number) for number in range(20)] == list(range(20))
        frames._stream.interrupt()
        waits.join()


def test_too_many_streams_are_refused_and_closed() -> None:
    with camera() as cam:
        streams = [cam.frames(3) for _ in range(5)]
        for stream in streams:
            next(stream)
        with pytest.raises(RemoteError, match="5 streams are open already"):
            cam.frames(3)
        streams[0].close()
        with cam.frames(3) as another:
            next(another)
        for stream in streams:
            stream.close()


def test_what_a_client_opened_is_closed_when_it_goes() -> None:
    with camera() as cam:
        with remote("shm://cam") as other:
            next(other.frames(10))
        while "closed" not in cam.calls:
            pass


# events -------------------------------------------------------------------------------------------------------------


def test_events_go_to_all_who_listen(address: str) -> None:
    with (
        served(Camera, address),
        remote(address) as cam,
        remote(address) as other,
        cam.events() as here,
        other.events() as there,
    ):
        cam.tell({"moved": 3})
        cam.tell(np.arange(3))
        for events in (here, there):
            assert next(events) == {"moved": 3}
            assert list(next(events)) == [0, 1, 2]


def test_listening_keeps_nobody_from_calling_and_ends_with_the_remote() -> None:
    got: list[Any] = []
    with camera() as cam:
        events = cam.events()
        thread = threading.Thread(target=lambda: got.extend(events))
        thread.start()
        cam.tell("first")
        assert cam.gain == 1
        cam.tell("second")
        while len(got) < 2:
            pass
        cam.close()
        thread.join()
    assert got == ["first", "second"]


# the end ------------------------------------------------------------------------------------------------------------


def test_stop_ends_what_serves_it(address: str) -> None:
    with serving(Camera, address) as device, remote(address) as cam:
        thread = threading.Thread(target=device.run)
        thread.start()
        cam.stop()
        thread.join()


def test_a_stop_of_its_own_is_the_objects() -> None:
    with camera(Motor) as motor:
        assert motor.stop() == "the motor stopped"
        assert motor.stopped == 1


def test_close_closes_the_remote_and_not_the_device() -> None:
    mine = Motor()
    with camera(mine) as motor, remote("shm://cam") as other:
        assert motor.stopped == 0
        motor.close()
        motor.close()
        with pytest.raises(Closed, match="shm://cam: this remote is closed"):
            _ = motor.stopped
        assert other.stopped == 0


def test_an_object_that_was_built_to_be_served_is_closed() -> None:
    closed: list[str] = []

    class Lamp:
        def close(self) -> None:
            closed.append("lamp")

    with served(Lamp):
        pass
    assert closed == ["lamp"]
    with served(Lamp()):
        pass
    assert closed == ["lamp"]


# event loops --------------------------------------------------------------------------------------------------------


def test_an_object_with_async_methods_lives_in_an_event_loop() -> None:
    with camera(Agent) as agent:
        assert agent.running()
        assert agent.ticks == 0
        assert list(agent.count(4)) == [0, 1, 2, 3]
        with agent.count(100) as numbers:
            assert next(numbers) == 0


def test_async_with_gives_awaitables() -> None:
    async def use() -> None:
        async with remote("shm://cam") as cam:
            assert await cam.gain == 1
            await cam.gain.set(5)
            assert await cam.gain == 5
            assert await cam.same(1, also=2) == (1, 2)
            assert (await cam.read()).seq == 5
            with pytest.raises(RemoteError, match="did you mean read"):
                await cam.raed()
            with pytest.raises(RemoteError, match="read is a method"):
                await cam.read
            with pytest.raises(AttributeError, match=r"await cam\.gain\.set\(3\)"):
                cam.gain = 3
            assert await asyncio.gather(*(cam.same(number) for number in range(20))) == list(range(20))

    with served(Camera):
        asyncio.run(use())


def test_streams_and_events_are_iterated_with_async_for() -> None:
    async def use() -> None:
        async with remote("shm://cam") as cam:
            assert [int(array[0, 0]) async for array in cam.frames(3)] == [0, 1, 2]
            async with await cam.frames(100) as frames:
                await anext(frames)
            assert (await cam.calls)[-1] == "closed"
            async with await cam.events() as events:
                await cam.tell("hello")
                assert await anext(events) == "hello"
            with pytest.raises(RemoteError, match="no stream but of type str"):
                async for _ in cam.units():
                    pass

    with served(Camera):
        asyncio.run(use())


def test_waiting_for_a_call_keeps_no_task_from_running_and_can_be_cancelled(tmp_path: Path) -> None:
    async def use() -> None:
        async with remote("shm://cam") as cam:
            call = asyncio.ensure_future(cam.wait_for(str(tmp_path / "go"))._answer())
            while not (tmp_path / "go.waits").exists():
                await asyncio.sleep(0)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            (tmp_path / "go").touch()
            assert await cam.calls == ["waited"]
            listening = asyncio.ensure_future(anext(await cam.events()))
            await asyncio.sleep(0)
            listening.cancel()

    with served(Camera):
        asyncio.run(use())


# who is who ---------------------------------------------------------------------------------------------------------


def test_a_service_is_no_object_and_an_object_no_service() -> None:
    says = r"brightness answers frames: ask it with fb\.gather"
    with served(brightness), remote("shm://cam") as thing, pytest.raises(RemoteError, match=says):
        thing.read()
    with served(Camera), gather(seg="shm://cam") as ask:
        assert "use fb.remote" in ask(picture(1)).missing["seg"]


def test_what_cannot_be_served_is_refused_at_once() -> None:
    with pytest.raises(OptionError, match="workers=2 is not possible: an object lives in one process"):
        serving(Camera, "shm://cam", workers=2)
    with pytest.raises(OptionError, match="cannot be built: got an unexpected keyword argument 'gian'"):
        serving("tests.work.devices:Camera=gian=3", "shm://cam")
    with pytest.raises(OpError, match="Unbuildable could not be built: RuntimeError: no camera"):
        serving(Unbuildable, "shm://cam")
    with served(Camera), pytest.raises(Unavailable, match="cannot serve at shm://cam"):
        serving(Camera, "shm://cam")


def test_a_remote_tells_what_it_is() -> None:
    with served(Camera), remote("shm://cam") as cam:
        assert repr(cam) == "<Remote of shm://cam>"
        assert repr(cam.read) == "<method Camera.read() -> Frame>"
        assert cam.read.__doc__ == "read() -> Frame\n\nThe newest picture."
        assert repr(cam) == "<Remote of Camera, shm://cam>"
        assert {"close", "events", "stop", "read", "gain"} <= set(dir(cam))
