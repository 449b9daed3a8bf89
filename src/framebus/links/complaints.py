"""What peers sent that made no sense, and what they were refused: counted, and told to people in moderation."""

from __future__ import annotations

import logging

from framebus.core.errors import BadFrame
from framebus.links.reminder import Reminder
from framebus.wire import control

log = logging.getLogger("framebus")
SHOWN = 500
"""Characters of an error that its peer is told."""


class Complaints:
    """Of one endpoint."""

    def __init__(self) -> None:
        self.rejected = 0
        """Messages that were none."""
        self._reminder = Reminder()

    def reject(self, address: str, error: BadFrame) -> control.Refuse:
        """Count a message that came to `address`; what its sender is told."""
        self.rejected += 1
        text = str(error)  # whoever keeps log records would keep, by its traceback, the frames of those who drove
        if self.rejected & (self.rejected - 1) == 0:  # the 1st, 2nd, 4th, 8th …: lines, not a flood
            log.warning("%s: message refused (%d so far): %s", address, self.rejected, text)
        return control.Refuse(code="request", message=text[:SHOWN])

    def tell(self, address: str, who: str, refusal: control.Refuse, now: float) -> None:
        """Both sides are told when somebody may not do what it came for."""
        grave = refusal.code != "request" and not refusal.retry
        if grave and (text := self._reminder.say(refusal.message, who, refusal.message, now)):
            log.warning("%s: refused %s: %s", address, who, text)
