"""A job as it is asked for, and how its journal knows it again."""

from __future__ import annotations

from typing import Any

import pytest

from framebus.batch.job_options import DEFAULT_LIMIT_S, NAMES, asked, summary
from framebus.core.batch_options import BATCH_OPTIONS
from framebus.core.errors import OptionError


def own(image: Any) -> Any:
    return image


def test_what_is_left_out_has_its_default() -> None:
    job = asked("out", "gray", {})
    recipe = job.recipe
    assert (job.match, job.resume, job.compare) == ((), True, False)
    assert (recipe.style.quality, recipe.style.subsampling, recipe.outputs[0].format) == (95, "420", "")
    assert (recipe.max_pixels, recipe.limit_s, recipe.tolerant, recipe.overwrite) == (
        10**8,
        DEFAULT_LIMIT_S,
        False,
        False,
    )


@pytest.mark.parametrize(
    ("ops", "given", "expected"),
    [
        ("gray", {}, (1 << 30) + 16 * 10**8),
        ("gray", {"max_pixels": 1000}, (1 << 30) + 16_000),
        (own, {}, 0),
        ("numpy:abs", {}, 0),
        (own, {"max_memory": "2GB"}, 2 * 10**9),
        ("gray", {"max_memory": 0}, 0),
    ],
)
def test_memory_is_limited_where_it_is_known_what_is_needed(ops: Any, given: dict[str, Any], expected: int) -> None:
    assert asked("out", ops, given).recipe.max_memory == expected


@pytest.mark.parametrize(
    ("given", "format", "quality"),
    [
        ({"encode": "jpeg=85"}, "jpeg", 85),
        ({"encode": "jpg"}, "jpeg", 95),
        ({"encode": "webp", "quality": 40}, "webp", 40),
        ({"quality": "7"}, "", 7),
    ],
)
def test_encoding(given: dict[str, Any], format: str, quality: int) -> None:
    recipe = asked("out", (), given).recipe
    assert (recipe.outputs[0].format, recipe.style.quality) == (format, quality)


def test_further_outputs_are_a_mapping_or_texts() -> None:
    expected = [("out", ("gray",)), ("thumbs/", ("resize=5x5", "gray")), ("all/{name}.png", ())]
    for also in (
        {"thumbs/": ["resize=5x5", "gray"], "all/{name}.png": []},
        ["thumbs/=resize=5x5|gray", "all/{name}.png="],
    ):
        outputs = asked("out", "gray", {"also": also}).recipe.outputs
        assert [(output.place, output.ops) for output in outputs] == expected


def test_an_unknown_option_names_the_nearest() -> None:
    with pytest.raises(OptionError, match="process has no option 'qualty': did you mean quality"):
        asked("out", (), {"qualty": 5})


def test_the_vocabulary_has_all_of_them() -> None:
    ours = {option.name for option in BATCH_OPTIONS}
    assert ours - set(NAMES) == {"dry_run", "report"}


def test_a_job_is_what_makes_its_files_what_they_are() -> None:
    told = summary(asked("small/{name}.png", ["resize=5x5", own], {"also": {"b": "gray"}}), "/photos")
    assert told == {
        "from": "/photos",
        "to": "{name}.png",
        "ops": ["resize=5x5", f"{__name__}:own"],
        "also 1 to": "",
        "also 1 ops": ["gray"],
        "encode": "",
        "quality": 95,
        "subsampling": "420",
    }
