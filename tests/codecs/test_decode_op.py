"""`decode` among ops: coded video of several streams becomes pictures."""

from __future__ import annotations

import numpy as np
import pytest

from framebus.core.errors import OptionError
from framebus.core.frame import Frame, Packet
from framebus.core.ops import load
from framebus.ops import Decoder
from tests.sources.cameras.coded import number_in, packets


def test_each_stream_is_decoded_by_itself() -> None:
    left = packets(6)
    right = [packet.replace(stream="right") for packet in packets(6)]
    decode = load("decode")
    mixed = [item for pair in zip(left, right, strict=True) for item in pair]
    frames = [frame for packet in mixed if (frame := decode(packet)) is not None]
    for stream, coded in (("right", right), (left[0].stream, left)):
        of_one = [frame for frame in frames if frame.stream == stream]
        assert [frame.seq for frame in of_one] == [packet.seq for packet in coded]
        assert [number_in(frame) for frame in of_one] == list(range(6))


def test_pictures_stay_what_they_are() -> None:
    frame = Frame.of(np.zeros((4, 4), np.uint8))
    assert load("decode")(frame) is frame


def test_a_way_that_ffmpeg_does_not_have_is_refused_when_it_is_typed() -> None:
    with pytest.raises(OptionError, match="as in decode"):
        load("decode=hwaccel=magic")


def test_the_decoder_itself_is_there_for_programs() -> None:
    (first, *_) = packets(1)
    assert isinstance(first, Packet)
    frame = Decoder()(first)
    assert frame is not None
    assert number_in(frame) == 0
