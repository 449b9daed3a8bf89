"""Which processes of a system run, and what is to be done about it. Pure: time is an argument, nothing is started here.

Events go in as method calls (`started` by itself, `ready`, `done`, `died` …), instructions come out of `due`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from framebus.graph.plans import Capture, Pipe, Plan
from framebus.supervise.life import Life
from framebus.supervise.restarts import RestartRules

RULES = RestartRules(attempts=sys.maxsize, longest_delay_s=30.0)
"""Nothing is given up for good: who comes back after a night finds everything at work again within half a minute."""
STEADY_S = 10.0
"""What was ready for so long did its work, also where nobody asked it for anything."""
FAILED = 3
"""The exit code where something failed and is listed."""
GRACE_S = 6.0
"""How long a process that is asked to stop may take."""

Deed = Literal["start", "stop", "kill", "change"]


class Order(NamedTuple):
    """What the runner is to do with the process of one plan."""

    deed: Deed
    key: str


class Member:
    """One process of the system, running or not."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.life = Life(RULES)
        self.running = False
        self.starts = 0
        """How often it was started."""
        self.done = False
        """True once it has done all there was to do."""
        self.why = ""
        """What went wrong last, as a sentence; empty once it works again."""
        self.exit_code = FAILED
        """What its command would end with, where it has failed."""
        self.death = ""
        """How it ended last, as the second half of a sentence; stays when all is well again."""
        self.asked = False
        """Told to stop."""
        self.successor: Plan | None = None
        self.unwanted = False
        self.changed = False
        self._killed = False
        self._kill_at: float | None = None
        self._ready_at: float | None = None

    @property
    def failed(self) -> bool:
        """True when it has failed for good."""
        return self.life.state == "failed"

    def wake_at(self) -> float | None:
        """When there is something to do about it, if nothing happens before."""
        return self._kill_at if self.running else self.life.start_at

    def end(self, now: float, *, at_once: bool) -> Iterator[Order]:
        """Ask it to stop; kill it when it takes too long, when there is nothing to finish yet, or `at_once`."""
        at_once = at_once or self.life.state == "starting"
        if at_once or (self._kill_at is not None and now >= self._kill_at):
            if not self._killed:
                self.asked, self._killed, self._kill_at = True, True, None
                yield Order("kill", self.plan.key)
        elif not self.asked:
            self.asked, self._kill_at = True, now + GRACE_S
            yield Order("stop", self.plan.key)

    def begin(self, now: float) -> Iterator[Order]:
        """Start it when it is time; tell it what changed."""
        if self.running:
            if self.changed:
                self.changed = False
                yield Order("change", self.plan.key)
        elif self.life.due(now):
            self.life.started()
            self.running, self.changed = True, False
            self.starts += 1
            yield Order("start", self.plan.key)

    def ready(self, now: float) -> None:
        self.life.ready()
        self._ready_at = now

    def died(self, now: float, why: str) -> None:
        steady = self._ready_at is not None and now - self._ready_at >= STEADY_S
        self.running, self._ready_at = False, None
        if self.asked and not self.failed:
            self.life.stop()
        if self.life.over:
            return
        self.why = self.death = why
        if self.plan.restart == "never":
            self.life.failed()
            return
        if steady:
            self.life.worked()
        self.life.died(now)


class System:
    """All processes of a system: started, restarted, replaced when their plan changes, stopped in order."""

    def __init__(self) -> None:
        self._members: dict[str, Member] = {}
        self._hurry = False
        self.stopping = False
        """True from the wish to stop, or from when all is done, to the end."""

    # wishes ------------------------------------------------------------------------------------------------

    def apply(self, plans: Iterable[Plan]) -> list[str]:
        """Have exactly these from now on; what is as it was goes on untouched. The keys of all that changes."""
        wanted = {plan.key: plan for plan in plans}
        touched = [key for key, plan in wanted.items() if self._adopt(plan)]
        for key, member in self._members.items():
            if key not in wanted and not member.unwanted:
                member.unwanted, member.successor = True, None
                touched.append(key)
        self._tidy()
        return touched

    def stop(self) -> None:
        """End everything, in order."""
        self.stopping = True

    def hurry(self) -> None:
        """End everything now."""
        self.stopping = self._hurry = True

    # what happened -----------------------------------------------------------------------------------------

    def ready(self, key: str, now: float) -> None:
        """It stands, and works."""
        if member := self._members.get(key):
            member.ready(now)

    def worked(self, key: str) -> None:
        """It did some of its work: what went wrong before is over, unless that was the end of it."""
        if (member := self._members.get(key)) and not member.life.over:
            member.life.worked()
            member.why = ""

    def done(self, key: str) -> None:
        """It did all of its work, and ends."""
        if member := self._members.get(key):
            member.done, member.why = True, ""
            member.life.stop()

    def hopeless(self, key: str, why: str, exit_code: int) -> None:
        """It can never work as it is described."""
        if member := self._members.get(key):
            member.why, member.exit_code = why, exit_code
            member.life.failed()

    def died(self, key: str, now: float, why: str) -> None:
        """Its process has ended, or could not be started."""
        if member := self._members.get(key):
            member.died(now, why)
        self._tidy()

    # what is to be done ------------------------------------------------------------------------------------

    def due(self, now: float) -> list[Order]:
        """What is to be done now; each is told once."""
        self._tidy()
        if self.finished:
            self.stopping = True
        return list(self._endings(now) if self.stopping else self._doings(now))

    @property
    def wake_at(self) -> float | None:
        """When `due` has something to tell, if nothing happens before."""
        times = [member.wake_at() for member in self._members.values() if member.running or not self.stopping]
        return min((at for at in times if at is not None), default=None)

    @property
    def finished(self) -> bool:
        """True when nothing is left to do: all pipes (where there are none, everything) are done, or have failed."""
        return all(member.life.over and member.successor is None for member in self._decisive)

    @property
    def exit_code(self) -> int:
        """0, or 3 where something has failed; that of its command where nothing else was to be done."""
        if not any(member.failed for member in self._members.values()):
            return 0
        codes = {member.exit_code if member.failed else 0 for member in self._decisive}
        return codes.pop() if len(codes) == 1 and 0 not in codes else FAILED

    @property
    def _decisive(self) -> list[Member]:
        """Those that have an end: all pipes; where there are none, everything."""
        pipes = [member for member in self._members.values() if isinstance(member.plan.work, Pipe)]
        return pipes or list(self._members.values())

    @property
    def over(self) -> bool:
        """True once everything was stopped and no process is left."""
        return self.stopping and not any(member.running for member in self._members.values())

    @property
    def members(self) -> dict[str, Member]:
        """All of them by key, in order; to be looked at."""
        return self._members

    def _doings(self, now: float) -> Iterator[Order]:
        for member in self._members.values():
            if member.unwanted or member.successor is not None:
                yield from member.end(now, at_once=False)
            else:
                yield from member.begin(now)

    def _endings(self, now: float) -> Iterator[Order]:
        running = [member for member in self._members.values() if member.running]
        stage = min((member.plan.stage for member in running), default=0)
        for member in running:
            if self._hurry or member.asked or member.plan.stage == stage:
                yield from member.end(now, at_once=self._hurry)

    def _adopt(self, plan: Plan) -> bool:
        """Whether `plan` is another one than before, and means a change."""
        member = self._members.get(plan.key)
        if member is None:
            self._members[plan.key] = Member(plan)
            return True
        if plan == (member.successor or member.plan) and not member.unwanted:
            return False
        if _adapts(member, plan):
            member.changed, member.plan = True, plan
        else:
            member.unwanted, member.successor = False, plan
        return True

    def _tidy(self) -> None:
        """Forget who is not wanted and has ended; let successors take their place."""
        for key, member in list(self._members.items()):
            if member.running:
                continue
            if member.unwanted:
                del self._members[key]
            elif member.successor is not None:
                self._members[key] = Member(member.successor)


def _adapts(member: Member, plan: Plan) -> bool:
    """Whether the running process can go over to `plan`: capture does, one camera at a time."""
    works = (member.plan.work, plan.work)
    return all(isinstance(work, Capture) for work in works) and not (
        member.asked or member.unwanted or member.life.over
    )
