"""Who works on chunks: this thread, processes of ours, or an executor of somebody else."""

from __future__ import annotations

from abc import abstractmethod

from framebus.batch.piece import Chunk, Result
from framebus.core.closing import Closing


class Hands(Closing):
    """Takes chunks and gives results. Used by one thread; `close` ends what is still at work."""

    workers: int
    """Processes; 0: this one."""
    target_s: float = 0.25
    """How long a chunk should take."""
    lost = 0
    """How often a process of its own died."""

    @property
    @abstractmethod
    def free(self) -> bool:
        """True while somebody could take another chunk. Raises what keeps everybody from ever working."""

    @property
    @abstractmethod
    def busy(self) -> bool:
        """True while results are to be expected."""

    @abstractmethod
    def give(self, chunk: Chunk) -> None:
        """Work on it; each chunk has a higher number than those before."""

    @abstractmethod
    def results(self, limit_s: float) -> list[Result]:
        """What is finished; waits for something for at most `limit_s`, which is 0 where more is about to be given."""
