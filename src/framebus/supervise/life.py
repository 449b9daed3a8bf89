"""The life of one supervised process as a state machine. Pure: time is an argument, nothing is started here."""

from __future__ import annotations

from typing import Literal

from framebus.supervise.restarts import RestartRules, Restarts

State = Literal["waiting", "starting", "ready", "failed", "stopped"]


class Life:
    """waiting → starting → ready, and back to waiting with each death; `failed` and `stopped` are final.

    Whoever drives it starts a process when one is `due`, and tells what becomes of it.
    """

    def __init__(self, rules: RestartRules | None = None) -> None:
        self.state: State = "waiting"
        self.start_at: float | None = 0.0
        """When to start it (monotonic seconds); None while it runs, and once that is over."""
        self.deaths = 0
        self.ever_ready = False
        self._restarts = Restarts(rules)

    @property
    def over(self) -> bool:
        """True once it will not be started again."""
        return self.state in ("failed", "stopped")

    def due(self, now: float) -> bool:
        """True when it should be started now."""
        return self.start_at is not None and now >= self.start_at

    def started(self) -> None:
        """A process was started."""
        if self.state == "waiting":
            self.state, self.start_at = "starting", None

    def ready(self) -> None:
        """It is built and waits for work."""
        if self.state == "starting":
            self.state, self.ever_ready = "ready", True

    def worked(self) -> None:
        """It did a piece of work."""
        if self.state == "ready":
            self._restarts.worked()

    def died(self, now: float, *, killed: bool = False) -> None:
        """The process has ended without being asked to (`killed` by somebody else), or could not be started."""
        if self.over:
            return
        self.deaths += 1
        self.start_at = self._restarts.died(now, killed=killed)
        self.state = "failed" if self.start_at is None else "waiting"

    def failed(self) -> None:
        """It can never be: starting it again would end the same way."""
        if self.state != "stopped":
            self.state, self.start_at = "failed", None

    def stop(self) -> None:
        """Nobody needs it any more."""
        self.state, self.start_at = "stopped", None
