"""S3: every verb is asked to listen at every kind of address; then the system is asked who listens."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress

import framebus as fb
from framebus.core.errors import Unavailable
from framebus.stress.trial import Trial
from framebus.testing import listening
from framebus.testing.children import Child

COMMANDS = 4
PATIENCE_S = 60.0
_WHY = "needs to know who may connect"
REFUSED = 4
_HERE = ("localhost", "127.0.0.1", "[::1]")
_EVERYWHERE = ("", "*", "0.0.0.0", "[::]")  # noqa: S104  (what is refused)


def attempt(trial: Trial) -> None:
    """From Python, all of it; as commands, some."""
    own = listening.of_network()
    elsewhere = [*_EVERYWHERE, *([own] if own else [])]
    for host in elsewhere:
        for verb in _VERBS:
            _refused(trial, verb, host)
    for verb in _VERBS:
        _here_only(trial, verb, trial.chance.choice(_HERE[:2]))
    for _ in range(COMMANDS):
        command = trial.chance.choice(_COMMANDS)
        if trial.chance.random() < 0.7:
            _command_refused(trial, command, trial.chance.choice(elsewhere))
        else:
            _command_here_only(trial, command, trial.chance.choice(_HERE[:2]))


# from Python ----------------------------------------------------------------------------------------------------

Open = Callable[[str], "fb.Publisher | fb.Source"]


def _publish(address: str) -> fb.Publisher:
    return fb.publish(f"{address}/cam", listen=True)


def _read(address: str) -> fb.Source:
    return fb.open(address, listen=True)


def _read_old(address: str) -> fb.Source:
    return fb.open(f"imagezmq+{address}", listen=True)


def _publish_old(address: str) -> fb.Publisher:
    return fb.publish(f"imagezmq+{address}", listen=True)


_VERBS: tuple[Open, ...] = (_publish, _read, _read_old, _publish_old)


def _refused(trial: Trial, verb: Open, host: str) -> None:
    port, what = trial.port(), ""
    try:
        with verb(f"tcp://{host}:{port}") as opened:
            _drive(opened)
            what = str(listening.addresses(port))
    except Unavailable as error:
        told = str(error)
        trial.check("insecure" in told and ("keys invite" in told or "allow" in told), told)
    told = f"{verb.__name__} at {host!r}"
    trial.count("refusals")
    trial.check(not what, f"{told} listened at {what}")
    trial.check(not listening.addresses(port), f"{told} was refused, and listens all the same")


def _here_only(trial: Trial, verb: Open, host: str) -> None:
    port = trial.port()
    with verb(f"tcp://{host}:{port}") as opened:
        _drive(opened)
        trial.wait_until(lambda: listening.addresses(port), f"{verb.__name__} listens at {host}", 20.0)
        found = listening.beyond_loopback(listening.addresses(port))
        trial.check(not found, f"{verb.__name__} at {host} listens at {found}")
    trial.count("doors here")


def _drive(opened: fb.Publisher | fb.Source) -> None:
    """A source listens when it is first used."""
    if isinstance(opened, fb.Source):
        with suppress(fb.Timeout):
            opened.read(timeout=0)


# as commands ----------------------------------------------------------------------------------------------------

Command = Callable[[Trial, str], tuple[str, ...]]


def _pipe_in(trial: Trial, address: str) -> tuple[str, ...]:
    return ("pipe", address, "null:", "--listen")


def _pipe_out(trial: Trial, address: str) -> tuple[str, ...]:
    return ("pipe", "synthetic:", f"{address}/cam", "--listen", "--fps", "5")


def _info(trial: Trial, address: str) -> tuple[str, ...]:
    return ("info", address, "--follow", "--listen")


def _serve(trial: Trial, address: str) -> tuple[str, ...]:
    return ("serve", "framebus.stress.rounds.listeners:Lamp", address)


def _system(trial: Trial, address: str) -> tuple[str, ...]:
    path = trial.folder / f"system-{trial.chance.randrange(10**9)}.toml"
    path.write_text(f'[pipes.out]\nsource = "synthetic:"\nsink = {json.dumps(address + "/cam")}\nlisten = true\n')
    return ("run", str(path))


class Lamp:
    """An object that is served."""

    on = False


_COMMANDS: tuple[Command, ...] = (_pipe_in, _pipe_out, _info, _serve, _system)


def _started(trial: Trial, command: Command, host: str) -> tuple[Child, int, str]:
    port = trial.port()
    words = command(trial, f"tcp://{host}:{port}")
    return trial.framebus(*words), port, " ".join(words)


def _command_refused(trial: Trial, command: Command, host: str) -> None:
    child, port, words = _started(trial, command, host)
    trial.count("commands")
    until = time.monotonic() + PATIENCE_S
    while child.process.poll() is None and not (command is _system and _WHY in child.stderr):
        trial.check(time.monotonic() < until, f"framebus {words} goes on, and was to be refused: {child.stderr}")
        found = listening.beyond_loopback(listening.addresses(port))
        trial.check(not found, f"framebus {words} listens at {found}")
        time.sleep(0.02)
    if child.process.poll() is None:  # a system waits for the keys
        child.interrupt()
        child.wait()
        return
    code = child.wait()
    trial.check(code in (REFUSED, 2), f"framebus {words} ended with {code}\n{child.stdout}{child.stderr}")


def _command_here_only(trial: Trial, command: Command, host: str) -> None:
    child, port, words = _started(trial, command, host)
    trial.count("commands")
    trial.wait_until(
        lambda: listening.addresses(port) or child.process.poll() is not None, f"framebus {words} listens", 40.0
    )
    found = listening.addresses(port)
    trial.check(found, f"framebus {words} did not listen: {child.stderr}")
    trial.check(not listening.beyond_loopback(found), f"framebus {words} listens at {found}")
    child.interrupt()
    child.wait()
