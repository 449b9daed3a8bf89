"""R5: a sender, a relay, a saver that is owed every frame; relay and saver are killed at random."""

from __future__ import annotations

import itertools

from framebus.memory.pool import supported
from framebus.stress.trial import Trial
from framebus.testing.children import Child

FRAMES = 2000
KILLS = 4


def attempt(trial: Trial) -> None:
    """Kill either until there were enough; the numbers saved must be all of them, in order but for what came again."""
    chain = _Chain(trial)
    sender = trial.python("-m", "framebus.stress.players", "send", chain.first, str(FRAMES), "relay")
    for _ in range(KILLS):
        chain.kill_one_after(trial.chance.randrange(FRAMES // KILLS))
    chain.end()
    trial.check(sender.wait() == 0, f"the sender ended with {sender.process.returncode}\n{sender.stderr}")
    trial.count("frames", FRAMES)
    trial.count("kills", KILLS)
    numbers = chain.saved()
    lost = set(range(FRAMES)) - set(numbers)
    trial.count("lost", len(lost))
    trial.count("given again", len(numbers) - len(set(numbers)))
    trial.check(not lost, f"lost: {sorted(lost)[:20]}")
    steps = [after - before for before, after in itertools.pairwise(numbers)]
    trial.check(max(steps) == 1, f"a gap that closed later: {steps}")


class _Chain:
    """Relay and saver, over links of any kind."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self.first, self._second = (self._address(name) for name in ("first", "second"))
        self._file = trial.folder / "numbers"
        self._file.touch()
        self._relay = self._start_relay()
        self._saver = self._start_saver()

    def _address(self, name: str) -> str:
        if supported() and self._trial.chance.random() < 0.5:
            return f"shm://{name}"
        return f"tcp://localhost:{self._trial.port()}/{name}"

    def _start_relay(self) -> Child:
        options = ("--keep", "all", "--group", "relay", "--wait-for", "saver")
        return self._trial.framebus("pipe", self.first, self._second, *options)

    def _start_saver(self) -> Child:
        return self._trial.python("-m", "framebus.stress.players", "save", self._second, "saver", str(self._file))

    def saved(self) -> list[int]:
        """The numbers, in the order in which they came."""
        return [int(line) for line in self._file.read_text().split()]

    def kill_one_after(self, count: int) -> None:
        """Kill relay or saver when so many more came, and start it again."""
        wanted = min(len(self.saved()) + count, FRAMES)
        self._trial.wait_until(lambda: len(self.saved()) >= wanted, f"{wanted} frames came")
        if self._trial.chance.random() < 0.5:
            self._relay.kill()
            self._relay = self._start_relay()
        else:
            self._saver.kill()
            self._saver = self._start_saver()

    def end(self) -> None:
        """Let everybody come to the end."""
        for one in (self._saver, self._relay):
            self._trial.check(one.wait(60.0) == 0, f"{one.arguments[2:5]} ended badly\n{one.stderr}")
