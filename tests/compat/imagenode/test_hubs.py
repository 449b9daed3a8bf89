"""The first hub that answers gets the message; the order of the list is the order of preference."""

from __future__ import annotations

import socket

import numpy as np
import pytest

from framebus.compat.imagenode.hubs import RETURN_AFTER_S, Hubs, listening
from framebus.compat.imagenode.node_messages import Message, event
from framebus.core.errors import BadFrame
from tests.compat.imagenode.fakes import Network

H1, H2, H3 = "tcp://one:5555", "tcp://two:5555", "tcp://three:5555"


class Desk:
    """Three hubs and a clock."""

    def __init__(self, *answering: str, raw: bool = False) -> None:
        self.network = Network(*answering)
        self.now_s = 0.0
        self.hubs = Hubs(
            [H1, H2, H3],
            self.network.connect,
            raw=raw,
            takes_connections=lambda address: address in self.network.answering,
            monotonic_s=lambda: self.now_s,
        )

    def send(self, text: str = "Barn|motion|moving") -> bool:
        self.network.asked.clear()
        return self.hubs.send(Message(text))


def test_the_first_hub_gets_everything_while_it_answers() -> None:
    desk = Desk(H1, H2)
    assert desk.send()
    assert desk.send()
    assert desk.network.texts(H1) == ["Barn|motion|moving"] * 2


def test_a_dead_first_hub_is_asked_once_and_the_second_stays() -> None:
    desk = Desk(H2, H3)
    assert desk.send()
    assert desk.network.asked == [H1, H2]
    assert desk.send()
    assert desk.network.asked == [H2]


def test_the_message_nobody_answered_goes_to_the_first_that_does() -> None:
    desk = Desk(H1)
    desk.send("one")
    desk.network.answering = {H3}
    assert desk.send("two")
    assert desk.network.asked == [H1, H2, H3]
    assert desk.network.texts(H3) == ["two"]


def test_where_the_second_goes_the_first_is_asked_again() -> None:
    desk = Desk(H2)
    desk.send()
    desk.network.answering = {H1, H3}
    assert desk.send()
    assert desk.network.asked == [H2, H1]


def test_nobody_there_is_no_success() -> None:
    desk = Desk()
    assert not desk.send()
    assert desk.network.asked == [H1, H2, H3]


def test_an_earlier_hub_that_is_back_is_returned_to_within_a_minute() -> None:
    desk = Desk(H3)
    desk.send()
    desk.network.answering = {H2, H3}
    desk.send()
    assert desk.network.asked == [H3]
    desk.now_s += RETURN_AFTER_S
    desk.send()
    assert desk.network.asked == [H2]
    assert desk.hubs.current == H2


def test_while_earlier_hubs_stay_away_nobody_waits_for_them() -> None:
    desk = Desk(H3)
    desk.send()
    desk.now_s += RETURN_AFTER_S
    assert desk.send()
    assert desk.network.asked == [H3]


def test_it_is_said_once_who_does_not_answer_and_who_does(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    desk.send()
    desk.send()
    desk.network.answering = {H2}
    desk.send()
    assert [record.message.partition(":5555 ")[2].partition(":")[0] for record in caplog.records] == [
        *["does not answer"] * 3,
        "answers",
    ]


def test_every_connection_is_closed() -> None:
    desk = Desk(H2)
    desk.send()
    desk.network.answering = {H1}
    desk.send()
    assert desk.network.open == 1
    desk.hubs.close()
    desk.hubs.close()
    assert desk.network.open == 0


def test_pixels_go_as_they_are_and_events_with_three_pixels() -> None:
    desk = Desk(H1, raw=True)
    picture = np.zeros((4, 6), np.uint8)
    desk.hubs.send(Message("Barn|image", picture))
    desk.hubs.send(event("Barn", "motion", "still"))
    assert [payload.shape for _, _, payload in desk.network.got] == [(4, 6), (3, 3, 3)]


def test_a_picture_no_jpeg_can_be_made_of_is_nobodys_fault() -> None:
    desk = Desk(H1)
    with pytest.raises(BadFrame):
        desk.hubs.send(Message("Barn|jpg", np.zeros((2, 2))))
    assert desk.network.asked == []


def test_a_port_is_looked_up_by_connecting(free_port: int) -> None:
    assert not listening(f"tcp://127.0.0.1:{free_port}")
    with socket.create_server(("127.0.0.1", free_port)):
        assert listening(f"tcp://127.0.0.1:{free_port}")
