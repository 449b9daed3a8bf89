"""`framebus stress`: what it says, writes, and exits with."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from framebus.cli import main
from framebus.stress import claims
from framebus.stress.claims import CLAIMS, Claim


@pytest.fixture
def tricks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two claims of which one is broken, and one that cannot be tried, instead of ours."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "good.py").write_text(
        "def attempt(trial):\n    trial.count('kills', 2)\n    trial.measure('age', 8, 'ms', most=5)\n"
    )
    (tmp_path / "bad.py").write_text("def attempt(trial):\n    trial.check(False, 'frame 7 was lost')\n")
    (tmp_path / "none.py").write_text("def attempt(trial):\n    trial.cannot('no camera is here')\n")
    monkeypatch.setattr(
        claims,
        "CLAIMS",
        (
            Claim("A1", "It holds", "kills | cuts", "good"),
            Claim("A2", "It breaks", "looking", "bad"),
            Claim("A3", "It cannot be", "nothing", "none"),
        ),
    )


def test_one_real_claim(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stress", "--only", "r15", "--rounds", "1", "--seed", "3"]) == 0
    out, err = capsys.readouterr()
    assert re.search(r"✓ R15 .*\n +1 round, [\d,]+ worlds\n", out)
    assert re.search(r"1 claim · 1 held · seed 3 · ", err)


@pytest.mark.usefixtures("tricks")
def test_a_broken_promise_is_told_with_the_command_that_shows_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stress", "--rounds", "2", "--seed", "10"]) == 3
    out, err = capsys.readouterr()
    assert "✓ A1  It holds\n      2 rounds, 4 kills · age 8 ms (99 %: 8, at most 5)\n" in out
    assert "A2 is broken in 2 of 2 rounds:\n        frame 7 was lost" in out
    assert "framebus stress --only A2 --seed 10 --rounds 1" in out
    assert "not tried: no camera is here" in out
    assert "3 claims · 1 held · 1 broken · 1 not tried" in err


@pytest.mark.usefixtures("tricks")
def test_times_are_judged_only_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stress", "--only", "A1", "--rounds", "1"]) == 0
    assert main(["stress", "--only", "A1", "--rounds", "1", "--strict"]) == 3
    assert "A1 is too slow: age: 8 ms (99 %), at most 5 are promised" in capsys.readouterr().out


@pytest.mark.usefixtures("tricks")
def test_the_table_as_a_page_and_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["stress", "--rounds", "1", "--seed", "4", "--report", str(tmp_path / "table.md")])
    main(["stress", "--rounds", "1", "--seed", "4", "--report", str(tmp_path / "table.json")])
    page = (tmp_path / "table.md").read_text()
    assert "| A1 | It holds | kills \\| cuts | ✓ held: 1 round, 2 kills" in page
    assert "| ✗ **broken**: 1 round |" in page
    assert "Written by `framebus stress --rounds 1`, seed 4" in page
    found = json.loads((tmp_path / "table.json").read_text())
    assert [one["state"] for one in found] == ["held", "broken", "not tried"]
    assert found[1]["breaches"] == [{"seed": 4, "text": "frame 7 was lost"}]
    capsys.readouterr()
    main(["stress", "--rounds", "1", "--seed", "4", "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert [one["claim"] for one in printed] == ["A1", "A2", "A3"]


@pytest.mark.usefixtures("tricks")
def test_runs_add_up_in_a_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history, page = str(tmp_path / "all.jsonl"), tmp_path / "table.md"
    assert main(["stress", "--only", "A1", "--rounds", "2", "--seed", "1", "--history", history]) == 0
    assert main(["stress", "--rounds", "1", "--seed", "9", "--history", history, "--report", str(page)]) == 3
    assert "3 rounds, 6 kills · age 8 ms" in capsys.readouterr().out
    text = page.read_text()
    assert "Written by `framebus stress --history`: 2 runs on 2" in text
    assert "✓ held: 3 rounds, 6 kills" in text
    assert "| `framebus stress --only A2 --seed 9 --rounds 1` |" in text
    assert "not tried: no camera" in text
    assert main(["stress", "--only", "A1", "--rounds", "1", "--history", history]) == 3, "what broke once stays broken"


@pytest.mark.usefixtures("tricks")
def test_a_file_that_is_no_history_is_refused_before_anything_is_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("milk, bread\n")
    assert main(["stress", "--rounds", "1", "--history", str(tmp_path / "notes.txt")]) == 4
    out, err = capsys.readouterr()
    assert not out
    assert "notes.txt is no history of `framebus stress`" in err


def test_the_list_of_promises(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stress", "--list"]) == 0
    said = capsys.readouterr().out
    assert all(f"{claim.key:<4}{claim.promise}\n" in said for claim in CLAIMS)
    main(["stress", "--list", "--json"])
    assert len(json.loads(capsys.readouterr().out)) == len(CLAIMS)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--only", "R99"], "no claim is called so: did you mean R9?"),
        (["--minutes", "0"], "is no number of minutes"),
        (["--minutes", "soon"], "invalid"),
        (["--rounds", "0"], "at least 1"),
        (["--report", "table.txt"], "ends in neither .md nor .json"),
    ],
)
def test_what_cannot_be_meant_is_refused(capsys: pytest.CaptureFixture[str], words: list[str], says: str) -> None:
    assert main(["stress", *words]) == 2
    assert says in capsys.readouterr().err
