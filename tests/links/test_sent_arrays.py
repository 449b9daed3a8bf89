"""What is sent is the picture as it was then; what cannot travel is refused by the very call that sends it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

import framebus as fb
from framebus.core.errors import BadFrame, OptionError

FRAMES = 40
PLACES = ("shm://again", "tcp://127.0.0.1:{port}/again")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("side", [40, 400])
def test_the_array_may_be_used_for_the_next_picture(place: str, side: int, free_port: int) -> None:
    address = place.format(port=free_port)
    carrier = "tcp" if address.startswith("tcp") else None
    image, meta = np.zeros((side, side), np.uint8), {"number": 0, "of": [0]}
    out = fb.publish(address, wait_for=["saver"], carrier=carrier)
    with fb.open(address, group="saver", keep="all", timeout=20, carrier=carrier) as source:
        with_reader = iter(source)
        for number in range(FRAMES):  # more than a reader is sent before it acknowledges any
            image[:] = meta["number"] = number
            meta["of"][0] = number  # type: ignore[index]
            out.send(image, meta=meta)
        image[:] = 255
        for number in range(FRAMES):
            frame = next(with_reader)
            assert (frame.meta, frame.seq) == ({"number": number, "of": [number]}, number)
            assert (frame.image == number).all()
    out.abandon()


def test_a_file_that_is_written_later_has_the_picture_that_was_sent(tmp_path: Any) -> None:
    image = np.zeros((64, 64), np.uint16)
    with fb.publish(tmp_path / "run.h5", compress="gzip") as out:
        for number in range(FRAMES):
            image[:] = number
            out.send(image)
    with fb.open(tmp_path / "run.h5") as recording:
        assert [int(frame.image.max()) for frame in recording] == list(range(FRAMES))


REFUSED: list[tuple[Callable[[], Any], dict[str, Any], str]] = [
    (lambda: np.zeros((4, 4)), {"meta": {"temperature": float("nan")}}, "meta.temperature is nan"),
    (lambda: np.zeros((4, 4)), {"meta": "10 ms"}, "meta is str: give a mapping"),
    (lambda: np.zeros((4, 4)), {"meta": {"log": "x" * 70_000}}, "meta has 70,010 bytes, the limit is"),
    (lambda: np.zeros((4, 4)), {"meta": {"note": "\ud800"}}, "meta cannot be written as JSON"),
    (lambda: fb.Frame.of(np.zeros((4, 4)), meta={"at": object()}), {}, "meta.at is object"),
    (lambda: np.ma.zeros((4, 4)), {}, r"masked array .* image.filled"),
    (lambda: np.zeros((4, 4), "M8[s]"), {}, "only numbers travel"),
]


@pytest.mark.parametrize(("image", "options", "told"), REFUSED)
@pytest.mark.parametrize("somebody_reads", [True, False])
def test_what_cannot_travel_is_refused_where_it_is_sent_and_costs_nothing_else(
    image: Callable[[], Any], options: dict[str, Any], told: str, somebody_reads: bool
) -> None:
    out = fb.publish("shm://strict", wait_for=["saver"] if somebody_reads else 0)
    with fb.open("shm://strict", group="saver", keep="all", timeout=20) if somebody_reads else nullcontext() as source:
        for _ in range(FRAMES if source else 0):  # what comes now waits for the reader
            out.send(np.zeros((4, 4)))
        with pytest.raises(BadFrame, match=told):
            out.send(image(), **options)
        if source:
            out.send(np.ones((4, 4)))
            last = [source.read() for _ in range(FRAMES + 1)][-1]
            assert (last.seq, last.missed, last.image[0, 0]) == (FRAMES, 0, 1)
    out.abandon()


def test_a_read_only_array_is_sent_as_it_lies() -> None:
    from framebus.core.snapshot import snapshot

    image = np.zeros((4, 4))
    assert not np.shares_memory(snapshot(image), image)
    image.flags.writeable = False
    assert snapshot(image) is image


def test_meta_in_the_place_of_the_streams_name_is_told_where_it_goes() -> None:
    with fb.publish("shm://strict") as out, pytest.raises(OptionError, match="meta is given by name, send"):
        out.send(np.zeros((4, 4)), {"exposure_ms": 8})  # type: ignore[arg-type]
