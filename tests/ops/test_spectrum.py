"""The spectrum is numpy's, faster."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from framebus import ops
from framebus.core.errors import BadFrame, OptionError
from framebus.core.ops import load
from tests.ops.pictures import Array, images, noise


def by_numpy(plane: Array) -> Array:
    """log(1 + |F|) in float64, frequency 0 in the middle."""
    spectrum: Array = np.log1p(np.abs(np.fft.fftshift(np.fft.fft2(plane.astype(np.float64)))))
    return spectrum


@given(images(("uint8", "uint16", "int16", "int32", "bool"), channels=(None,)))
def test_it_is_the_one_of_numpy_for_every_size(image: Array) -> None:
    spectrum = ops.fft(image)
    assert (spectrum.shape, spectrum.dtype) == (image.shape, np.dtype("float32"))
    expected = by_numpy(image)
    noise_floor = np.ptp(image.astype(float)) * 2e-6 * image.size**0.5
    assert (
        np.abs(np.expm1(spectrum.astype(float)) - np.expm1(expected)) <= 1e-4 * np.expm1(expected) + noise_floor + 1e-3
    ).all()


@pytest.mark.parametrize("shape", [(480, 640), (481, 641), (64, 65), (65, 64), (1, 50), (50, 1), (2, 2), (1, 1)])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_even_and_odd_sides_have_their_middle_in_the_right_place(shape: tuple[int, int], dtype: str) -> None:
    image = noise(*shape, None).astype(dtype)
    assert np.allclose(ops.fft(image), by_numpy(image), atol=2e-3)


def test_a_wave_is_two_points_and_a_mean() -> None:
    wave = 100 + 50 * np.cos(2 * np.pi * 8 * np.arange(64) / 64)
    spectrum = ops.fft(np.tile(wave, (64, 1)).astype(np.float32))
    assert sorted(map(tuple, np.argwhere(spectrum > 5).tolist())) == [(32, 24), (32, 32), (32, 40)]


def test_small_waves_on_a_bright_ground_do_not_drown() -> None:
    x = np.arange(256)
    image = np.tile(60_000 + np.cos(2 * np.pi * 20 * x / 256), (256, 1))
    assert np.allclose(ops.fft(image), by_numpy(image), atol=0.05)


def test_colours_are_gray_unless_each_channel_is_asked_for() -> None:
    image = noise(40, 50)
    assert np.array_equal(ops.fft(image), ops.fft(ops.gray(image)))
    each = ops.fft(image, channels=True)
    assert each.shape == image.shape
    assert np.array_equal(each[..., 1], ops.fft(image[..., 1]))


def test_it_can_be_looked_at() -> None:
    image = noise(40, 50)
    assert np.array_equal(ops.fft(image, normalise=True), ops.normalise(ops.fft(image)))


def test_five_channels_need_to_say_so() -> None:
    with pytest.raises(BadFrame, match="fft makes gray of 1 to 4 channels"):
        ops.fft(noise(4, 4, 5))
    assert ops.fft(noise(4, 4, 5), channels=True).shape == (4, 4, 5)


def test_switches_are_switches() -> None:
    with pytest.raises(OptionError, match="fft: channels=3 is not possible: give yes or no"):
        load("fft=channels=3")
