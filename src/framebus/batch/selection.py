"""Which inputs need work: not those that are done, nor those whose file another one has, nor what the job has made."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from framebus.batch.digests import Digests
from framebus.batch.inputs import Input
from framebus.batch.inputs.walking import identity
from framebus.batch.journal import Past
from framebus.batch.outcome import PLAIN, all_plain
from framebus.batch.output_names import Naming, numbered
from framebus.batch.piece import Piece
from framebus.batch.stores.object_files import occupied, older
from framebus.batch.stores.stamps import Stamps, as_new
from framebus.batch.stores.urls import absolute, is_url, shown
from framebus.batch.tally import Tally


class Selection:
    """The pieces among `inputs`, in order; what is none is told to `tally`.

    `began_ns` as for `Files`: objects of a store that are older are not the job's. (Files are looked at when they are
    written; objects are listed here, all at once.)
    """

    def __init__(
        self,
        inputs: Iterable[Input],
        base: str,
        namings: Sequence[Naming],
        past: Past,
        tally: Tally,
        began_ns: int = 0,
    ) -> None:
        self.seen = 0
        """Inputs that were decided about."""
        self._inputs = inputs
        self._namings = namings
        self._roots = [absolute(naming.root) for naming in namings]
        self._starts = [os.path.join(root, "") for root in self._roots]
        self._in_store = began_ns > 0 and any(map(is_url, self._roots))
        self._began_ns = began_ns
        self._stamps = Stamps()
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
        if all_plain(counts):
            return ""
        names = [naming.name(piece.inner) for naming in self._namings]
        for root, name, count in zip(self._roots, names, counts, strict=True):
            for number in range(count):  # of nothing, where it is `PLAIN`
                if not self._taken.add(os.path.join(root, numbered(name, number))):
                    return f"number {number} of what was made of it is called as what was made of another input"
        return ""

    def _decided(self, each: Input) -> Piece | None:
        names = [naming.name(each.inner) for naming in self._namings]
        for start, name in zip(self._starts, names, strict=True):
            if not self._taken.add(start + name):
                self._tally.failed(each.path, _taken(start + name))
                return None
        past, name = self._past, names[0]
        if name in past.done and self._still_there(each.path, names, past.several.get(name)):
            self._tally.resumed(past.damaged.get(name))
            return None
        if (told := past.quarantined.get(name)) is not None:
            self._tally.kept_away(told)
            return None
        if self._in_store and (there := self._somebody_elses(names)) is not None:
            self._tally.failed(each.path, occupied(there))
            return None
        return Piece(each.path, each.inner, name)

    def _somebody_elses(self, names: Sequence[str]) -> str | None:
        """An object that one of these names has already, which the job has not made."""
        for root, name in zip(self._roots, names, strict=True):
            if is_url(root):
                stamp = self._stamps.of(f"{root}/{name}")
                if stamp is not None and older(stamp, self._began_ns):
                    return f"{root}/{name}"
        return None

    def _ours(self, each: Input) -> bool:
        """Whether the job itself has made it, in this run or an earlier one; not what is replaced by itself."""
        if self._namings[0].name(each.inner) == each.inner:
            return False
        return each.inner in self._past.ever or os.path.join(self._roots[0], each.inner) in self._taken

    def _still_there(self, path: str, names: Sequence[str], counts: Sequence[int] | None) -> bool:
        """Whether all that was made of an input is there, and not older than it."""
        since_ns = self._stamps.of(path)
        if since_ns is None:
            return False
        for file in _files(self._roots, names, counts or [PLAIN] * len(names)):
            stamp = self._stamps.of(file)
            if stamp is None or not as_new(stamp, since_ns, coarse=is_url(path) or is_url(file)):
                return False
        return True


def _files(roots: Sequence[str], names: Sequence[str], counts: Sequence[int]) -> Iterator[str]:
    """What is looked at: a file of each output, the first and last where there are several."""
    for root, name, count in zip(roots, names, counts, strict=True):
        if count == PLAIN:
            yield os.path.join(root, name)
        else:
            yield from (os.path.join(root, numbered(name, number)) for number in {0, count - 1} if 0 <= number < count)


def _taken(file: str) -> str:
    return (
        f"it would be written as {shown(file)}, like another input before it (or it is named twice): "
        "write a template with {folder}, {name} and {ext} that tells them apart"
    )
