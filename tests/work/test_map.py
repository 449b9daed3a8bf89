"""`fb.map`: any function on any number of processes; every frame's result once, in order, whoever dies."""

from __future__ import annotations

import itertools
import math
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psutil
import pytest

import framebus as fb
from framebus.core.errors import BadFrame, Error, OpError, OptionError
from framebus.core.frame import Frame, Packet
from framebus.wire.encodings import EncodedImage, encode
from framebus.work import filling
from framebus.work.through_workers import Mapping
from tests.work.functions import DIE, HANG, RAISE, Array, Model, aborting, brighter, brightness, numbers, picture

FUNCTIONS = "tests.work.functions"


def values(frames: Iterator[Frame]) -> list[int]:
    """What the results show."""
    return [int(frame.image[0, 0]) for frame in frames]


def pictures(*what: int) -> Iterator[Array]:
    return (picture(value) for value in what)


class TestResults:
    def test_come_in_the_order_of_the_frames(self) -> None:
        assert values(fb.map(brighter, pictures(*range(50)), workers=3)) == list(range(1, 51))

    def test_come_as_they_are_ready_where_that_is_wanted(self) -> None:
        results = values(fb.map(brighter, pictures(*range(50)), workers=2, ordered=False))
        assert sorted(results) == list(range(1, 51))

    def test_do_not_wait_for_one_that_takes_long_where_order_is_not_wanted(self, tmp_path: Path) -> None:
        """But for those that wait for the same worker."""
        frames = pictures(HANG, *[1] * 1000)
        gated = fb.map(f"{FUNCTIONS}:Gated={tmp_path}/open", frames, workers=2, ordered=False)
        before = [int(next(gated).image[0, 0]) for _ in range(700)]
        (tmp_path / "open").touch()
        assert sorted(values(gated)) == [1] * 300 + [HANG]
        assert before == [1] * 700

    def test_keep_who_they_are(self) -> None:
        frames = [Frame.of(picture(seq), stream="cam", run=7, seq=seq, meta={"lamp": "on"}) for seq in range(5)]
        for given, made in zip(frames, fb.map(brighter, frames, workers=2), strict=True):
            assert (made.identity, made.captured_ns, made.meta) == (given.identity, given.captured_ns, given.meta)

    def test_of_arrays_are_numbered(self) -> None:
        results = list(fb.map(brighter, pictures(1, 2, 3), workers=2))
        assert [(frame.stream, frame.seq) for frame in results] == [("frames", 0), ("frames", 1), ("frames", 2)]
        assert len({frame.run for frame in results} - {0}) == 1

    def test_are_read_only_and_last_as_long_as_anybody_wants_them(self) -> None:
        frames = (np.full((480, 640, 3), seq, np.uint8) for seq in range(40))
        results = list(fb.map(brighter, frames, workers=2))
        assert [int(frame.image[-1, -1, 0]) for frame in results] == list(range(1, 41))
        assert not results[0].image.flags.writeable

    def test_are_what_one_process_gives(self) -> None:
        spec: list[Any] = [brighter, f"{FUNCTIONS}:Model=5"]
        alone, shared = (list(fb.map(spec, pictures(*range(9)), workers=workers)) for workers in (0, 2))
        assert [(frame.seq, frame.meta["sum"]) for frame in alone] == [
            (frame.seq, frame.meta["sum"]) for frame in shared
        ]

    def test_of_what_is_dropped_do_not_come(self) -> None:
        assert values(fb.map(f"{FUNCTIONS}:picky", pictures(*range(10)), workers=2)) == [0, 2, 4, 6, 8]

    def test_may_be_several_for_one_frame(self) -> None:
        def rows(image: Array) -> Iterator[Array]:
            yield from (image[row : row + 1] for row in range(3))

        results = list(fb.map(rows, pictures(1, 2), workers=2))
        assert [int(frame.image[0, 0]) for frame in results] == [1, 1, 1, 2, 2, 2]
        assert len({frame.identity for frame in results}) == 6

    def test_that_are_only_meta_carry_no_pixels_back(self) -> None:
        frames = [Frame.of(np.zeros((480, 640), np.uint8), stream="cam", run=7, seq=seq) for seq in range(4)]
        for given, made in zip(frames, fb.map(numbers, frames, workers=2), strict=True):
            assert made.content is given.content
            assert made.meta["seq"] == given.seq


class TestWork:
    def test_is_shared_among_processes(self, tmp_path: Path) -> None:
        results = list(fb.map(f"{FUNCTIONS}:Gathering={tmp_path},3", pictures(1, 2, 3), workers=3))
        pids = {frame.meta["pid"] for frame in results}
        assert len(pids | {os.getpid()}) == 4
        assert not any(map(psutil.pid_exists, pids))

    def test_builds_a_class_once_in_each_process(self) -> None:
        results = list(fb.map(Model, pictures(*range(20)), workers=2))
        assert {frame.meta["built"] for frame in results} == {1}
        assert [frame.meta["sum"] for frame in results] == list(range(1, 21))

    def test_may_be_built_in(self) -> None:
        [frame] = fb.map(["resize=32x16", "gray"], [np.zeros((480, 640, 3), np.uint8)], workers=1)
        assert frame.shape == (16, 32)

    def test_may_be_given_many_at_once(self) -> None:
        def together(images: list[Array]) -> list[Array]:
            return [image + np.uint8(10 * len(images)) for image in images]

        assert values(fb.map(together, pictures(*range(7)), workers=2, batch=3)) == [30, 31, 32, 33, 34, 35, 16]

    def test_reads_no_further_than_twice_the_workers(self) -> None:
        read = itertools.count()
        frames = (picture(next(read) % 200) for _ in itertools.repeat(None))
        with closing(fb.map(brighter, frames, workers=2)) as results:
            next(results)
            assert next(read) <= 2 * 2 + 1

    def test_begins_with_the_first_result_asked_for(self) -> None:
        read = iter(pictures(1, 2))
        fb.map(brighter, read, workers=1)
        assert len(list(read)) == 2, "nobody iterated"

    def test_says_at_once_what_is_wrong_with_it(self) -> None:
        for wrong in (
            lambda: fb.map("nonsense.py:f", [], workers=1),
            lambda: fb.map("resise=3x3", [], workers=1),
            lambda: fb.map(brighter, [], workers=-1),
            lambda: fb.map(brighter, [], batch=0),
            lambda: fb.map(brighter, [], on_error="ignore"),  # type: ignore[call-overload]
            lambda: fb.map(brighter, [], workers=0, timeout=3),
            lambda: fb.map(brighter, [], workers=1, timeout="soon"),
        ):
            with pytest.raises(OptionError):
                wrong()

    def test_that_cannot_be_built_says_why(self) -> None:
        with pytest.raises(Error, match="no weights"):
            list(fb.map(f"{FUNCTIONS}:Unbuildable", pictures(1), workers=2))

    def test_that_remembers_frames_takes_one_worker(self) -> None:
        with pytest.raises(OptionError, match="remembers earlier frames"):
            list(fb.map("sample=2", pictures(1), workers=2))
        assert values(fb.map("sample=2", pictures(0, 1, 2, 3), workers=1)) == [0, 2]

    def test_that_cannot_travel_says_why(self) -> None:
        lock = threading.Lock()
        with pytest.raises(OptionError, match="cannot be taken to its own process"):
            fb.map(lambda image: lock, [], workers=1)


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Frames travel in as few messages as they may, once their op is known to be quick; how many in each so far."""
    sizes: list[int] = []

    def noted(mapping: Mapping, key: int, frames: Sequence[Frame]) -> Frame:
        sizes.append(len(frames))
        return message(mapping, key, frames)

    message = Mapping._message
    monkeypatch.setattr(Mapping, "_message", noted)
    monkeypatch.setattr(filling, "QUICK_S", math.inf)
    monkeypatch.setattr(filling, "HOLD_S", math.inf)
    monkeypatch.setattr(filling, "TARGET_S", 10.0)
    return sizes


def some(count: int, special: dict[int, int]) -> Iterator[Array]:
    """So many pictures, of which some ask for something."""
    return (picture(special.get(number, number % 200)) for number in range(count))


class TestSmallFramesTogether:
    """They travel many at a time, and everything else is as if each had travelled by itself."""

    def test_come_in_order_and_take_few_messages(self, together: list[int]) -> None:
        results = fb.map(numbers, pictures(*[1] * 1000), workers=2)
        assert [frame.seq for frame in results] == list(range(1000))
        assert sum(together) == 1000
        assert len(together) < 50

    def test_come_each_once_as_they_are_ready(self, together: list[int]) -> None:
        results = fb.map(numbers, pictures(*[1] * 1000), workers=2, ordered=False)
        assert sorted(frame.seq for frame in results) == list(range(1000))
        assert max(together) > 1

    def test_fail_one_by_one(self, together: list[int], tmp_path: Path) -> None:
        wrong = {300: RAISE, 301: RAISE, 777: RAISE}
        results = list(fb.map(f"{FUNCTIONS}:Noting={tmp_path}", some(1000, wrong), workers=2, on_error="return"))
        failed = {number: str(result) for number, result in enumerate(results) if not isinstance(result, Frame)}
        assert failed.keys() == wrong.keys()
        assert "failed on frame 777 of frames: ValueError: too dark" in failed[777]
        assert max(together) > 1
        noted = [int(line) for file in tmp_path.iterdir() for line in file.read_text().split()]
        assert sorted(noted) == list(range(1000)), "each was worked on once"

    def test_one_that_kills_workers_is_given_up_alone(self, together: list[int]) -> None:
        results = list(fb.map(aborting, some(600, {400: DIE}), workers=2, on_error="return"))
        assert [number for number, result in enumerate(results) if not isinstance(result, Frame)] == [400]
        assert "frame 400 of frames" in str(results[400])
        assert max(together) > 1

    def test_answers_that_cannot_travel_together_are_asked_for_one_by_one(self, together: list[int]) -> None:
        def large(image: Array) -> Array:
            return np.zeros((40, 1_000_000), np.uint8) if image[0, 0] == 199 else image

        shapes = [frame.shape for frame in fb.map(large, some(20, dict.fromkeys(range(8, 18), 199)), workers=1)]
        assert shapes == [(40, 1_000_000) if 8 <= number < 18 else (8, 8) for number in range(20)]
        assert max(together) > 6, "ten of them are more than one answer may have"

    def test_frames_that_cannot_travel_fail_alone(self, together: list[int]) -> None:
        def odd() -> Iterator[Frame]:
            for number in range(300):
                meta = {"tool": object()} if number == 200 else {}
                yield Frame.of(picture(1), stream="cam", run=7, seq=number, meta=meta)

        results = list(fb.map(brighter, odd(), workers=2, on_error="return"))
        assert [number for number, result in enumerate(results) if not isinstance(result, Frame)] == [200]
        assert "meta.tool is object" in str(results[200])

    def test_are_not_held_back_where_each_has_a_limit_of_time(self, together: list[int]) -> None:
        assert len(list(fb.map(brighter, pictures(*[1] * 100), workers=2, timeout=60))) == 100
        assert set(together) == {1}

    def test_of_a_source_that_has_no_more_for_now_are_on_their_way(self, together: list[int]) -> None:
        """A live source of 30 frames/s, of which each would wait for the next ones."""
        with (
            fb.open("synthetic:", fps=30, size="64x48", keep="all") as source,
            closing(fb.map(brighter, source, workers=2)) as results,
        ):
            assert len(list(itertools.islice(results, 30))) == 30
        assert max(together) < 20


class TestErrors:
    def test_bring_the_traceback_of_the_worker_and_the_frame(self) -> None:
        frames = [Frame.of(picture(value), stream="cam", run=7, seq=value) for value in (1, RAISE)]
        results = fb.map(brightness_of, frames, workers=2)
        assert next(results).meta["value"] == 1
        with pytest.raises(
            OpError, match=f"brightness_of failed on frame {RAISE} of cam: ValueError: too dark"
        ) as caught:
            next(results)
        assert "functions.py" in "".join(caught.value.__notes__)

    def test_may_be_skipped(self, caplog: pytest.LogCaptureFixture) -> None:
        results = list(fb.map(brightness_of, pictures(1, RAISE, 3), workers=2, on_error="skip"))
        assert [frame.meta["value"] for frame in results] == [1, 3]
        assert "frame 1 of frames: ValueError: too dark" in caplog.text

    def test_may_be_returned_in_the_place_of_the_result(self) -> None:
        results = list(fb.map(brightness_of, pictures(1, RAISE, 3), workers=2, on_error="return"))
        assert [type(result) for result in results] == [Frame, OpError, Frame]

    def test_of_answers_that_cannot_travel_name_them(self) -> None:
        with pytest.raises(OpError, match="not object"):
            list(fb.map(lambda image: object(), pictures(1), workers=1))

    def test_of_the_source_come_through_and_end_the_workers(self) -> None:
        def broken() -> Iterator[Array]:
            yield picture(1)
            raise RuntimeError("camera on fire")

        with pytest.raises(RuntimeError, match="camera on fire"):
            list(fb.map(brighter, broken(), workers=2))


class TestEncodedFrames:
    """As old senders and cameras give them: the workers decode them."""

    def encoded(self, data: bytes = b"") -> Frame:
        frame = encode(Frame.of(picture(7, 200), stream="cam", run=7), "png")
        assert isinstance(frame.content, EncodedImage)
        content = msgspec.structs.replace(frame.content, data=memoryview(data or frame.content.data))
        return frame.replace(content=content)

    @pytest.mark.parametrize("batch", [1, 2])
    def test_are_pictures_to_the_op(self, batch: int) -> None:
        op = brighter if batch == 1 else (lambda images: [brighter(image) for image in images])
        assert values(fb.map(op, [self.encoded()] * 5, workers=1, batch=batch)) == [8] * 5

    @pytest.mark.parametrize("broken", [0, 70])
    def test_that_are_broken_fail_alone(self, together: list[int], broken: int) -> None:
        frames = [self.encoded()] * 100
        frames[broken] = self.encoded(b"no picture")
        results = list(fb.map(brighter, frames, workers=2, on_error="return"))
        assert [number for number, result in enumerate(results) if not isinstance(result, Frame)] == [broken]

    def test_that_are_broken_take_their_batch_with_them_and_no_more(self) -> None:
        frames = [self.encoded()] * 6
        frames[2] = self.encoded(b"no picture")
        op = lambda images: [brighter(image) for image in images]  # noqa: E731
        results = list(fb.map(op, frames, workers=1, batch=3, on_error="return"))
        assert [type(result) for result in results] == [OpError] * 3 + [Frame] * 3


class TestArrays:
    @pytest.mark.parametrize("batch", [1, 3])
    @pytest.mark.parametrize("size", [8, 64, 300])
    def test_may_be_one_that_is_filled_again_each_time(self, size: int, batch: int) -> None:
        """As cameras do that read into what they are given."""

        def camera() -> Iterator[Array]:
            image = picture(0, size)
            for number in range(600):
                image[:] = number % 251
                yield image

        def seen(image: Array) -> dict[str, int]:
            return {"seen": int(image[-1, -1])}

        op = (lambda images: [seen(image) for image in images]) if batch > 1 else seen
        for number, frame in enumerate(fb.map(op, camera(), workers=2, batch=batch)):
            assert (frame.meta["seen"], frame.image[0, 0]) == (number % 251, number % 251)

    def test_of_a_sequence_are_not_copied(self) -> None:
        images = [picture(1), picture(2)]
        results = list(fb.map(lambda image: {"seen": True}, images, workers=1))
        assert all(np.shares_memory(frame.data, image) for frame, image in zip(results, images, strict=True))

    def test_that_are_masked_are_refused_since_their_mask_would_be_lost(self) -> None:
        masked: Any = np.ma.masked_equal(picture(3), 3)
        with pytest.raises(BadFrame, match="masked array"):
            next(fb.map(brighter, [masked], workers=1))


class TestDeath:
    def test_of_workers_loses_nothing_and_doubles_nothing(self) -> None:
        """As many random kills as there is time for, while numbered frames pass."""
        frames = (Frame.of(picture(0), stream="cam", run=7, seq=seq) for seq in range(3000))
        seen: list[int] = []
        kills = 0
        for result in fb.map(numbers, frames, workers=3):
            seen.append(result.seq)
            if result.seq % 100 == 50:
                with suppress(ProcessLookupError):
                    os.kill(result.meta["pid"], signal.SIGKILL)
                    kills += 1
        assert seen == list(range(3000))
        assert kills > 20

    def test_by_its_own_hand_twice_alone_gives_the_frame_up_and_keeps_it(self) -> None:
        results = list(fb.map(aborting, pictures(1, DIE, 3, 4), workers=2, on_error="return"))
        assert [int(result.image[0, 0]) for result in results if isinstance(result, Frame)] == [1, 3, 4]
        [error] = [result for result in results if isinstance(result, OpError)]
        assert "was killed by SIGABRT" in str(error)
        kept = str(error).rpartition("the frame is kept in ")[2]
        assert np.array_equal(np.load(kept), picture(DIE))

    def test_that_never_ends_gives_the_frame_up(self) -> None:
        results = list(fb.map(brightness_of, pictures(1, DIE, 3), workers=2, on_error="return"))
        assert [type(result) for result in results] == [Frame, OpError, Frame]
        assert "SIGKILL" in str(results[1])

    def test_hanging_is_ended_after_the_timeout(self) -> None:
        results = list(fb.map(brightness_of, pictures(1, HANG, 3), workers=2, on_error="return", timeout=0.3))
        assert [type(result) for result in results] == [Frame, OpError, Frame]
        assert "took longer than 0.3 s, 2 times" in str(results[1])

    def test_of_all_workers_at_the_start_is_an_error(self) -> None:
        with pytest.raises(Error, match="is not started again"):
            list(fb.map(f"{FUNCTIONS}:DiesWhenBuilt", pictures(1), workers=1))


class TestOpsThatDoOtherThings:
    def test_may_fork_and_run_programs(self) -> None:
        assert values(fb.map(forking, pictures(1, 2, 3), workers=2)) == [1, 2, 3]

    def test_may_let_a_forked_child_return_by_mistake(self) -> None:
        assert values(fb.map(returning_twice, pictures(1, 2, 3), workers=1)) == [1, 2, 3]

    def test_read_nothing_from_standard_input(self) -> None:
        def read(image: Array) -> dict[str, str]:
            return {"read": sys.stdin.read()}

        assert [frame.meta["read"] for frame in fb.map(read, pictures(1), workers=1)] == [""]

    def test_may_start_threads_that_outlive_them(self) -> None:
        def threaded(image: Array) -> Array:
            threading.Thread(target=threading.Event().wait, daemon=True).start()
            return image

        assert values(fb.map(threaded, pictures(1, 2), workers=1)) == [1, 2]

    def test_cannot_send_back_more_than_a_frame_may_have(self) -> None:
        def huge(image: Array) -> Array:
            return np.empty((300, 1_000_000), np.uint8)

        results = list(fb.map(huge, pictures(1, 2), workers=1, on_error="return"))
        assert [type(result) for result in results] == [OpError, OpError]
        assert "256" in str(results[0])

    def test_may_end_their_process_on_purpose(self) -> None:
        def leaving(image: Array) -> Array:
            if image[0, 0] == 2:
                sys.exit("enough")
            return image

        results = list(fb.map(leaving, pictures(1, 2, 3), workers=1, on_error="return"))
        assert [type(result) for result in results] == [Frame, OpError, Frame]
        assert "SystemExit: enough" in str(results[1])


class TestTheEnd:
    def test_of_the_loop_ends_the_processes(self) -> None:
        for result in fb.map(numbers, pictures(*range(5)), workers=2):
            pid = result.meta["pid"]
            break
        assert not psutil.pid_exists(pid)

    def test_by_close_does_not_wait_for_work_that_hangs(self) -> None:
        results = fb.map(brightness_of, pictures(1, HANG, HANG), workers=1)
        assert next(results).meta["value"] == 1
        results.close()
        assert not [child for child in psutil.Process().children() if "worker.py" in " ".join(child.cmdline())]


class TestSources:
    def test_are_acknowledged_once_the_result_was_taken(self, tmp_path: Path) -> None:
        """Whoever dies between has not lost a frame: the group gets it again."""
        address = f"ipc://{tmp_path}/s"
        with fb.publish(address, wait_for=["work"]) as out, fb.open(address, group="work") as source:
            sending = threading.Thread(target=lambda: [out.send(picture(value)) for value in range(6)])
            sending.start()
            results = fb.map(brighter, source, workers=2)
            assert [int(next(results).image[0, 0]) for _ in range(3)] == [1, 2, 3]
            results.close()
            sending.join()
            while out.stats().readers[0].owed > 4:
                threading.Event().wait(0.005)  # acknowledgements travel in their own time
            assert out.stats().readers[0].owed == 4, "two were asked past; the third is being looked at"
            out.abandon()

    def test_that_are_live_keep_all_workers_busy(self, tmp_path: Path) -> None:
        with (
            fb.open("synthetic:", fps=200, size="64x48") as source,
            closing(fb.map(f"{FUNCTIONS}:Gathering={tmp_path},3", source, workers=3)) as results,
        ):
            assert next(results).meta["together"] == 3

    def test_of_packets_are_refused(self) -> None:
        packet = Packet(data=memoryview(b"x"), codec="h264", key=True, pts=0, dts=0, stream="cam", run=7)
        with pytest.raises(OpError, match="packets of cam"):
            next(fb.map(brighter, [packet], workers=1))  # type: ignore[list-item]


def forking(image: Array) -> Array:
    """Starts processes of its own."""
    if (pid := os.fork()) == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    subprocess.run([sys.executable, "-c", "print('from a program')"], check=True)
    return image


def returning_twice(image: Array) -> Array:
    """A child that goes on as if it were the worker."""
    if pid := os.fork():
        os.waitpid(pid, 0)
    return image


def brightness_of(image: Array) -> dict[str, int]:
    """As `brightness` does."""
    return {"value": brightness(image)}


def test_the_other_way_round_is_told_and_reads_nothing() -> None:
    with fb.open("synthetic:") as source:
        for wrong in (source, [1, 2], {"gray": 1}, iter(["gray"])):
            with pytest.raises(OptionError, match=r"map takes the function first, then the frames, as in fb\.map"):
                list(fb.map(wrong, lambda image: image))  # type: ignore[call-overload]


def test_an_address_is_to_be_opened_first() -> None:
    with pytest.raises(OptionError, match=r"'clip.mp4' is an address, .* give fb.open\('clip.mp4'\)"):
        list(fb.map(lambda image: image, "clip.mp4"))  # type: ignore[arg-type]


def test_a_stack_in_place_of_the_function_is_not_printed() -> None:
    with pytest.raises(OptionError, match=r"got numpy\.ndarray first$"):
        list(fb.map(np.zeros((2, 4, 4)), lambda image: image))  # type: ignore[call-overload]
