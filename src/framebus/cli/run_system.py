"""A system described in TOML at work: shown, followed, stopped."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from framebus.cli.console import console
from framebus.cli.hanging_up import hangups, perhaps_unseen
from framebus.cli.stopping import Stopping

if TYPE_CHECKING:
    from framebus.cli.run_lines import Plain
    from framebus.cli.run_table import Table
    from framebus.graph.view import View

log = logging.getLogger("framebus")


def run_system(path: str, check: bool) -> int:
    """Run the system until it is done or somebody stops it, or only `check` it; the exit code."""
    from framebus.cli.run_service import Serviced
    from framebus.config.parsing import read
    from framebus.config.saved import SavedSystem
    from framebus.supervise.notifying import Notifying

    description = read(path)
    if check:
        from framebus.cli.graph_picture import show

        show(description)
        return 0
    since = time.monotonic()
    with Stopping() as stopping:
        shown = _shown(path)
        running = SavedSystem(description, Serviced(shown, Notifying()), debug=log.isEnabledFor(logging.DEBUG))
        stopping.then(running.stop)
        with hangups(running.reload, running.stop), shown:
            running.run()
    views = running.views()
    with perhaps_unseen():
        console.say("\n".join(summary(path, views, time.monotonic() - since)))
    return 0 if stopping.asked else running.exit_code


def summary(path: str, views: Sequence[View], elapsed_s: float) -> Iterator[str]:
    """What there was, for how long, and what failed."""
    from framebus.cli.figures import count, span

    kinds = [(kind, sum(view.kind == kind for view in views)) for kind in ("stream", "pipe", "service")]
    parts = [f"{path}: {', '.join(count(number, kind) for kind, number in kinds if number)} in {span(elapsed_s)}"]
    parts += [f"{count(frames, 'frame')} captured" for frames in [_frames(views, "stream")] if frames]
    parts += [_piped(views, frames) for frames in [_frames(views, "pipe")] if frames]
    restarts = sum(view.restarts for view in views if view.kind != "stream")
    parts += [count(restarts, "restart")] if restarts else []
    yield " · ".join(parts)
    for view in _failed(views):
        yield f"{view.name} has failed: {view.why}"


def _piped(views: Sequence[View], frames: int) -> str:
    """What pipes took since they were there: streams may have begun before, and each pipe counts for itself."""
    missed = sum(view.figures.missed for view in views if view.kind == "pipe")
    return f"{frames:,} through pipes, {f'{missed:,}' if missed else 'none'} missed"


def _frames(views: Sequence[View], kind: str) -> int:
    return sum(view.figures.frames for view in views if view.kind == kind)


def _failed(views: Sequence[View]) -> list[View]:
    return [view for view in views if view.state == "failed"]


def _shown(path: str) -> Table | Plain:
    """A table on a terminal, lines elsewhere."""
    if sys.stdout.isatty():
        from framebus.cli.run_table import Table

        return Table(path)
    from framebus.cli.run_lines import Plain

    return Plain(path)
