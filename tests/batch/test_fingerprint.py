"""Whether an op is still the one that earlier results were made with."""

from __future__ import annotations

import functools
import json
import operator
import os
import subprocess
import sys
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from framebus.batch.fingerprint import changed, fingerprint
from framebus.batch.process import process
from framebus.core.errors import OptionError
from tests.batch.photos import contents, jpeg, photos

BEFORE = """
import functools, re
import numpy as np
from pathlib import Path
STRENGTH = 3
TABLE = {"low": [1, 2], "high": {3, 4, "five"}}
CURVE = np.arange(4)

def deeper(image):
    return image + STRENGTH

def by_name(image):
    return deeper(image)

def constants(image):
    return image if image in {"a", "b", "c", "d"} else (1, 2.5, None)

def default(image, by=1):
    return image * by

def keyword(image, *, by=1):
    return image * by

def table(image):
    return TABLE["low"], CURVE

def make(by):
    def inner(image):
        return [(lambda each: each * by)(row) for row in image]
    return inner

closure = make(3)
array = make(np.arange(3))
place = make(Path("/models/one.onnx"))
part = functools.partial(default, by=4)

class Brighten:
    by = 2
    def __init__(self, more):
        self.more = more
        self.pattern = re.compile("a")
    def __call__(self, image):
        return self.work(image)
    def work(self, image):
        return image + self.more
    @staticmethod
    def still(image):
        return image
    @property
    def twice(self):
        return 2 * self.more

class Slotted(Brighten):
    __slots__ = ("depth",)

built = Brighten(5)
bound = built.work
wrapped = functools.lru_cache(constants)
spread = np.vectorize(constants)
slotted = Slotted(1)
slotted.depth = 3

def recursive(image):
    return recursive(image[1:]) if len(image) else image
"""

CHANGES = {
    "by_name": ("image + STRENGTH", "image - STRENGTH"),
    "deeper": ("STRENGTH = 3", "STRENGTH = 4"),
    "constants": ("2.5", "2.25"),
    "default": ("(image, by=1)", "(image, by=True)"),
    "keyword": ("*, by=1", "*, by=1.0"),
    "table": ('"low": [1, 2]', '"low": [1, 3]'),
    "closure": ("make(3)", "make(4)"),
    "array": ("make(np.arange(3))", "make(np.arange(3.0))"),
    "place": ("one.onnx", "two.onnx"),
    "part": ("by=4", "by=5"),
    "Brighten": ("2 * self.more", "3 * self.more"),
    "built": ("Brighten(5)", "Brighten(6)"),
    "bound": ("by = 2", "by = 3"),
    "wrapped": ("2.5", "2.25"),
    "spread": ("2.5", "2.25"),
    "slotted": ("depth = 3", "depth = 4"),
    "recursive": ("image[1:]", "image[2:]"),
}


def loaded(text: str) -> Mapping[str, Any]:
    """What a program or notebook holds after it ran this."""
    module = types.ModuleType("a_users_module")
    exec(text, vars(module))  # noqa: S102  (the text is above)
    return vars(module)


def print_of(function: Callable[..., Any]) -> str:
    found = fingerprint(function)
    assert found
    return found


@pytest.mark.parametrize("name", CHANGES)
def test_code_given_as_it_is_has_another_one_once_it_is_changed(name: str) -> None:
    old, new = CHANGES[name]
    assert BEFORE.count(old) == 1
    before = print_of(loaded(BEFORE)[name])
    assert print_of(loaded(BEFORE)[name]) == before
    assert print_of(loaded(BEFORE.replace(old, new))[name]) != before


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_written_elsewhere_in_the_module_does_not_matter(name: str) -> None:
    moved = loaded("# a remark\n\nUNUSED = object()\n" + BEFORE)
    assert print_of(moved[name]) == print_of(loaded(BEFORE)[name])


def test_it_is_the_same_in_every_process() -> None:
    program = f"{BEFORE}\nfrom framebus.batch.fingerprint import fingerprint\n"
    program += f"for name in {list(CHANGES)}: print(fingerprint(globals()[name]))"
    told = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2", "3")
    ]
    assert told[0] == told[1] == told[2]
    assert told[0].count(f"{sys.implementation.cache_tag}-") == len(CHANGES)


def test_calling_it_changes_nothing() -> None:
    names = loaded(BEFORE)
    before = print_of(names["default"])
    for _ in range(1000):
        names["default"](1)
    assert print_of(names["default"]) == before


def test_nothing_of_the_users_runs() -> None:
    class Touchy:
        def __getattribute__(self, name: str) -> Any:
            raise AssertionError(f"{name} was looked up")

        def __call__(self, image: Any) -> Any:
            raise AssertionError("it was called")

        def __hash__(self) -> int:
            raise AssertionError("it was hashed")

        def __eq__(self, other: object) -> bool:
            raise AssertionError("it was compared")

        def __repr__(self) -> str:
            raise AssertionError("it was shown")

    assert print_of(Touchy())
    touchy = Touchy()
    assert print_of(lambda image: touchy)


@pytest.mark.parametrize("place", ["mine.py", "user_package.mine"])
def test_of_an_op_in_a_file_the_file_counts(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "user_package").mkdir()
    (tmp_path / "user_package/__init__.py").write_text("raise AssertionError('it was imported')")
    path = tmp_path / (place if place.endswith(".py") else "user_package/mine.py")
    path.write_text("raise AssertionError('it was imported')")
    first = fingerprint(f"{place}:clean=3")
    assert first
    assert fingerprint(f"{place}:Other") == first
    path.write_text("raise AssertionError('it was imported, too')")
    assert fingerprint(f"{place}:clean=3") not in (first, None, "")


def test_of_what_is_installed_or_built_in_nothing_counts() -> None:
    assert {fingerprint(op) for op in ("resize=5x5", "numpy:abs", "json.decoder:scanstring")} == {""}
    assert print_of(np.abs) != print_of(np.negative)


def test_what_cannot_be_looked_into_has_none(tmp_path: Path) -> None:
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    assert fingerprint(functools.partial(dict, deep)) is None
    assert fingerprint(operator.itemgetter(0)) is None
    assert fingerprint("no_such_module:clean") is None
    assert fingerprint(f"{tmp_path}/gone.py:clean") is None


def test_those_taken_in_different_ways_are_not_compared() -> None:
    names = ["a", "b", "c", "d", "e"]
    before = ["file:1", "file:1", "", None, "cpython-311-0:1"]
    now = ["file:2", "file:1", "file:1", "file:1", "cpython-312-0:2"]
    assert list(changed(names, before, now)) == ["ops: a has changed"]
    assert list(changed(names, [], now)) == []


# what a job makes of it ----------------------------------------------------------------------------------------------


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with an op, beside a folder of pictures."""
    monkeypatch.chdir(tmp_path)
    photos(tmp_path / "in", 2)
    path = tmp_path / "mine.py"
    path.write_text("def clean(image):\n    return image\n")
    return path


def change(mine: Path) -> None:
    mine.write_text("def clean(image):\n    return 255 - image\n")


def run(op: Any = "mine.py:clean", **options: Any) -> tuple[int, int]:
    """How many are done, and how many of these were before."""
    report = process("in", "out", op, workers=0, **options)
    return report.done, report.resumed


def forget_the_code() -> None:
    """The journal as an older version wrote it."""
    journal = Path("out/.framebus-journal")
    first, rest = journal.read_text().split("\n", 1)
    line = json.loads(first)
    del line["code"]
    journal.write_text(json.dumps(line) + "\n" + rest)


def test_a_job_whose_op_was_changed_is_another_job(mine: Path) -> None:
    assert run() == (2, 0)
    assert run() == (2, 2)
    before = contents(Path("out"))
    change(mine)
    with pytest.raises(OptionError, match=r"another job \(ops: mine.py:clean has changed\): .* \(--no-resume\)"):
        run()
    assert contents(Path("out")) == before
    assert run(resume=False) == (2, 0)
    assert contents(Path("out")) != before
    assert run() == (2, 2)


def test_a_rehearsal_says_it_too(mine: Path) -> None:
    run()
    change(mine)
    with pytest.raises(OptionError, match="has changed"):
        run(dry_run=True)
    with pytest.raises(OptionError, match="quality: 95 → 50"):
        run(dry_run=True, quality=50)
    assert run(dry_run=True, resume=False) == (0, 0)


def test_so_it_is_with_one_given_as_it_is_and_with_those_of_further_outputs(mine: Path) -> None:
    assert run(lambda image: image, also={"more": ["gray", "mine.py:clean"]}) == (2, 0)
    with pytest.raises(OptionError, match="<lambda> has changed"):
        run(lambda image: 255 - image, also={"more": ["gray", "mine.py:clean"]})
    change(mine)
    with pytest.raises(OptionError, match=r"mine\.py:clean has changed"):
        run(lambda image: image, also={"more": ["gray", "mine.py:clean"]})


def test_what_an_older_version_began_goes_on_and_is_known_from_then_on(mine: Path) -> None:
    run()
    forget_the_code()
    assert run() == (2, 2)
    change(mine)
    with pytest.raises(OptionError, match="has changed"):
        run()


def test_nothing_is_noted_of_a_job_that_cannot_go_on(mine: Path) -> None:
    run()
    forget_the_code()
    (mine.parent / "in/new.jpg").write_bytes(jpeg())
    whole = mine.read_text()
    mine.write_text("def clean(image)")
    with pytest.raises(OptionError, match="failed while it was imported"):
        run()
    mine.write_text(whole)
    assert run() == (3, 2)


def test_what_nobody_can_see_is_said_once(mine: Path, caplog: pytest.LogCaptureFixture) -> None:
    run(operator.itemgetter(slice(1)))
    [said] = [record.getMessage() for record in caplog.records]
    assert said.startswith("nobody can see when operator:itemgetter changes: after a change, resume=False")
    assert run(operator.itemgetter(slice(2))) == (2, 2)
