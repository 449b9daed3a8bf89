"""Rounds are played in processes of their own; whatever goes wrong in one is told with the seed that repeats it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from framebus.stress.claims import CLAIMS, Claim
from framebus.stress.outcomes import Outcome
from framebus.stress.runner import MARK, played, run


@pytest.fixture
def claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Claim:
    """One whose round is the file `tricks.py`."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return Claim("X1", "It holds", "tricks", "tricks")


def write(folder: Path, body: str) -> None:
    """The round: lines of `attempt(trial)`."""
    lines = "\n    ".join(body.strip().splitlines())
    (folder / "tricks.py").write_text(f"def attempt(trial):\n    {lines}\n")


def going(claim: Claim, number: int) -> bool:
    """Nobody stops it."""
    return True


def test_what_is_counted_and_measured_is_its_account(tmp_path: Path, claim: Claim) -> None:
    write(tmp_path, "trial.count('kills', 3)\ntrial.measure('age', 4.5, 'ms', most=5)\ntrial.count('kills')")
    account = played(claim, 1)
    assert (account.counts, account.breach, account.missing) == ({"kills": 4}, "", "")
    assert account.figures["age"].values == [4.5]


def test_the_same_seed_is_the_same_round(tmp_path: Path, claim: Claim) -> None:
    write(tmp_path, "trial.count('die', trial.chance.randrange(10**6))")
    assert played(claim, 5).counts == played(claim, 5).counts != played(claim, 6).counts


def test_a_breach_is_told_in_its_words(tmp_path: Path, claim: Claim) -> None:
    write(tmp_path, "trial.check(1 + 1 == 3, 'three frames were lost')")
    assert played(claim, 1).breach == "three frames were lost"


def test_an_error_is_a_breach_with_its_traceback(tmp_path: Path, claim: Claim) -> None:
    write(tmp_path, "raise ZeroDivisionError('of all things')")
    assert played(claim, 1).breach.endswith("ZeroDivisionError: of all things\n")


def test_a_crash_is_a_breach(tmp_path: Path, claim: Claim) -> None:
    write(tmp_path, "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)")
    assert "left no account" in played(claim, 1).breach


def test_a_round_that_hangs_is_ended_and_says_where(tmp_path: Path, claim: Claim) -> None:
    write(tmp_path, "import threading\nthreading.Event().wait()")
    breach = played(claim, 1, hung_s=1.5).breach
    assert breach.startswith("hung")
    assert "tricks.py" in breach


def test_what_this_machine_lacks_is_no_breach(tmp_path: Path, claim: Claim) -> None:
    write(tmp_path, "trial.cannot('no camera here')")
    account = played(claim, 1)
    assert (account.missing, account.breach) == ("no camera here", "")


def test_a_process_left_running_is_a_breach_and_is_ended(tmp_path: Path, claim: Claim) -> None:
    write(
        tmp_path,
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)'], start_new_session=True)",
    )
    assert "left running" in played(claim, 1).breach
    assert not [one for one in psutil.process_iter() if "time.sleep(1000)" in " ".join(command(one))]


def command(process: psutil.Process) -> list[str]:
    """Its words; none where it is gone."""
    try:
        words: list[str] = process.cmdline()
        return words
    except psutil.Error:
        return []


def test_rounds_have_folders_of_their_own_and_none_of_our_settings(
    tmp_path: Path, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAMEBUS_KEYS", str(tmp_path / "mine"))
    write(
        tmp_path,
        "import os\n"
        f"names = ('XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'FRAMEBUS_KEYS')\n"
        "here = str(trial.folder.parent)\n"
        f"trial.check(os.environ['{MARK}'], 'no mark')\n"
        "trial.check(all(os.environ[name].startswith(here) for name in names), str(dict(os.environ)))",
    )
    assert played(claim, 1).breach == ""


def test_every_claim_gets_a_round_even_without_time(tmp_path: Path, claim: Claim) -> None:
    write(tmp_path, "trial.count('rounds')")
    outcomes = list(run([claim, claim], 1, seconds=0.0, rounds=10, going=going))
    assert [outcome.rounds for outcome in outcomes] == [1, 1]


LASTING = "import time\nwhile trial.goes_on:\n    time.sleep(0.01)\n    trial.count('turns')\ntrial.count('rounds')"


def test_a_lasting_claim_takes_all_its_time_for_one_round(tmp_path: Path, claim: Claim) -> None:
    write(tmp_path, LASTING)
    (outcome,) = run([replace(claim, lasting=True)], 1, seconds=2.0, rounds=100, going=going)
    assert outcome.counts["rounds"] == 1
    assert outcome.counts["turns"] > 1


@pytest.mark.parametrize(("lasting", "seconds"), [(True, float("inf")), (True, 0.0), (False, 0.5)])
def test_a_round_is_short_where_its_claim_is_not_lasting_or_its_time_has_no_end(
    tmp_path: Path, claim: Claim, lasting: bool, seconds: float
) -> None:
    write(tmp_path, LASTING)
    (outcome,) = run([replace(claim, lasting=lasting)], 1, seconds=seconds, rounds=2, going=going)
    assert "turns" not in outcome.counts
    assert 1 <= outcome.counts["rounds"] <= 2


def test_rounds_have_seeds_in_a_row_and_breaches_name_theirs(tmp_path: Path, claim: Claim) -> None:
    write(
        tmp_path,
        "first = trial.chance.random()\nimport random\ntrial.check(first != random.Random(42).random(), 'unlucky')",
    )
    (outcome,) = run([claim], 40, seconds=float("inf"), rounds=4, going=going)
    assert outcome.rounds == 4
    assert [breached.seed for breached in outcome.breaches] == [42]
    assert outcome.state() == "broken"


def test_it_ends_when_it_is_asked_to(tmp_path: Path, claim: Claim) -> None:
    write(tmp_path, "pass")
    asked: list[int] = []

    def twice(claim: Claim, number: int) -> bool:
        asked.append(number)
        return len(asked) < 3

    (outcome,) = run([claim, claim], 1, seconds=float("inf"), rounds=100, going=twice)
    assert (asked, outcome.rounds) == ([0, 1, 2, 0], 2)


def test_figures_beyond_their_limit_are_judged_only_strictly(claim: Claim, tmp_path: Path) -> None:
    write(tmp_path, "trial.measure('age', 8.0, 'ms', most=5)")
    outcome = Outcome(claim)
    outcome.add(1, played(claim, 1), 0.1)
    assert outcome.state() == "held"
    assert outcome.state(strict=True) == "broken"
    assert outcome.too_slow == ["age: 8 ms (99 %), at most 5 are promised"]


def test_claims_have_different_names_and_modules_that_exist() -> None:
    assert len({claim.key for claim in CLAIMS}) == len({claim.module for claim in CLAIMS}) == len(CLAIMS)
    root = Path(__file__).parents[2] / "src"
    assert not [claim.key for claim in CLAIMS if not (root / f"{claim.module.replace('.', '/')}.py").is_file()]
