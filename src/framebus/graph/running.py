"""Runs a system: performs what its state machine orders, tells it what happens, and leaves no process behind."""

from __future__ import annotations

import select
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import msgspec

from framebus.core.bell import Bell
from framebus.core.errors import Unavailable
from framebus.graph.channel import Change, Done, Failed, Figures, Look, Ready, Stop, added
from framebus.graph.node_handle import Node
from framebus.graph.plans import Capture, Place, Plan, Web
from framebus.graph.system import Order, System
from framebus.graph.view import View, views_of
from framebus.links import directory

TICK_S = 0.25
"""How often to look up while nothing happens."""
LOOK_S = 0.05
"""How often to look where the system does not tell that a process has ended."""


class Audience(Protocol):
    """Who is told what happens. Called in the thread that runs the system."""

    def printed(self, name: str, line: str) -> None:
        """A node printed a line."""
        ...

    def look(self, views: list[View]) -> None:
        """How everything is, about four times a second."""
        ...

    def opened(self, links: Mapping[str, str]) -> None:
        """People see it at these links, which hold tokens, by who they are; told whenever what serves it starts."""
        ...


class Running:
    """All nodes of a system. `run` in one thread, which starts the processes; `stop` and `hurry` from any, or from a
    signal handler."""

    def __init__(self, plans: Iterable[Plan], place: Place, audience: Audience) -> None:
        self._place = place
        self._audience = audience
        self._system = System()
        self._system.apply(plans)
        self._nodes: dict[str, Node] = {}
        self._told: defaultdict[str, Told] = defaultdict(Told)
        self._wished = ""
        self._bell = Bell()

    @property
    def stopped(self) -> bool:
        """True where somebody wanted it to end, rather than that everything is done."""
        return bool(self._wished)

    @property
    def ending(self) -> bool:
        """True once all of it is being ended, rather than a part that is begun anew."""
        return self._system.stopping

    @property
    def exit_code(self) -> int:
        """See `System`."""
        return self._system.exit_code

    def stop(self) -> None:
        """End everything in order: what makes frames, then what takes them."""
        self._wished = self._wished or "stop"
        self._bell.ring()

    def hurry(self) -> None:
        """End everything now."""
        self._wished = "hurry"
        self._bell.ring()

    def apply(self, plans: Iterable[Plan]) -> list[str]:
        """Have exactly these from now on. In the thread that runs; the keys of those that changed."""
        return self._system.apply(plans)

    def views(self) -> list[View]:
        """How everything is."""
        now = time.monotonic()
        return [view for key in self._system.members for view in self._views(key, now)]

    @property
    def shown(self) -> bool:
        """True where there is a page to show it."""
        return any(isinstance(node.plan.work, Web) for node in self._nodes.values())

    def show(self, system: bytes) -> None:
        """Have the page show this, which is JSON. In the thread that runs; a page that is behind is spared."""
        for node in self._nodes.values():
            if isinstance(node.plan.work, Web) and not node.channel.waiting:
                node.tell(Look(msgspec.Raw(system)))

    def run(self, each_tick: Callable[[], None] = lambda: None) -> None:
        """Until everything is done, or somebody stops it; `KeyboardInterrupt` comes through after all has ended."""
        try:
            self._run(each_tick)
        except KeyboardInterrupt:
            (self.hurry if self._wished else self.stop)()
            self._run(each_tick)
            raise
        finally:
            for key in list(self._nodes):
                self._bury(key)
            directory.entries()  # sweeps what those that were killed left behind
            self._bell.close()

    # the loop ----------------------------------------------------------------------------------------------

    def _run(self, each_tick: Callable[[], None]) -> None:
        looked_at = 0.0
        while not self._system.over:
            self._heed()
            now = time.monotonic()
            for order in self._system.due(now):
                self._perform(order, now)
            self._sleep()
            self._listen()
            if time.monotonic() - looked_at >= TICK_S:
                each_tick()
                self._audience.look(self.views())
                looked_at = time.monotonic()
        self._audience.look(self.views())

    def _heed(self) -> None:
        self._bell.hush()
        if self._wished == "hurry":
            self._system.hurry()
        elif self._wished:
            self._system.stop()

    def _perform(self, order: Order, now: float) -> None:
        node = self._nodes.get(order.key)
        if order.deed == "start":
            self._start(order.key, now)
        elif node is not None and order.deed == "stop":
            node.tell(Stop())
        elif node is not None and order.deed == "kill":
            node.kill()
        elif node is not None:
            work = self._system.members[order.key].plan.work
            assert isinstance(work, Capture)  # noqa: S101  (nothing else is changed while it runs)
            node.tell(Change(work))

    def _start(self, key: str, now: float) -> None:
        try:
            self._nodes[key] = Node(self._system.members[key].plan, self._place)
            self._told[key].at = now
        except (Unavailable, OSError) as error:
            self._system.died(key, now, f"its process cannot be started: {error}")

    def _sleep(self) -> None:
        """Until something comes from a node, one has ended, somebody wants something, or it is time for something."""
        poll = select.poll()
        poll.register(self._bell.fileno(), select.POLLIN)
        waits_s = [TICK_S]
        if (at := self._system.wake_at) is not None:
            waits_s.append(max(0.0, at - time.monotonic()))
        for node in self._nodes.values():
            if not node.channel.ended:
                poll.register(node.channel, select.POLLIN | (select.POLLOUT if node.channel.waiting else 0))
            if not node.silent:
                poll.register(node.output, select.POLLIN)
            if node.descriptor is None:
                waits_s.append(LOOK_S)
            else:
                poll.register(node.descriptor, select.POLLIN)
        poll.poll(min(waits_s) * 1000 + 1)

    # what comes from nodes ---------------------------------------------------------------------------------

    def _listen(self) -> None:
        for key, node in list(self._nodes.items()):
            ended = node.ended()  # first: what it said before it ended is heard below
            node.channel.flush()
            for news in node.channel.received():
                self._note(key, news, time.monotonic())
            self._print(node, node.printed())
            if ended:
                self._died(key, f"its process {node.ending}")
        for key, member in list(self._system.members.items()):
            if member.running and key not in self._nodes:  # interrupted while it was started
                self._died(key, "was interrupted")

    def _note(self, key: str, news: Any, now: float) -> None:
        if isinstance(news, Figures):
            if news.frames > self._told[key].figures.frames:
                self._system.worked(key)
            self._told[key].figures = news
        elif isinstance(news, Ready):
            self._system.ready(key, now)
            if news.links:
                self._audience.opened(news.links)
        elif isinstance(news, Done):
            self._system.done(key)
        elif isinstance(news, Failed) and news.hopeless:
            self._system.hopeless(key, news.why, news.exit_code)
        elif isinstance(news, Failed):
            self._told[key].reason = news.why
        self._told[key].at = now

    def _died(self, key: str, why: str) -> None:
        told = self._told[key]
        self._system.died(key, time.monotonic(), told.reason or why)
        self._bury(key)
        self._told[key] = Told(before=added(told.before, told.figures))

    def _bury(self, key: str) -> None:
        if (node := self._nodes.pop(key, None)) is not None:
            self._print(node, node.close())

    def _print(self, node: Node, lines: Iterable[str]) -> None:
        for line in lines:
            self._audience.printed(node.plan.name, line)

    def _views(self, key: str, now: float) -> list[View]:
        told, node = self._told[key], self._nodes.get(key)
        figures = added(told.before, told.figures)
        return views_of(self._system.members[key], figures, 0 if node is None else node.pid, now - told.at)


class Told:
    """What is known of a node's figures."""

    def __init__(self, before: Figures | None = None) -> None:
        self.figures = Figures(state="waiting")
        """Of its present process."""
        self.before = before or Figures()
        """Of those before."""
        self.reason = ""
        """Why it says it has to end."""
        self.at = time.monotonic()
        """When it told something last."""
