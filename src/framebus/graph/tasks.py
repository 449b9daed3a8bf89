"""What a node works at: a shape, and which one belongs to which plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from framebus.graph.channel import Change, Figures, Look
from framebus.graph.plans import Capture, Pipe, Web, Work


class Task(Protocol):
    """Something that runs in the main thread of a node until it ends, or is told to. Opened when it is made."""

    links: Mapping[str, str]
    """What people open to see it, by who they are; empty where there is nothing to see."""

    def run(self) -> bool:
        """Work; True when all there was to do is done. Raises what keeps it from going on."""
        ...

    def stop(self) -> None:
        """Finish what was begun; `run` returns within seconds. From any thread, more than once."""
        ...

    def heed(self, wish: Change | Look) -> None:
        """Do what is wished, where that concerns it."""
        ...

    def figures(self) -> Figures:
        """How it is doing. From any thread."""
        ...


def task_of(work: Work) -> Task:
    """Open what the work needs; raises what opening it raises."""
    if isinstance(work, Capture):
        from framebus.graph.capturing import Capturing

        return Capturing(work)
    if isinstance(work, Pipe):
        from framebus.graph.piping import Piping

        return Piping(work)
    if isinstance(work, Web):
        from framebus.graph.page_node import Showing

        return Showing(work)
    from framebus.graph.answering import Answering

    return Answering(work)
