"""S10: keys are made and changed under any umask while their modes are watched; files too open are refused."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import threading
from pathlib import Path

from framebus.links.keys import KeyStore
from framebus.stress.trial import Trial, root

UMASKS = (0o000, 0o002, 0o022, 0o027, 0o077)
OPEN_MODES = (0o640, 0o604, 0o644, 0o660, 0o606, 0o666, 0o601, 0o610, 0o777)
NOBODY = 65_534


def attempt(trial: Trial) -> None:
    """Make, watch, open up, close again."""
    folder = trial.folder / "keys"
    with Watched(folder) as watched:
        os.umask(trial.chance.choice(UMASKS))
        code = _made(trial, folder)
        for number in range(20):
            store = KeyStore(folder)
            store.invite(f"guest-{number}", "tcp://127.0.0.1:5555")
            store.revoke(f"guest-{number}")
            trial.count("changes", 2)
        os.umask(0o022)
    trial.count("looks", watched.looks)
    trial.check(not watched.open, f"others could read {watched.open}")
    trial.check(watched.looks > 10, "nobody looked")
    for path in (folder / "own.json", folder / "clients.json", folder / "peers.json", folder):
        _opened_up(trial, folder, path, code)


def _made(trial: Trial, folder: Path) -> str:
    """A pair, a client and a peer; the code that was printed."""
    env = {"FRAMEBUS_KEYS": str(folder)}
    code = trial.framebus("keys", "invite", "pi", "--address", "tcp://127.0.0.1:5555", env=env).succeed().strip()
    elsewhere = KeyStore(trial.folder / "elsewhere")
    KeyStore(folder).join(elsewhere.invite("us", "tcp://127.0.0.1:6666"))
    return code


class Watched:
    """Looks at the modes of everything in a folder, again and again, until the end of its block."""

    def __init__(self, folder: Path) -> None:
        self.open: list[str] = []
        self.looks = 0
        self._folder = folder
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watched:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.0002):
            try:
                for path in [self._folder, *self._folder.iterdir()]:
                    mode = path.lstat().st_mode
                    self.looks += 1
                    if stat.S_IMODE(mode) & 0o077:
                        self.open.append(f"{path} {mode:o}")
            except OSError:  # one that is just being replaced
                continue


def _opened_up(trial: Trial, folder: Path, path: Path, code: str) -> None:
    """Refused with what to type; once that was typed, it works again."""
    right = stat.S_IMODE(path.stat().st_mode)
    path.chmod((right | 0o700 if path.is_dir() else 0) | trial.chance.choice(OPEN_MODES))
    said = _listed(trial, folder, 4)
    hint = next((line for line in said.splitlines() if "chmod" in line), "")
    trial.check(str(path) in hint, f"nothing says what to do about {path}: {said}")
    subprocess.run(shlex.split(hint[hint.index("chmod") :]), check=True)  # what it told us
    trial.check(stat.S_IMODE(path.stat().st_mode) == right, f"{hint} made {path.stat().st_mode:o} of it")
    trial.check(code not in _listed(trial, folder, 0), "the list shows a secret")
    trial.count("refusals")
    if root() and trial.chance.random() < 0.5:
        os.chown(path, NOBODY, NOBODY)
        said = _listed(trial, folder, 4)
        trial.check("another user" in said, f"{path} of somebody else: {said}")
        os.chown(path, os.geteuid(), os.getegid())


def _listed(trial: Trial, folder: Path, expected: int) -> str:
    """What `framebus keys list` says."""
    child = trial.framebus("keys", "list", env={"FRAMEBUS_KEYS": str(folder)})
    code = child.wait()
    trial.check(code == expected, f"framebus keys list ended with {code}\n{child.stdout}{child.stderr}")
    return child.stdout + child.stderr
