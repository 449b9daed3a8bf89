"""A node that says nothing for too long is reported once, and once more when it is back."""

from __future__ import annotations

from framebus.compat.imagehub.silence import MAX_NODES, Silence


def test_silence_is_reported_once() -> None:
    silence = Silence(60)
    silence.heard("Barn", 0)
    assert silence.fallen_silent(60) == []
    assert silence.fallen_silent(61) == [("Barn", 61)]
    assert silence.fallen_silent(200) == []


def test_who_comes_back_is_reported_and_watched_again() -> None:
    silence = Silence(60)
    silence.heard("Barn", 0)
    silence.fallen_silent(61)
    assert silence.heard("Barn", 100) == 100
    assert silence.heard("Barn", 101) is None
    assert silence.fallen_silent(162) == [("Barn", 61)]


def test_who_speaks_in_time_is_not_reported() -> None:
    silence = Silence(60)
    for now in range(0, 600, 60):
        assert silence.heard("Barn", now) is None
        assert silence.fallen_silent(now + 59) == []


def test_made_up_nodes_fill_no_memory() -> None:
    silence = Silence(60)
    for number in range(MAX_NODES + 50):
        silence.heard(f"node{number}", 0)
    assert len(silence.fallen_silent(61)) == MAX_NODES
