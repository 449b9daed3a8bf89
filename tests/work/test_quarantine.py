"""Frames that killed their workers are kept as they came, the newest ones."""

from __future__ import annotations

import numpy as np
import pytest

from framebus.core.frame import Frame
from framebus.wire.encodings import EncodedImage
from framebus.work import quarantine
from framebus.work.quarantine import keep


def test_pixels_are_an_array() -> None:
    image = np.arange(12, dtype=np.uint16).reshape(3, 4)
    path = keep(Frame.of(image, stream="cam", run=7, seq=5), "fft")
    assert path is not None
    assert path.name == "fft-cam-0000000000000007-5.npy"
    assert np.array_equal(np.load(path), image)


def test_what_came_encoded_is_not_decoded_here() -> None:
    """Whatever it does to those who do is not to happen to the program, too."""
    deadly = EncodedImage("jpeg", memoryview(b"deadly"), (4, 4), np.dtype("u1"), "gray8")
    path = keep(Frame.of(deadly, stream="cam", run=7, seq=5, format="gray8"), "fft")
    assert path is not None
    assert path.suffix == ".jpeg"
    assert path.read_bytes() == b"deadly"


def test_the_oldest_go_where_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "MAX_KEPT", 3)
    image = np.zeros((2, 2), np.uint8)
    kept = [keep(Frame.of(image, stream="many", run=7, seq=seq), "fft") for seq in range(5)]
    assert kept[-1] is not None
    assert kept[-1].exists()
    assert len(list(quarantine.folder().iterdir())) <= 3
