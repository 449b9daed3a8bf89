"""What a recording lacks and why: lost on the way to it, or to one of its files; or not wanted."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import framebus as fb
from framebus.core.contracts import Item
from framebus.core.frame import Frame, Packet
from framebus.record import clips
from framebus.record.inspecting import inspect
from framebus.record.recorded import Recorded
from framebus.testing import clip, samples
from framebus.verbs.opened import MadeSource
from tests.record import films, runs
from tests.record.runs import lossy, played, record, told
from tests.verbs.makers import Listed
from tests.waiting import until

EVERY = ("h5", "tif", "zarr", "mp4", "mkv")


@pytest.fixture(params=EVERY)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A recording that is not there yet."""
    return tmp_path / f"run.{request.param}"


def found(path: Path) -> Recorded:
    (stream,) = inspect(str(path)).streams
    return stream


# from a slow recorder to a reader of the recording ---------------------------------------------------------------


def test_what_a_slow_recorder_lost_is_lost_for_whoever_reads_the_recording(path: Path) -> None:
    name, sent, original = "shm://slow", 12, samples(1)[0].data
    with fb.open(name, keep="latest") as camera, fb.publish(str(path)) as recorder:
        with fb.publish(name, wait_for=1) as out:
            out.send(original)
            taken: list[Frame] = [camera.read()]
            for _ in range(sent - 1):  # while the recorder is busy with the first
                out.send(original)
            while taken[-1].seq < sent - 1:
                taken.append(camera.read())
        for frame in taken:
            recorder.send(frame)
    assert sum(frame.missed + 1 for frame in taken) == sent > len(taken)
    assert told(played(path)) == told(taken)
    with fb.open(str(path)) as replay:
        assert told(frame for frame in replay if isinstance(frame, Frame)) == told(taken)
        assert replay.stats().missed == sent - len(taken)
    assert (found(path).lost, found(path).left_out) == (sent - len(taken), 0)
    assert sum(frame.missed + 1 for frame in _relayed(path, f"{name}-again")) == sent, "by a link, too"


def test_what_was_lost_while_the_recorder_was_away_is_lost_in_the_file_it_goes_on_with(path: Path) -> None:
    image = np.zeros((100, 1000), np.uint8)
    with fb.publish("shm://away", retain="1MB", when_full="skip") as out:
        with _recording(path, 3):
            until(lambda: out.stats().readers)
            for _ in range(3):
                out.send(image)
        for _ in range(40):
            out.send(image)
        with _recording(path, 10):
            pass
    assert told(played(path.with_name(f"run*{path.suffix}"))) == [
        *((0, 0), (1, 0), (2, 0), (33, 30)),
        *((seq, 0) for seq in range(34, 43)),
    ]


@contextmanager
def _recording(path: Path, frames: int) -> Iterator[None]:
    """So many frames, in a thread."""
    recorder = threading.Thread(target=partial(fb.pipe, "shm://away", str(path), frames=frames))
    recorder.start()
    yield
    recorder.join()


def _relayed(path: Path, name: str) -> list[Frame]:
    """What a reader gets of the recording through a link."""
    relay = threading.Thread(target=fb.pipe, args=(str(path), name))
    relay.start()
    with fb.open(name, keep="all") as reader:
        frames = [frame for frame in reader if isinstance(frame, Frame)]
    relay.join()
    return frames


def test_what_max_fps_left_out_is_told_from_what_was_lost(path: Path) -> None:
    frames = [frame.replace(captured_ns=10**18 + frame.seq * 10**8) for frame in lossy([0, 0, 0, 3, 0, 0, 0, 0, 0])]
    recorder = runs.sink(path)
    items: list[Item] = [*frames]
    with MadeSource(Listed(items), max_fps=5) as source:
        for item in source:
            recorder.write(item, lambda: None)
        assert source.stats().missed == 3, "also where the frame that told was not wanted itself"
    recorder.close()
    assert told(played(path)) == [(0, 0), (2, 0), (6, 3), (8, 0), (10, 0)]
    assert (found(path).lost, found(path).left_out) == (3, 3)


# parts of a recording -------------------------------------------------------------------------------------------


def test_what_is_passed_over_on_purpose_is_not_missed(path: Path) -> None:
    frames = lossy([0, 2, 0, 0, 1, 0, 4, 0])
    record(path, frames)
    assert told(played(path, start="#2")) == told(frames[2:]), "what was lost before it has nothing to do with it"
    assert told(played(path, start="#4", stop="#6")) == told(frames[4:6])
    with fb.open(str(path), start="#2", stop="#4") as part:
        assert [frame.missed for frame in part] == [0, 0]
        assert part.stats().missed == 0


@pytest.mark.parametrize("extension", EVERY)
def test_the_first_frame_of_another_file_missed_what_was_lost_before_it(tmp_path: Path, extension: str) -> None:
    frames = [
        frame.replace(captured_ns=1_750_032_000 * 10**9 + at * 40 * 10**9)
        for at, frame in enumerate(lossy([0, 1, 5, 0, 0, 0, 2, 0]))
    ]
    record(tmp_path / f"{{stream}}-{{time}}.{extension}", frames, rotate="1min")
    files = sorted(tmp_path.iterdir())
    assert [told(played(file)) for file in files] == [
        told(frames[begin:end]) for begin, end in ((0, 2), (2, 3), (3, 5), (5, 6), (6, 8))
    ]
    assert [(found(file).lost, found(file).left_out) for file in files] == [(1, 0), (5, 0), (0, 0), (0, 0), (2, 0)]
    assert told(played(tmp_path / f"*.{extension}")) == told(frames)


def _around(path: Path, *events: int, missed: Sequence[int]) -> list[list[tuple[int, int]]]:
    """What clips around the frames `events` tell, of frames ten a second."""
    frames = [frame.replace(captured_ns=10**18 + at * 10**8, meta={"at": at}) for at, frame in enumerate(lossy(missed))]

    def happens(frame: Frame) -> bool:
        return frame.meta["at"] in events

    record(path, frames, around=happens, before="300ms", after="100ms")
    files = sorted(path.parent.iterdir(), key=lambda file: (len(file.name), file.name))
    return [told(played(file)) for file in files]


def test_a_clip_missed_what_was_lost_and_not_what_nobody_wanted(path: Path) -> None:
    missed = [0] * 30
    missed[4], missed[11], missed[25] = 7, 2, 1
    first, second = _around(path, 10, 25, missed=missed)
    assert first == [(14, 0), (15, 0), (16, 0), (17, 0), (20, 2)]
    assert second == [(31, 0), (32, 0), (33, 0), (35, 1), (36, 0)]


@pytest.mark.parametrize("room", [0, 2])
def test_what_a_clip_lacks_as_memory_was_full_it_missed(path: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    monkeypatch.setattr(clips, "MAX_BYTES", room * samples(1)[0].nbytes)
    missed = [0] * 20
    missed[2], missed[7] = 9, 4
    (only,) = _around(path, 8, missed=missed)
    expected = [(15, 1), (20, 4), (21, 0), (22, 0)] if room else [(21, 7), (22, 0)]
    assert only == expected


def test_packets_that_no_file_could_begin_with_are_missed_by_the_next(tmp_path: Path) -> None:
    first = list(films.packets(clip(tmp_path / "one.mp4", 6, "160x120")))
    second = list(films.packets(clip(tmp_path / "two.mp4", 6, "160x120")))
    assert [packet.key for packet in first] == [True, *[False] * 5]
    begins: list[Packet] = [packet.replace(seq=3 + packet.seq) for packet in first[:2]]
    waits = [packet.replace(seq=5 + n, codec="h265", missed=n) for n, packet in enumerate(first[3:5])]
    goes_on = [packet.replace(seq=9 + packet.seq) for packet in second[:2]]
    early = [first[4].replace(seq=1), first[5].replace(seq=2)]
    films.record(tmp_path / "cam.mp4", [*early, *begins, *waits, *goes_on])
    files = [tmp_path / "cam.mp4", tmp_path / "cam@2.mp4"]
    assert [told(played(file)) for file in files] == [[(3, 0), (4, 0)], [(9, 3), (10, 0)]]


def test_frames_that_belong_together_keep_what_was_lost(tmp_path: Path) -> None:
    given_ = {name: lossy(missed, name) for name, missed in (("left", [0, 1, 0, 0]), ("right", [0, 0, 0, 1]))}
    for name, frames in given_.items():
        record(tmp_path / f"{name}.h5", frames)
    together = list(fb.align(*(str(tmp_path / f"{name}.h5") for name in given_), within="100ms"))
    assert {name: told(one[name] for one in together if name in one) for name in given_} == {
        name: told(frames) for name, frames in given_.items()
    }
