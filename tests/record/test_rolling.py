"""Files that follow each other: when a new one begins, what it is called, and which go when there are too many."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.addresses import Path as Place
from framebus.core.errors import AddressError, BadFrame, OptionError, Unavailable
from framebus.core.frame import Frame
from framebus.record import hdf5, tidying, video
from framebus.record.pruning import Retention
from framebus.record.recording_names import Found, Naming
from framebus.testing import clip, samples
from tests.record import films, runs
from tests.record.films import packets

MINUTE_NS = 60 * 10**9
NOON_NS = 1_750_032_000 * 10**9


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Names are in local time."""
    import time

    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def minutely(count: int, stream: str = "yard", *, each_s: float = 20, begin_ns: int = NOON_NS) -> list[Frame]:
    """Frames `each_s` seconds apart."""
    return [
        frame.replace(captured_ns=begin_ns + round(frame.seq * each_s * 1e9)) for frame in samples(count, stream=stream)
    ]


# when a new file begins -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "extension"), [(films, "mp4"), (films, "mkv"), (runs, "h5")])
def test_a_new_file_begins_when_the_clock_says(tmp_path: Path, kind: Any, extension: str) -> None:
    late = minutely(9, begin_ns=NOON_NS - 30 * 10**9)
    kind.record(f"{tmp_path}/{{stream}}/{{date}}/{{time}}.{extension}", late, rotate="1min")
    assert tree(tmp_path) == [
        *(f"yard/2025-06-15/{time}.{extension}" for time in ("23-59-30",)),
        *(f"yard/2025-06-16/{time}.{extension}" for time in ("00-00-10", "00-01-10", "00-02-10")),
    ]


def test_nothing_is_lost_between_two_files(tmp_path: Path) -> None:
    frames = minutely(12)
    assert films.record(tmp_path / "a.mp4", frames, rotate="1min") == list(range(12))
    assert films.numbers(tmp_path) == [
        ("a.mp4", [0, 1, 2]),
        ("a@2.mp4", [3, 4, 5]),
        ("a@3.mp4", [6, 7, 8]),
        ("a@4.mp4", [9, 10, 11]),
    ]
    source = videos_source(tmp_path / "*.mp4")
    assert [(frame.seq, frame.captured_ns) for frame in source] == [(f.seq, f.captured_ns) for f in frames]
    source.close()


def test_or_when_it_is_so_large(tmp_path: Path) -> None:
    frame_bytes = samples(1)[0].nbytes
    runs.record(tmp_path / "run.h5", samples(20), rotate=f"{5 * frame_bytes}B")
    files = sorted(tmp_path.iterdir())
    assert len(files) > 2
    seen = [seq for file in files for _, seq in runs.numbers(file)]
    assert sorted(seen) == list(range(20))


def test_coded_video_waits_for_its_next_key_frame(tmp_path: Path) -> None:
    film = clip(tmp_path / "film.mp4", 30, "160x120")
    coded = [p.replace(captured_ns=NOON_NS + p.seq * 4 * 10**9, key=p.key) for p in packets(film)]
    again = [p.replace(seq=30 + p.seq, captured_ns=p.captured_ns + 2 * MINUTE_NS) for p in coded]
    films.record(tmp_path / "out" / "a.mp4", [*coded, *again], rotate="1min")
    first, *others = films.numbers(tmp_path / "out")
    keys = {p.seq for p in (*coded, *again) if p.key}
    assert {numbers[0] for _, numbers in (first, *others)} <= keys
    assert [n for _, numbers in (first, *others) for n in numbers] == list(range(60))
    assert len(others) == 1, "the first film has one key frame only"


def test_a_clock_that_jumps_begins_files_and_loses_nothing(tmp_path: Path) -> None:
    frames = [
        frame.replace(captured_ns=NOON_NS + minute * MINUTE_NS)
        for frame, minute in zip(samples(6), [0, 50, 50, -30, -30, 0], strict=True)
    ]
    films.record(tmp_path / "{time}.mp4", frames, rotate="10min")
    assert sorted(n for _, numbers in films.numbers(tmp_path) for n in numbers) == list(range(6))
    assert films.numbers(tmp_path)[1] == ("00-00-00@2.mp4", [5]), "what is there is not written over"


def test_a_day_of_ten_minutes_each(tmp_path: Path) -> None:
    runs.record(f"{tmp_path}/{{date}}/{{time}}.h5", minutely(24 * 6, each_s=600), rotate="10min", max_age="30d")
    assert len(tree(tmp_path)) == 24 * 6


# which go -------------------------------------------------------------------------------------------------------


def test_the_oldest_go_when_all_together_are_too_large(tmp_path: Path) -> None:
    size = _size_of_one(tmp_path / "one")
    runs.record(tmp_path / "out" / "{time}.h5", minutely(6, each_s=60), rotate="1min", max_size=3 * size)
    assert tree(tmp_path / "out") == ["00-03-00.h5", "00-04-00.h5", "00-05-00.h5"]


def test_the_oldest_go_when_there_are_too_many(tmp_path: Path) -> None:
    for stream in ("door", "yard"):
        frames = [frame.replace(stream=stream) for frame in minutely(3, each_s=60)]
        runs.record(tmp_path / "{stream}" / "{time}.h5", frames, rotate="1min", max_files=4)
    assert tree(tmp_path) == ["door/00-02-00.h5", *(f"yard/00-0{minute}-00.h5" for minute in range(3))]
    runs.record(tmp_path / "{stream}" / "{time}.h5", minutely(5, each_s=60)[4:], rotate="1min", max_files=1)
    assert [name.rpartition("/")[2] for name in tree(tmp_path)] == ["00-04-00.h5"]


def test_those_that_are_too_old_go(tmp_path: Path) -> None:
    runs.record(tmp_path / "{time}.h5", minutely(3, each_s=60), rotate="1min")
    for name in ("00-00-00.h5", "00-01-00.h5"):
        os.utime(tmp_path / name, (1e9, 1e9))
    runs.record(tmp_path / "{time}.h5", minutely(5, each_s=60)[4:], rotate="1min", max_age="1d")
    assert tree(tmp_path) == ["00-02-00.h5", "00-04-00.h5"]


def test_nothing_goes_that_was_not_recorded_here(tmp_path: Path) -> None:
    for name in ("00-00-00.h5", "00-00-00.txt", "holiday.h5"):
        (tmp_path / name).write_text("precious")
        os.utime(tmp_path / name, (1e9, 1e9))
    runs.record(tmp_path / "{time}.h5", minutely(6, each_s=60)[3:], rotate="1min", max_age="1d", max_size=1)
    assert {"00-00-00.h5", "00-00-00.txt", "holiday.h5"} <= set(tree(tmp_path))


def test_folders_that_become_empty_go_too(tmp_path: Path) -> None:
    runs.record(f"{tmp_path}/{{date}}/{{time}}.h5", minutely(3, each_s=86_400), rotate="1h", max_size=1)
    assert tree(tmp_path) == ["2025-06-18/00-00-00.h5"]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_reserve_of_the_disk_stays_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = iter([10**9] * 8)
    monkeypatch.setattr(tidying, "free", lambda path: next(free, 10**6))
    with pytest.raises(
        Unavailable, match=r"[\d,]+ bytes are needed and 1,000,000 are free, of which 100,000,000 are kept free"
    ):
        runs.record(tmp_path / "run.h5", samples(30), reserve="100MB")
    assert 0 < len(runs.played(tmp_path / "run.h5")) < 30, "what was written is kept"


def test_the_oldest_go_for_the_reserve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = lambda path: 10**9 - sum(file.stat().st_size for file in tmp_path.rglob("*.h5")) * 1000  # noqa: E731
    size = _size_of_one(tmp_path)
    monkeypatch.setattr(tidying, "free", taken)
    reserve = 10**9 - 3 * size * 1000
    runs.record(tmp_path / "{time}.h5", minutely(9, each_s=60), rotate="1min", reserve=reserve)
    assert 1 <= len(tree(tmp_path)) <= 3


@given(
    st.lists(st.integers(1, 100), max_size=12),
    st.none() | st.integers(0, 300),
    st.none() | st.integers(1, 14),
    st.integers(0, 300),
    st.integers(0, 300),
)
def test_no_more_goes_than_has_to(
    sizes: list[int], most: int | None, many: int | None, reserve: int, free: int
) -> None:
    files = [Found(index, 1, str(index), size) for index, size in enumerate(sizes)]
    gone = list(Retention(None, most, reserve, many).superfluous(files, (), 0, free))
    assert gone == files[: len(gone)], "the oldest first"
    total, left = sum(sizes), free
    for number, file in enumerate(gone):
        assert (most is not None and total > most) or left < reserve or (many and len(files) - number > many)
        total, left = total - file.nbytes, left + file.nbytes
    if len(gone) < len(files):
        assert many is None or len(files) - len(gone) <= many
        assert most is None or total <= most
        assert left >= reserve


def test_what_is_written_now_never_goes() -> None:
    files = [Found(1, 1, "old", 10), Found(2, 1, "open", 10)]
    assert [file.path for file in Retention(1, 0, 10**9, 1).superfluous(files, ["open"], 10**12, 0)] == ["old"]


# names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["{seq}.h5", "{name}.h5", "{camera}.h5", "{stream.h5", "{stream}/../x.h5", "{date}}.h5"]
)
def test_names_that_are_none(text: str) -> None:
    with pytest.raises(AddressError):
        Naming(text)


@pytest.mark.parametrize("stream", ["../../etc", "a/b", "..", "", "x" * 65, "a\nb"])
def test_hostile_streams_lead_nowhere(tmp_path: Path, stream: str) -> None:
    with pytest.raises(BadFrame, match="cannot be part of a file name"):
        Naming(f"{tmp_path}/{{stream}}.h5").path(stream, 0)


def test_a_stream_called_like_the_second_file_of_another_is_kept_apart(tmp_path: Path) -> None:
    for stream in ("yard", "yard-2"):
        for frames in (samples(2, stream=stream), samples(4, stream=stream)[2:]):
            films.record(tmp_path / "{stream}.mp4", frames)
    assert films.numbers(tmp_path) == [
        ("yard-2.mp4", [0, 1]),
        ("yard-2@2.mp4", [2, 3]),
        ("yard.mp4", [0, 1]),
        ("yard@2.mp4", [2, 3]),
    ]


def test_the_group_is_known_by_the_name_of_the_file_or_folder(tmp_path: Path) -> None:
    for name, base in (("run.h5", "run.h5."), ("days/{date}/{time}.h5", "days.")):
        sink = hdf5.open_sink(Place(f"{tmp_path}/{name}"))
        assert sink.group is not None
        assert sink.group.startswith(base)
        sink.close()


def test_old_files_go_only_where_new_ones_begin(tmp_path: Path) -> None:
    for name in ("max_age", "max_size", "max_files"):
        with pytest.raises(OptionError, match=f"{name}.*--rotate"):
            video.open_sink(Place(f"{tmp_path}/a.mp4"), **{name: "1"})  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="larger than max_size"):
        video.open_sink(Place(f"{tmp_path}/a.mp4"), rotate="2GB", max_size="1GB")


# clips ----------------------------------------------------------------------------------------------------------


def around(tmp_path: Path, happens: Callable[[Frame], bool], **options: Any) -> list[tuple[str, list[int]]]:
    """What is recorded of 100 frames, ten a second."""
    frames = minutely(100, each_s=0.1)

    def test(frame: Frame) -> bool:
        return happens(frame)

    assert films.record(tmp_path / "a.mp4", frames, around=test, **options) == list(range(100)), "nobody waits"
    return films.numbers(tmp_path)


def test_clips_begin_before_and_end_after_what_happens(tmp_path: Path) -> None:
    clips = around(tmp_path, lambda frame: frame.seq in (30, 32, 70), before="1s", after="500ms")
    assert clips == [("a.mp4", list(range(20, 38))), ("a@2.mp4", list(range(60, 76)))]


def test_nothing_happens_nothing_is_recorded(tmp_path: Path) -> None:
    assert around(tmp_path, lambda frame: False) == []


def test_what_happens_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "event.py").write_text("def bright(image):\n    return image.mean() > 1000\n")
    assert films.record(tmp_path / "a.mp4", samples(5), around=f"{tmp_path}/event.py:bright") == list(range(5))
    assert films.numbers(tmp_path) == []


# helpers of these tests ------------------------------------------------------------------------------------------


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def videos_source(path: Path) -> Any:
    from framebus.sources.video.video import open_source

    return open_source(Place(str(path)))


def _size_of_one(folder: Path) -> int:
    runs.record(folder / "size.h5", samples(1))
    size = (folder / "size.h5").stat().st_size
    (folder / "size.h5").unlink()
    return size
