"""What the ops of a job need of a picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from framebus.batch import foresight

pytest.importorskip("cv2")

FULL = (4000, 3000)


def own(image: Any) -> Any:
    return image


def smallest(*outputs: tuple[Any, ...]) -> int:
    """The largest of the scales of a JPEG that is enough."""
    enough, _ = foresight.of(outputs)
    return next((k for k in (8, 4, 2) if enough is not None and enough(FULL, (FULL[0] // k, FULL[1] // k))), 1)


@pytest.mark.parametrize(
    ("ops", "scale"),
    [
        (("resize=512x384",), 4),
        (("resize=500x375",), 8),
        (("resize=1500x1500",), 2),
        (("resize=4096x4096",), 1),
        (("resize=longest=200",), 8),
        (("resize=512x512,fit=fill",), 4),
        (("resize=512x384,method=fast", "gray"), 4),
        (("gray", "resize=512x384"), 4),
        (("resize=scale=0.1",), 1),
        (("resize=512x384,method=nearest",), 1),
        (("resize=512x384,method=linear",), 1),
        (("crop=100x100", "resize=50x50"), 1),
        ((own, "resize=50x50"), 1),
        (("gray",), 1),
        ((), 1),
    ],
)
def test_a_picture_need_not_be_larger_than_its_first_resize_makes_it(ops: tuple[Any, ...], scale: int) -> None:
    assert smallest(ops) == scale


def test_all_outputs_have_to_be_content() -> None:
    assert smallest(("resize=500x375",), ("resize=1500x1500",)) == 2
    assert smallest(("resize=500x375",), ("gray",)) == 1


@pytest.mark.parametrize(
    ("ops", "gray"),
    [
        (("gray",), True),
        (("threshold=otsu",), True),
        (("resize=50x50", "flip=vertical", "gray"), True),
        (("crop=10x10", "threshold=9", own), True),
        ((own, "gray"), False),
        (("resize=50x50",), False),
        (("equalise", "gray"), False),
        ((), False),
    ],
)
def test_colours_that_are_thrown_away_need_not_be_decoded(ops: tuple[Any, ...], gray: bool) -> None:
    assert foresight.of([ops])[1] is gray
    assert foresight.of([ops, ("resize=50x50",)])[1] is False


def test_a_function_that_borrows_a_name_of_ours_is_not_trusted() -> None:
    def enough(image: np.ndarray[Any, Any]) -> Any:
        return image

    function: Callable[..., Any] = enough
    assert foresight.of([(function,)]) == (None, False)
