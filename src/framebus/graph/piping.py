"""One pipe of a system in its node."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from framebus.graph.channel import Change, Figures, Look
from framebus.graph.flowing import figures_of
from framebus.graph.plans import Pipe, target_of
from framebus.verbs.accepted_options import checked
from framebus.verbs.ending import see_end
from framebus.verbs.pipe import assemble


class Piping:
    """The task of a pipe's process."""

    links: Mapping[str, str] = {}

    def __init__(self, work: Pipe) -> None:
        options = dict(work.options)
        if work.ops:
            options["ops"] = [target_of(job) for job in work.ops]
        if work.gather:
            options["gather"] = {name: target_of(job) for name, job in work.gather.items()}
        self._flow = assemble(work.sources, work.sink, checked(options))
        self._ended = threading.Event()
        self._stopping = False

    def run(self) -> bool:
        """Move frames until the source ends."""
        try:
            self._flow.run()
        finally:
            self._ended.set()
        return self._flow.finished

    def stop(self) -> None:
        """Read no more, and end once what was read has arrived."""
        if not self._stopping:
            self._stopping = True
            self._flow.stop()
            threading.Thread(target=see_end, args=(self._flow, self._ended.wait), daemon=True).start()

    def heed(self, wish: Change | Look) -> None:
        """Pipes are begun again instead."""

    def figures(self) -> Figures:
        """How it is doing."""
        return figures_of(self._flow)
