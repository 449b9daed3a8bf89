"""Which inputs need work: not those that are done, nor those whose file another one has, nor what the job has made."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from framebus.batch.digests import Digests
from framebus.batch.inputs import Input
from framebus.batch.inputs.walking import identity
from framebus.batch.journal import Past
from framebus.batch.naming import Naming, numbered
from framebus.batch.outcome import PLAIN
from framebus.batch.piece import Piece
from framebus.batch.tally import Tally


class Selection:
    """The pieces among `inputs`, in order; what is none is told to `tally`."""

    def __init__(self, inputs: Iterable[Input], base: str, namings: Sequence[Naming], past: Past, tally: Tally) -> None:
        self.seen = 0
        """Inputs that were decided about."""
        self._inputs = inputs
        self._namings = namings
        self._roots = [os.path.abspath(naming.root) for naming in namings]
        self._in_place = identity(base) in {identity(root) for root in self._roots}
        self._past = past
        self._tally = tally
        self._taken = Digests()

    def __iter__(self) -> Iterator[Piece]:
        for each in self._inputs:
            self.seen += 1
            if each.trouble:
                self._tally.failed(each.path, each.trouble)
            elif self._in_place and self._ours(each):
                self._tally.none += 1
            elif (piece := self._decided(each)) is not None:
                yield piece

    def reserve(self, piece: Piece, counts: Sequence[int]) -> str:
        """Take the names of numbered files made of a piece; what is wrong with that, or nothing.

        How many there are shows only when they are made.
        """
        if all(count == PLAIN for count in counts):
            return ""
        names = [naming.name(piece.inner) for naming in self._namings]
        for root, name, count in zip(self._roots, names, counts, strict=True):
            for number in range(count):  # of nothing, where it is `PLAIN`
                if not self._taken.add(os.path.join(root, numbered(name, number))):
                    return f"number {number} of what was made of it is called as what was made of another input"
        return ""

    def _decided(self, each: Input) -> Piece | None:
        names = [naming.name(each.inner) for naming in self._namings]
        for root, name in zip(self._roots, names, strict=True):
            if not self._taken.add(os.path.join(root, name)):
                self._tally.failed(each.path, _taken(os.path.join(root, name)))
                return None
        past, name = self._past, names[0]
        if name in past.done and self._still_there(each.path, names, past.several.get(name)):
            self._tally.resumed(past.damaged.get(name))
            return None
        if (told := past.quarantined.get(name)) is not None:
            self._tally.kept_away(told)
            return None
        return Piece(each.path, each.inner, name)

    def _ours(self, each: Input) -> bool:
        """Whether the job itself has made it, in this run or an earlier one; not what is replaced by itself."""
        if self._namings[0].name(each.inner) == each.inner:
            return False
        return each.inner in self._past.ever or os.path.join(self._roots[0], each.inner) in self._taken

    def _still_there(self, path: str, names: Sequence[str], counts: Sequence[int] | None) -> bool:
        """Whether all that was made of an input is there, and not older than it."""
        try:
            since_ns = os.stat(path).st_mtime_ns
            files = _files(self._roots, names, counts or [PLAIN] * len(names))
            return all(os.stat(file).st_mtime_ns >= since_ns for file in files)
        except OSError:
            return False


def _files(roots: Sequence[str], names: Sequence[str], counts: Sequence[int]) -> Iterator[str]:
    """What is looked at: a file of each output, the first and last where there are several."""
    for root, name, count in zip(roots, names, counts, strict=True):
        if count == PLAIN:
            yield os.path.join(root, name)
        else:
            yield from (os.path.join(root, numbered(name, number)) for number in {0, count - 1} if 0 <= number < count)


def _taken(file: str) -> str:
    return (
        f"it would be written as {file}, like another input before it (or it is named twice): write a template with "
        "{folder}, {name} and {ext} that tells them apart"
    )
