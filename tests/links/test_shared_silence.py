"""Whoever comes to share memory introduces itself, or goes."""

from __future__ import annotations

import socket

import framebus as fb
from framebus.links import shared
from framebus.testing.links import WAIT_S, picture


def test_one_that_says_nothing_is_sent_away() -> None:
    with fb.publish("shm://quiet") as out:
        out.send(picture(0))
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stranger:
            stranger.settimeout(WAIT_S)
            stranger.connect(shared.find("quiet")[0])
            while heard := stranger.recv(65536):  # it is asked who it is, perhaps
                assert heard
