"""What a function of frames has to do to work anywhere: in a pipe, in a worker, behind a link."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from framebus.core.frame import Frame
from framebus.core.ops import Function, Op, load
from framebus.testing.samples import framed, pictures, samples
from framebus.wire import header


class OpConformance:
    """Subclass it and define `make`; list in `formats` what the op works on."""

    formats: Iterable[str] = ("bgr24",)
    """Which of `framebus.testing.samples.pictures` it takes."""

    def make(self) -> str | Function:
        """The op: a function, a class, an object that can be called, or its name as in `"detect.py:Detect"`."""
        raise NotImplementedError

    def inputs(self) -> list[Frame]:
        """Frames to try it on: two of each format, of different size."""
        sizes = ((48, 32), (64, 50))
        return [
            framed(*pictures(width, height)[name], seq=seq)
            for name in self.formats
            for seq, (width, height) in enumerate(sizes)
        ]

    def test_takes_frames_one_after_another(self) -> None:
        """Of any size, built once."""
        op = self._loaded()
        for frame in self.inputs():
            op(frame)

    def test_leaves_the_picture_as_it_is(self) -> None:
        """It is read-only; an op that draws takes `frame.copy()`."""
        op = self._loaded()
        for frame in self.inputs():
            before = frame.data.copy()
            op(frame)
            assert np.array_equal(frame.data, before)

    def test_answers_travel(self) -> None:
        """An array, a frame, a mapping that JSON can carry, or None."""
        op = self._loaded()
        for frame in self.inputs():
            answer = op(frame)
            if answer is not None:
                header.encode(answer)

    def test_answers_keep_their_identity(self) -> None:
        """An answer is the same frame, seen otherwise: readers count on its number."""
        op = self._loaded()
        for frame in self.inputs():
            answer = op(frame)
            assert answer is None or answer.identity == frame.identity

    def test_answers_stay_what_they_were(self) -> None:
        """An op that answers with the same buffer every time changes answers that somebody still looks at."""
        op = self._loaded()
        answers: list[tuple[Frame, Any]] = []
        for frame in (*samples(3), *self.inputs()):
            if frame.format not in self.formats:
                continue
            answer = op(frame)
            if answer is not None:
                answers.append((answer, answer.data.copy()))
        assert all(np.array_equal(answer.data, before, equal_nan=_real(before)) for answer, before in answers)

    def test_can_be_built_again(self) -> None:
        """Workers that are restarted build it anew."""
        for _ in range(2):
            self._loaded()(self.inputs()[0])

    def _loaded(self) -> Op:
        return load(self.make())


def _real(array: Any) -> bool:
    return bool(array.dtype.kind in "fc")
