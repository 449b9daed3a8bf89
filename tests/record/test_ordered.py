"""Several threads prepare, one finishes, in order."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest

from framebus.sinks.ordered import Ordered


def test_what_is_finished_is_in_order_however_long_it_takes_to_prepare() -> None:
    later = threading.Event()
    finished: list[tuple[int, int]] = []

    def prepare(number: int) -> int:
        if number == 0:
            later.wait(20)  # the others are ready long before
        elif number == 3:
            later.set()
        return number * number

    ordered = Ordered(prepare, lambda number, made: finished.append((number, made)), workers=4)
    for number in range(20):
        ordered.put(number)
    ordered.close()
    assert finished == [(number, number * number) for number in range(20)]


def test_nothing_is_finished_after_what_went_wrong() -> None:
    finished: list[int] = []

    def finish(number: int, made: int) -> None:
        if number == 3:
            raise ValueError("three")
        finished.append(number)

    ordered = Ordered(lambda number: number, finish, workers=8)

    def everything() -> None:
        for number in range(10):
            ordered.put(number)
        ordered.close()

    with pytest.raises(ValueError, match="three"):
        everything()
    with pytest.raises(ValueError, match="three"):
        ordered.put(10)
    with suppress(ValueError):
        ordered.close()
    assert finished == [0, 1, 2]


def test_no_more_than_there_is_room_for_is_inside() -> None:
    go, inside, most = threading.Event(), threading.Semaphore(0), 4

    def prepare(number: int) -> int:
        inside.release()
        go.wait(20)
        return number

    ordered = Ordered(prepare, lambda number, made: None, workers=most // 2)

    def put() -> None:
        for number in range(9):
            ordered.put(number)

    putting = threading.Thread(target=put)
    putting.start()
    assert inside.acquire(timeout=20)
    assert ordered._begun.qsize() <= most
    go.set()
    putting.join(20)
    ordered.close()
