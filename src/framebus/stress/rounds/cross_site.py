"""S6: every address of the page's server is asked by everybody: other sites, other names, weaker roles, no token."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

from framebus.core.errors import Unavailable
from framebus.stress.trial import Trial
from framebus.testing import browsers
from framebus.testing.browsers import Answer, Ask, Served
from framebus.testing.damage import Damage

REQUESTS = 700
CONVERSATIONS = 12
STREAM = "cam"
NAMES = (STREAM, STREAM, "none", "..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "cam%00", "%ff", "a" * 3000)
"""What stands in addresses where a name belongs."""
ODD_PATHS = (
    *("/../../etc/passwd", "/static/../../../etc/passwd", "/static/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd"),
    *("/static//etc/passwd", "/api/recordings/..%2f..%2f..%2fetc%2fpasswd", "/api//streams", "/API/STREAMS", "/api/"),
    *(
        "/api/streams/",
        "/api/streams;x",
        "/api/streams%20",
        "/api/streams/cam/../..",
        "*",
        "/?token=",
        "/api/streams?%",
    ),
    *(
        "http://evil.example/api/streams",
        "/" + "a" * 20_000,
        "/%",
        "/api/log/",
        "/api/system",
        "/docs",
        "/openapi.json",
    ),
)
_WISHES = (
    b'{"op":"watch","tile":1,"stream":"cam","how":"jpeg","width":640,"look":{"low":1,"colours":"","area":[0,0,9,9]}}',
    b'{"op":"seen","tiles":{"1":1}}',
    b'{"op":"leave","tile":1}',
    b'{"op":"ping","at":1.5}',
    b'{"type":"mse","value":"avc1.640029,hvc1.1.6.L153.B0"}',
)
SOCKETS = ("/ws", f"/ws/stream/{STREAM}", f"/ws/message/{STREAM}")


def attempt(trial: Trial) -> None:
    """Ask everything; what is not allowed is refused and changes nothing, what is allowed is answered."""
    try:
        from framebus.web.page import require_packages

        require_packages()
    except Unavailable as error:
        trial.cannot(str(error))
    page = _Served(trial)
    for _ in range(REQUESTS):
        page.ask()
    for path in ODD_PATHS:
        page.ask_oddly(path)
    for _ in range(CONVERSATIONS):
        page.talk()
    page.check()


def judge(trial: Trial, ask: Ask, answer: Answer, *, allowed: bool) -> None:
    """Raise `Breach` where somebody got in who may not, or did not who may."""
    told = f"{ask} was answered {answer.status} {answer.body[:300]!r}"
    trial.check(answer.status < 500 or answer.status == 503, told)
    trial.check(allowed or answer.status in _REFUSALS, told)
    trial.check(not allowed or answer.status not in (401, 403, 405, 421), told)
    if answer.status in (200, 401, 403, 404, 405, 421) and ask.method != browsers.SOCKET:
        safe = "default-src 'none'" in answer.headers.get("content-security-policy", "")
        trial.check(safe and answer.headers.get("x-content-type-options") == "nosniff", told)


_REFUSALS = (400, 401, 403, 404, 405, 414, 421, 431)


class _Served:
    """The page in a process of its own, with everything it can have."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._folder = trial.folder / "recordings"
        self._folder.mkdir()
        self._tokens = {who: f"token-of-{who}-{trial.chance.randbytes(12).hex()}" for who in browsers.RANKS if who}
        self._child = trial.python("-m", __name__, self._folder, json.dumps(self._tokens))
        found = json.loads(self._child.wait_line(r"^serving (.*)$")[1])
        self._port: int = found["port"]
        self._all = [Served(*each) for each in found["ways"]]

    def ask(self) -> None:
        """One request, held against what is allowed."""
        chance = self._trial.chance
        served = chance.choice(self._all)
        ask = browsers.asks(chance, served, self._port, NAMES)
        allowed = ask.allowed(served, self._port)
        if allowed and served.method not in ("GET", browsers.SOCKET):
            return  # what may be changed by whom is no question of this claim
        answer = browsers.send(ask, self._port, self._tokens)
        self._trial.count("requests")
        self._trial.count("refused", 400 <= answer.status < 500)
        judge(self._trial, ask, answer, allowed=allowed)
        self._trial.check(not any(token.encode() in answer.body for token in self._tokens.values()), f"{ask}: {answer}")

    def ask_oddly(self, path: str) -> None:
        """A path that nobody serves, by somebody who may look."""
        ask = Ask("GET", path, (f"localhost:{self._port}",), None, "view", "bearer")
        answer = browsers.send(ask, self._port, self._tokens)
        told = f"{path[:100]} was answered {answer.status} {answer.body[:300]!r}"
        self._trial.count("requests")
        self._trial.check(b"root:" not in answer.body and answer.status < 500, told)
        self._trial.check(answer.status != 200 or path in ("/?token=", "/api/system", "/api/streams?%"), told)

    def talk(self) -> None:
        """Nonsense over a websocket, by somebody who may look."""
        from websockets.exceptions import ConnectionClosed
        from websockets.sync.client import connect

        chance = self._trial.chance
        damage = Damage(chance, [[wish] for wish in _WISHES])
        headers = {"Authorization": f"Bearer {self._tokens['view']}"}
        address = f"ws://localhost:{self._port}{chance.choice(SOCKETS)}"
        with connect(address, additional_headers=headers, compression=None, max_size=None) as line:
            try:
                for _ in range(chance.randrange(1, 30)):
                    said = b"".join(damage.one())
                    line.send(said if chance.random() < 0.5 else said.decode("latin-1"))
                    self._trial.count("wishes")
                if chance.random() < 0.2:
                    line.send(bytes(5_000_000))
                line.recv(timeout=0.05)
            except (ConnectionClosed, TimeoutError):
                pass

    def check(self) -> None:
        """Nothing was changed, nothing broke, and who may look still can."""
        ask = Ask("GET", "/api/streams", (f"localhost:{self._port}",), None, "view", "cookie")
        answer = browsers.send(ask, self._port, self._tokens)
        self._trial.check(answer.status == 200 and STREAM.encode() in answer.body, f"at the end: {answer}")
        self._trial.check(not any(self._folder.iterdir()), f"there are {list(self._folder.iterdir())}")
        self._trial.check(self._child.process.poll() is None, self._child.stderr)
        self._trial.check("Traceback" not in self._child.stderr, self._child.stderr)


def serve(folder: str, tokens: str) -> None:
    """The process with the page."""
    from framebus.web.app import everything
    from framebus.web.page import Page
    from framebus.web.server import Listening, Server

    known = json.loads(tokens)
    others = {who: known[who] for who in ("view", "operate")}
    listener = Listening.parse("localhost:0").bound()
    devices = ("tcp://127.0.0.1:9",)
    page = Page(f"synthetic:{STREAM}", token=known["admin"], tokens=others, recordings=Path(folder), devices=devices)
    with Server(page, listener) as server:
        server.start()
        ways = [
            (way.method, way.path, way.role.word if way.role else "") for way in everything(page.wall, page.parts).all
        ]
        print("serving", json.dumps({"port": server.port, "ways": ways}), flush=True)
        signal.pause()


if __name__ == "__main__":
    serve(*sys.argv[1:])
