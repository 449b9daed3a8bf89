"""What every encoding promises."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from framebus.core.contracts import Encoding
from framebus.core.errors import BadFrame
from framebus.core.frame import Coded
from framebus.testing.samples import Array, check_text, pictures, raising

_CUTS = (0, 1, 7, 0.25, 0.5, 0.9, -1)
"""Where encoded bytes are cut off: bytes from the start, parts of the whole, bytes from the end."""


class EncodingConformance:
    """Subclass it and define `make`; list in `holds` what the encoding must be able to hold."""

    holds: Iterable[str] = ("bgr24", "rgb24", "gray8")
    """Which of `framebus.testing.samples.pictures` it takes; others it takes or refuses."""
    tolerance = 8.0
    """How far a lossy encoding may be from the original, in the mean over all pixels, of 255."""

    def make(self) -> Encoding:
        """The encoding."""
        raise NotImplementedError

    def test_says_what_it_is(self) -> None:
        """Its name travels in headers."""
        encoding = self.make()
        assert isinstance(encoding, Encoding), "an encoding has name, lossless, encode and decode"
        assert encoding.name == encoding.name.lower()
        assert encoding.name.isidentifier()
        assert isinstance(encoding.lossless, bool)

    def test_knows_its_picture_without_decoding(self) -> None:
        """Readers make room, and refuse what is too large, by shape and type alone."""
        for image, format in self._taken():
            coded = self.make().encode(image, format)
            assert isinstance(coded, Coded)
            assert coded.encoding == self.make().name
            assert (coded.shape, coded.dtype) == (image.shape, image.dtype)
            assert coded.data.nbytes > 0

    def test_gives_the_picture_back(self) -> None:
        """Bit for bit where it is lossless, nearly where not."""
        encoding = self.make()
        for image, format in self._taken():
            coded = encoding.encode(image, format)
            for back in (coded.decode(), encoding.decode(coded.data, image.shape, image.dtype, format)):
                assert (back.shape, back.dtype) == (image.shape, image.dtype)
                if encoding.lossless:
                    assert back.tobytes() == image.tobytes()
                else:
                    assert np.abs(back.astype(float) - image).mean() <= self.tolerance

    def test_takes_pictures_that_lie_scattered_in_memory(self) -> None:
        """Crops and turned pictures are views with gaps."""
        encoding = self.make()
        for image, format in self._taken():
            if format == "i420" or image.ndim > 3:
                continue
            view = image[::-1, 2:-2]
            back = encoding.encode(view, format).decode()
            assert back.shape == view.shape
            if encoding.lossless:
                assert np.array_equal(back, view)

    def test_leaves_the_picture_as_it_is(self) -> None:
        """Others look at the same pixels."""
        for image, format in self._taken():
            before = image.copy()
            image.flags.writeable = False
            self.make().encode(image, format)
            assert np.array_equal(image, before)

    def test_takes_or_refuses_everything(self) -> None:
        """What it cannot hold is refused by `BadFrame`, never stored as something else."""
        encoding = self.make()
        refused: list[str] = []
        for name, (image, format) in pictures().items():
            try:
                coded = encoding.encode(image, format)
            except BadFrame as error:
                check_text(error)
                refused.append(name)
            else:
                assert (coded.shape, coded.dtype) == (image.shape, image.dtype)
        assert not set(refused) & set(self.holds), f"refused: {', '.join(refused)}"

    def test_refuses_what_was_cut_off(self) -> None:
        """Half a picture is none."""
        encoding = self.make()
        for image, format in self._taken():
            data = encoding.encode(image, format).data
            for cut in _CUTS:
                end = int(cut * data.nbytes) if isinstance(cut, float) else cut
                with raising(BadFrame):
                    encoding.decode(data[:end], image.shape, image.dtype, format)

    def test_refuses_another_shape_or_type_than_was_said(self) -> None:
        """The header comes from outside; the picture's own bytes decide."""
        encoding = self.make()
        for image, format in self._taken():
            data = encoding.encode(image, format).data
            larger = (image.shape[0] + 2, *image.shape[1:])
            for shape, dtype in ((larger, image.dtype), (image.shape, np.dtype(np.complex128))):
                with raising(BadFrame):
                    encoding.decode(data, shape, dtype, format)

    def test_survives_noise(self) -> None:
        """Damaged bytes become `BadFrame`, or a picture of exactly the shape that was said."""
        encoding, rng = self.make(), np.random.default_rng(1)
        for image, format in self._taken():
            whole = bytearray(encoding.encode(image, format).data)
            for _ in range(40):
                damaged = bytearray(whole)
                for place in rng.integers(0, len(damaged), 3):
                    damaged[place] ^= int(rng.integers(1, 256))
                self._survives(encoding, bytes(damaged), image, format)
            self._survives(encoding, rng.bytes(300), image, format)

    def _survives(self, encoding: Encoding, data: bytes, image: Array, format: str) -> None:
        try:
            back = encoding.decode(memoryview(data), image.shape, image.dtype, format)
        except BadFrame:
            return
        assert (back.shape, back.dtype) == (image.shape, image.dtype)

    def _taken(self) -> list[tuple[Array, str]]:
        known = pictures()
        return [known[name] for name in self.holds]
