"""S7: passwords of cameras and codes of keys, given to every command; then all that was said or written is searched."""

from __future__ import annotations

import json
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil

import framebus as fb
from framebus.core.errors import Unavailable
from framebus.links.keys import KeyStore
from framebus.stress.numbered_pictures import picture
from framebus.stress.trial import Trial
from framebus.testing.camera import TestCamera
from framebus.testing.children import Child
from framebus.testing.secrets import Secret
from framebus.testing.web_camera import WebCamera
from framebus.wire.encodings import encode

COMMANDS = 5
LONGEST_S = 5.0
AT_ONCE = 2
PATIENCE_S = 60.0
_DEAD = "127.0.0.1:9/main"
_UNCAUGHT = """
import logging, os
import framebus as fb
logging.basicConfig(level=logging.DEBUG)
try:
    with fb.open(os.environ["PLACE"], deadline="500ms", timeout="1s") as source:
        source.read()
except fb.Error as error:
    print(error, repr(error), error.args, source, source.stats())
fb.open(os.environ["PLACE"], turn=45)
"""


def attempt(trial: Trial) -> None:
    """Some commands that end, some that run; then look everywhere."""
    said = Said(trial)
    with ExitStack() as stack:
        places = _Places(trial, said.secret, stack)
        endings = [(*one, "--debug") if trial.chance.random() < 0.5 else one for one in _commands(trial, places)]
        chosen = trial.chance.sample(endings, COMMANDS)
        for at in range(0, len(chosen), AT_ONCE):
            said.until_they_end([trial.framebus(*words) for words in chosen[at : at + AT_ONCE]])
        said.until_they_end([trial.python("-c", _UNCAUGHT, env={"PLACE": trial.chance.choice(places.all())})])
        for run in trial.chance.sample(_RUNNING, 1):
            run(trial, places, said)
        _keys(trial, said)
    said.search_files()


class _Places:
    """Cameras that are there, and some that are not."""

    def __init__(self, trial: Trial, secret: Secret, stack: ExitStack) -> None:
        self.dead = [f"{scheme}://{secret.in_url}@{_DEAD}?token={secret.core}" for scheme in _SCHEMES]
        self.mistyped = [f"rtsp://viewer:{secret.password}@{_DEAD}", f"rtps://{secret.in_url}@{_DEAD}"]
        self.mistyped += [f"rtsp:viewer:{secret.core}@{_DEAD}", f"http:/viewer:{secret.core}@127.0.0.1/x"]
        jpeg = bytes(encode(fb.Frame.of(picture(1)), "jpeg").content.data)
        web = stack.enter_context(WebCamera(jpeg, secret.user, secret.password))
        self.good = [f"http://{secret.in_url}@127.0.0.1:{web.port}/video?pwd={secret.core}"]
        wrong = f"{secret.user}:{secret.core}wrong"
        self.wrong = [f"http://{wrong}@127.0.0.1:{web.port}/video"]
        with suppress(Unavailable):
            camera = TestCamera(user=secret.user, password=secret.password, login=trial.chance.choice(_LOGINS))
            stack.enter_context(camera)
            self.good.append(camera.url)
            self.wrong.append(camera.url_of("cam", password=f"{secret.core}wrong"))

    def all(self) -> list[str]:
        """Any of them."""
        return [*self.dead, *self.good, *self.wrong]


_SCHEMES = ("rtsp", "rtsps", "http", "https", "rtmp")
_LOGINS = ("digest", "digest-sha256", "basic")


def _commands(trial: Trial, places: _Places) -> list[tuple[str, ...]]:
    """Commands that end by themselves."""
    brief = ("--timeout", "2s", "--deadline", "1s")
    into = ("pics/{stream}-{seq}.png", "run.h5", "run.tif", "run.mp4", "null:")
    good, other = (trial.chance.choice(some) for some in (places.good, [*places.dead, *places.wrong]))
    folder = "ftp" + trial.chance.choice(places.dead).partition(":")[2].join((":", "/"))
    return [
        *(("pipe", good, sink, "--frames", "3") for sink in into),
        *(("pipe", one, "null:", "--frames", "1", *brief) for one in (*places.dead[:4], *places.wrong)),
        *(("pipe", one, "null:", "--frames", "1", *brief, "--backend", "ffmpeg") for one in places.dead[:2]),
        *(("pipe", one, "null:") for one in places.mistyped),
        *(("info", one, "--timeout", "2s") for one in (good, other)),
        ("info", good, "--json", "--timeout", "5s"),
        ("info", other, "--follow", "--frames", "1", *brief),
        *(("doctor", one) for one in (good, other)),
        ("doctor", other, "--json"),
        ("pipe", good, "null:", "--turn", "45"),
        ("pipe", good, "nosuch://x"),
        ("pipe", good, good),
        ("pipe", other, "null:", "--nosuch"),
        (other,),
        ("process", folder, "out", "--op", "gray"),
        ("process", ".", folder, "--op", "gray"),
        ("run", _system(trial, good, mistaken=True)),
        ("web", other, "--listen", "nowhere"),
        ("web", good, "--nosuch"),
        ("call", other, "x"),
        ("serve", "nosuch:Thing", other),
    ]


def _system(trial: Trial, place: str, *, mistaken: bool) -> str:
    """A system in a file, given: what stands in it is no leak."""
    folder = trial.folder / _GIVEN
    folder.mkdir(exist_ok=True)
    port = trial.port()
    text = f"[streams]\nyard = {{ source = {json.dumps(place)}{', fps = {json.dumps(place)}' if mistaken else ''} }}\n"
    text += f'[pipes.keep]\nsource = "yard"\nsink = "kept.h5"\n[web]\nlisten = "localhost:{port}"\n'
    path = folder / f"system-{port}.toml"
    path.write_text(text)
    return str(path)


_GIVEN = "given"

# what runs until it is stopped ----------------------------------------------------------------------------------


def _page(trial: Trial, places: _Places, said: Said) -> None:
    """The page: every address of it that can be looked at."""
    child = trial.framebus("web", places.good[-1], *places.wrong, *places.dead[:2], "--listen", "localhost:0")
    link = str(child.wait_line(r"^(http://\S+)$")[1])
    _look_at_page(trial, link, said)
    said.stop(child)


def _pipe(trial: Trial, places: _Places, said: Said) -> None:
    """A camera as a stream of this machine, and those who ask about it."""
    child = trial.framebus("pipe", trial.chance.choice(places.good), "shm://yard")
    children = [trial.framebus(*words) for words in (("info", "shm://yard", "--follow", "--frames", "2"),)]
    said.until_they_end(children)
    asking = (("list",), ("list", "--json"), ("info", "shm://yard", "--json"), ("doctor", "shm://yard"))
    said.until_they_end([trial.framebus(*words) for words in trial.chance.sample(asking, 2)])
    said.stop(child)


def _run(trial: Trial, places: _Places, said: Said) -> None:
    """A system, with its page."""
    child = trial.framebus("run", _system(trial, trial.chance.choice(places.good), mistaken=False), "--debug")
    with suppress(AssertionError):  # without the extra there is no page
        _look_at_page(trial, str(child.wait_line(r"(http://localhost:\S+)")[1]), said)
    said.until_they_end([trial.framebus("list", "--json")])
    said.stop(child)


_RUNNING: Sequence[Callable[[Trial, _Places, Said], None]] = (_page, _pipe, _run)


def _look_at_page(trial: Trial, link: str, said: Said) -> None:
    base, _, token = link.partition("?token=")
    known = _answer(base + "api", token)
    for path in json.loads(known).get("addresses", {}) if known else ():
        with suppress(OSError):
            said.hear(f"{path} of the page", _answer(base + path.replace("NAME", "yard"), token))
    trial.wait_until(lambda: b'"name"' in _answer(base + "api/streams", token), "the page shows its streams")
    for path in ("api/streams", "metrics", "api/log", "api/system", ""):
        said.hear(f"{path} of the page", _answer(base + path, token))


def _answer(url: str, token: str) -> bytes:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})  # noqa: S310  (our own page)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return bytes(answer.read(2_000_000))
    except OSError as error:
        return str(error).encode()


# keys -----------------------------------------------------------------------------------------------------------


def _keys(trial: Trial, said: Said) -> None:
    """Codes of invitations, and the secrets in them: all but the file that keeps them."""
    store = KeyStore(trial.folder / _GIVEN / "hub")
    code = store.invite("pi", f"tcp://127.0.0.1:{trial.port()}")
    own = store.own()
    assert own is not None  # noqa: S101
    said.secret.others += [code[10:], own.secret, KeyStore(trial.folder / _GIVEN / "pi").join(code).keys.client_secret]
    env = {"FRAMEBUS_KEYS": str(trial.folder / _GIVEN / "pi")}
    words = [("keys", "join", code[:-4]), ("keys", "join", f"x{code}"), ("keys", "list"), ("doctor",), ("list",)]
    words += [("pipe", code, "null:"), ("keys", "revoke", code), ("keys", "join", code), ("info", code)]
    chosen = trial.chance.sample(words, 2)
    for at in range(0, len(chosen), AT_ONCE):
        said.until_they_end([trial.framebus(*one, "--debug", env=env) for one in chosen[at : at + AT_ONCE]])


# the search -----------------------------------------------------------------------------------------------------


class Said:
    """Everything that was said, and the search through it."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self.secret = Secret(trial.chance)
        self._started: set[int] = set()

    def hear(self, where: str, data: bytes) -> None:
        """Raise `Breach` where the secret is in it."""
        self._trial.count("bytes searched", len(data))
        if self.secret.in_bytes(data):
            self._trial.check(False, f"{where} tells: {self.secret.around(data.decode(errors='replace'))!r}")

    def until_they_end(self, children: Sequence[Child]) -> None:
        """Wait for them and search what they said; their processes' titles before."""
        for child in children:
            self._started.add(child.pid)
        for child in children:
            until = time.monotonic() + LONGEST_S
            while child.process.poll() is None and time.monotonic() < until:
                self._titles()
                time.sleep(0.1)
            if child.process.poll() is None:  # one that waits for a camera may do so for ever
                child.terminate()
            child.wait(PATIENCE_S)
            self._search(child)

    def stop(self, child: Child) -> None:
        """End it as Ctrl-C does, and search what it said."""
        self._started.add(child.pid)
        self._titles()
        child.process.send_signal(signal.SIGINT)
        child.wait(PATIENCE_S)
        self._search(child)

    def _search(self, child: Child) -> None:
        self._trial.count("commands")
        what = " ".join(child.arguments[3:5])
        self.hear(f"framebus {what}", (child.stdout + child.stderr).encode())

    def _titles(self) -> None:
        """Of processes that were started by those that we started: who types a password shows it to `ps`."""
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                if process.pid not in self._started and process.parent() != psutil.Process():
                    self.hear(f"the title of {process}", " ".join(process.cmdline()).encode())

    def search_files(self) -> None:
        """All that was written, recordings, reports and the folders of this user."""
        home = self._trial.folder.parent
        for path in _files(home):
            self._trial.count("files searched", 1 if path else 0)
        found = list(self.secret.in_files(home, {self._trial.folder / _GIVEN, home / "keys"}))
        self._trial.check(not found, f"it is in the files {[str(path) for path in found]}")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
