"""Messages wait in the outbox and are carried in order; pictures make room for events."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from framebus.compat.imagenode.courier import Courier
from framebus.compat.imagenode.hubs import Hubs
from framebus.compat.imagenode.node_messages import Message, event, picture
from framebus.compat.imagenode.unsent import Outbox
from tests.compat.imagenode.fakes import Network

HUB = "tcp://one:5555"


def shot(number: int) -> Message:
    return picture(f"cam{number}", np.full((8, 8), number, np.uint8), "jpg", 95)


def taken(outbox: Outbox) -> list[str]:
    found = []
    while (message := outbox.take(0)) is not None:
        found.append(message.text.partition("|")[0])
    return found


# the outbox --------------------------------------------------------------------------------------------


def test_messages_come_out_in_order() -> None:
    outbox = Outbox(5)
    for number in range(3):
        outbox.put(shot(number))
    assert taken(outbox) == ["cam0", "cam1", "cam2"]


def test_a_full_outbox_drops_its_oldest_picture_and_keeps_events() -> None:
    outbox = Outbox(3)
    outbox.put(event("door", "motion", "moving"))
    for number in range(5):
        outbox.put(shot(number))
    assert taken(outbox) == ["door", "cam3", "cam4"]
    assert outbox.dropped == 3


def test_of_events_alone_the_oldest_goes() -> None:
    outbox = Outbox(2)
    for name in ("one", "two", "three"):
        outbox.put(event(name, "motion", "moving"))
    assert taken(outbox) == ["two", "three"]


def test_who_waits_for_room_gets_it() -> None:
    outbox = Outbox(1)
    outbox.put(shot(0))
    waiting = threading.Thread(target=outbox.put, args=(shot(1),), kwargs={"wait": True})
    waiting.start()
    assert outbox.take(10) is not None
    waiting.join(10)
    assert taken(outbox) == ["cam1"]
    assert outbox.dropped == 0


def test_closing_wakes_who_waits_and_takes_nothing_more() -> None:
    outbox = Outbox(1)
    outbox.put(shot(0))
    waiting = threading.Thread(target=outbox.put, args=(shot(1),), kwargs={"wait": True})
    waiting.start()
    outbox.close()
    waiting.join(10)
    outbox.put(shot(2))
    assert not outbox.finished
    assert taken(outbox) == ["cam0"]
    assert outbox.finished


# the courier -------------------------------------------------------------------------------------------

Start = Callable[..., Courier]


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def network() -> Network:
    return Network(HUB)


@pytest.fixture
def outbox() -> Outbox:
    return Outbox(50)


@pytest.fixture
def start(network: Network, outbox: Outbox) -> Iterator[Start]:
    started: list[Courier] = []

    def begin(**options: float | Callable[[], float]) -> Courier:
        courier = Courier(outbox, Hubs([HUB], network.connect), node="Barn", pause_s=0, **options)  # type: ignore[arg-type]
        started.append(courier)
        courier.start()
        return courier

    yield begin
    for courier in started:
        outbox.close()
        courier.leave()
        assert courier.wait(10)


def test_everything_is_carried_before_it_ends(start: Start, network: Network, outbox: Outbox) -> None:
    for number in range(5):
        outbox.put(shot(number))
    courier = start()
    outbox.close()
    assert courier.wait(10)
    assert network.texts() == [f"cam{number}|jpg" for number in range(5)]
    assert courier.sent == 5
    assert network.open == 0


def test_a_message_is_tried_until_a_hub_takes_it(start: Start, network: Network, outbox: Outbox) -> None:
    network.answering.clear()
    outbox.put(event("Barn", "motion", "moving"))
    start()
    network.wait_asked(3)
    network.answering.add(HUB)
    network.wait_for("Barn|motion|moving")
    assert network.texts() == ["Barn|motion|moving"]


def test_leaving_gives_up_what_nobody_takes(start: Start, network: Network, outbox: Outbox) -> None:
    network.answering.clear()
    outbox.put(event("Barn", "motion", "moving"))
    courier = start()
    network.wait_asked(1)
    outbox.close()
    courier.leave()
    assert courier.wait(10)
    assert courier.sent == 0


def test_a_picture_that_cannot_be_sent_stops_nothing(start: Start, network: Network, outbox: Outbox) -> None:
    outbox.put(Message("odd|jpg", np.zeros((2, 2))))
    outbox.put(shot(1))
    start()
    network.wait_for("cam1|jpg")
    assert network.texts() == ["cam1|jpg"]


def test_heartbeats_come_in_time_whatever_else_is_sent(start: Start, network: Network, outbox: Outbox) -> None:
    clock = Clock()
    start(heartbeat_s=600.0, monotonic_s=clock)
    outbox.put(shot(0))
    network.wait_for("cam0|jpg")
    clock.now_s = 600
    outbox.put(shot(1))
    network.wait_for("Barn|Heartbeat")
    outbox.put(shot(2))
    network.wait_for("cam2|jpg")
    assert network.texts() == ["cam0|jpg", "cam1|jpg", "Barn|Heartbeat", "cam2|jpg"]


def test_a_heartbeat_comes_by_itself(start: Start, network: Network) -> None:
    start(heartbeat_s=0.01)
    network.wait_for("Barn|Heartbeat")
