"""What a viewer is owed: bounded, newest first, coded video only from a key frame on."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framebus.web.outbox import CODED_BYTES, CODED_WAITING, CodedLane, NewestLane, Outbox
from framebus.web.page_messages import BEGIN, CODED, JPEG, Picture, unpack


def jpeg(name: str) -> Picture:
    return Picture(kind=JPEG, data=name.encode())


def unit(number: int, *, key: bool = False, size: int = 1) -> Picture:
    return Picture(kind=CODED, data=str(number).encode().ljust(size), key=key)


BEGINNING = Picture(kind=BEGIN, meta=b"{}")


def sent(lane: NewestLane | CodedLane) -> list[bytes]:
    names = []
    while (message := lane.message(1)) is not None:
        names.append(unpack(message)[0].data.strip())
    return names


def test_of_whole_pictures_only_the_newest_waits() -> None:
    lane = NewestLane(window=1)
    lane.offer(jpeg("one"))
    assert sent(lane) == [b"one"]
    for name in ("two", "three", "four"):
        lane.offer(jpeg(name))
    assert lane.waiting == 1
    assert sent(lane) == []
    lane.acknowledge(1)
    assert sent(lane) == [b"four"]
    assert lane.left_out == 2


def test_the_page_is_told_how_many_were_left_out() -> None:
    lane = NewestLane(window=1)
    for name in ("one", "two", "three"):
        lane.offer(jpeg(name))
    message = lane.message(7)
    assert message is not None
    picture, tile, number, left_out = unpack(message)
    assert (picture.data, tile, number, left_out) == (b"three", 7, 1, 2)


def test_acknowledging_more_than_was_sent_gives_no_credit() -> None:
    lane = NewestLane(window=1)
    lane.acknowledge(1000)
    lane.offer(jpeg("one"))
    assert sent(lane) == [b"one"]
    lane.offer(jpeg("two"))
    assert sent(lane) == []


def test_coded_video_begins_with_a_key_frame() -> None:
    lane = CodedLane()
    lane.offer(BEGINNING)
    for number in range(3):
        lane.offer(unit(number))
    lane.offer(unit(3, key=True))
    lane.offer(unit(4))
    assert sent(lane) == [b"", b"3", b"4"]


def test_history_is_sent_at_once_and_whole() -> None:
    lane = CodedLane(window=1000)
    lane.fill([BEGINNING, unit(0, key=True), *(unit(number) for number in range(1, 400))])
    assert len(sent(lane)) == 401


def test_who_falls_behind_goes_on_with_the_next_key_frame() -> None:
    lane = CodedLane(window=1)
    lane.offer(unit(0, key=True))
    assert sent(lane) == [b"0"]
    for number in range(1, CODED_WAITING + 3):
        lane.offer(unit(number))
    assert lane.waiting == 0
    lane.offer(unit(500, key=True))
    lane.acknowledge(1)
    assert sent(lane) == [b"500"]
    assert lane.left_out == CODED_WAITING + 2


def test_what_a_decoder_needs_to_begin_is_never_left_out() -> None:
    lane = CodedLane(window=0)
    lane.offer(BEGINNING)
    lane.offer(unit(0, key=True, size=CODED_BYTES))
    lane.offer(unit(1, size=1000))
    lane.offer(unit(2))
    lane.offer(unit(3, key=True))
    lane._window = 10
    assert sent(lane) == [b"", b"3"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("kdps"), st.integers(1, 200_000)), max_size=400))
def test_a_lane_never_grows_and_never_starts_with_what_cannot_be_decoded(steps: list[tuple[str, int]]) -> None:
    """k: a key frame comes, d: another picture, p: one is sent, s: the page acknowledges."""
    lane = CodedLane(window=5)
    decodable = False
    for number, (step, size) in enumerate(steps):
        if step in "kd":
            lane.offer(unit(number, key=step == "k", size=size))
        elif step == "s":
            lane.acknowledge(lane.sent)
        elif (message := lane.message(1)) is not None:
            picture, _, _, left_out = unpack(message)
            decodable = picture.key or (decodable and not left_out)
            assert decodable
        assert lane.waiting <= CODED_WAITING
        assert sum(picture.nbytes for picture in lane._queue) <= CODED_BYTES + 200_000 + 100
        assert lane.sent - lane.seen <= 5


def test_every_tile_gets_its_turn() -> None:
    box = Outbox()
    lanes = {tile: NewestLane() for tile in (1, 2, 3)}
    for tile, lane in lanes.items():
        box.put(tile, lane)
        lane.offer(jpeg(str(tile)))
    lanes[1].offer(jpeg("1 again"))
    tiles = [unpack(message)[1] for message in iter(box.message, None)]
    assert sorted(tiles) == [1, 2, 3]


def test_a_tile_shown_anew_goes_on_counting() -> None:
    box = Outbox()
    first = NewestLane()
    box.put(1, first)
    first.offer(jpeg("old"))
    assert box.message() is not None
    second = NewestLane()
    box.put(1, second)
    second.offer(jpeg("new"))
    message = box.message()
    assert message is not None
    assert unpack(message)[2] == 2
    box.drop(1)
    assert box.message() is None
    box.drop(1)


@pytest.mark.parametrize("lane", [NewestLane(), CodedLane()])
def test_nothing_is_sent_where_there_is_nothing(lane: NewestLane | CodedLane) -> None:
    assert lane.message(1) is None
