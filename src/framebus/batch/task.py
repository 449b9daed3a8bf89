"""One input: read, worked on, encoded, put where it belongs. The same function whoever calls it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from framebus.batch import foresight
from framebus.batch.fetching import fetched
from framebus.batch.outcome import LEFT, PLAIN, Outcome
from framebus.batch.output_names import Naming, format_of, numbered
from framebus.batch.reading import Picture, Wish, frames_of, read
from framebus.batch.recipe import Output, Recipe
from framebus.batch.stores.urls import shown
from framebus.batch.writing.encoders import encode
from framebus.batch.writing.files import files_at
from framebus.core.errors import Error, Unavailable
from framebus.core.formats import guess_format
from framebus.core.frame import Frame
from framebus.core.names import to_name
from framebus.core.ops import apply, load_all


class Task:
    """Does what the recipe says with one input after another. Used by one thread at a time."""

    def __init__(self, recipe: Recipe, on_picture: Callable[[], None] = lambda: None) -> None:
        """Builds classes among the ops; raises `OptionError`. `on_picture` is called before each picture."""
        self._outputs = [_Made(output, recipe) for output in recipe.outputs]
        self._on_picture = on_picture
        enough, gray = foresight.of([output.ops for output in recipe.outputs])
        self._wish = Wish(max_pixels=recipe.max_pixels, tolerant=recipe.tolerant, enough=enough, gray=gray)

    def __call__(self, path: str, inner: str) -> Outcome:
        """Make all outputs of the input at `path`, called `inner`; what goes wrong is told, not raised."""
        try:
            return self._make(path, inner)
        except Unavailable as error:
            return Outcome("stop", str(error))
        except (Exception, SystemExit) as error:
            return Outcome("failed", _why(error))

    def all(self, pieces: Iterable[tuple[str, str]]) -> list[Outcome]:
        """Do it with several, and with none after one that says `stop`."""
        outcomes: list[Outcome] = []
        for path, inner in pieces:
            over = bool(outcomes) and outcomes[-1].state in ("stop", "left")
            outcomes.append(LEFT if over else self(path, inner))
        return outcomes

    def _make(self, path: str, inner: str) -> Outcome:
        making = [made.begin(inner) for made in self._outputs]
        self._on_picture()
        with fetched(path) as (local, data):
            pictures = frames_of(local, self._wish) if data is None else read(local, data, self._wish)
            damage = self._worked(path, pictures, making)
            read_bytes = os.path.getsize(local) if data is None else len(data)
        counts = tuple(one.count for one in making)
        return Outcome("done", damage, counts, read_bytes, sum(one.nbytes for one in making))

    def _worked(self, path: str, pictures: Iterable[Picture], making: Iterable[_Making]) -> str:
        """Have everything made of the pictures of one input; what is damaged about them."""
        damage = ""
        for number, picture in enumerate(pictures):
            damage = damage or picture.damage
            frame = _frame(picture, path, number)
            for one in making:
                one.add(frame, several=picture.several)
            self._on_picture()
        return damage


class _Made:
    """One output, of every input."""

    def __init__(self, output: Output, recipe: Recipe) -> None:
        self.naming = Naming(output.place, output.format)
        self.ops = load_all(output.ops)
        self.style = recipe.style
        self.files = files_at(self.naming.root, recipe)

    def begin(self, inner: str) -> _Making:
        name = self.naming.name(inner)
        self.files.check_free(name, planned=True)
        return _Making(self, name)


class _Making:
    """One output, of one input."""

    def __init__(self, made: _Made, name: str) -> None:
        self._made = made
        self._name = name
        self._format = format_of(name)
        self.count = 0
        self.nbytes = 0

    def add(self, frame: Frame, *, several: bool) -> None:
        """Put what the ops make of one picture, one of `several` perhaps, where it belongs."""
        results = apply(self._made.ops, frame)
        plain = not several and len(results) == 1
        for result in results:
            assert isinstance(result, Frame)  # noqa: S101  (ops make no packets of frames)
            name = self._name if plain else numbered(self._name, self.count)
            if not plain:
                self._made.files.check_free(name)
            data = encode(result, self._format, self._made.style)
            self._made.files.put(name, data)
            self.count = PLAIN if plain else self.count + 1
            self.nbytes += len(data)


def _why(error: BaseException) -> str:
    if isinstance(error, MemoryError) or isinstance(error.__cause__, MemoryError):
        return f"there is not enough memory for it: {error}; the limit of a worker is max_memory (--max-memory)"
    return str(error) if isinstance(error, Error) else f"{type(error).__name__}: {error}"


def _frame(picture: Picture, path: str, number: int) -> Frame:
    array = picture.array
    return Frame(
        content=array,
        stream=to_name(os.path.splitext(os.path.basename(path))[0], "picture"),
        run=1,
        seq=number,
        format=guess_format(array.shape, array.dtype, picture.format),
        meta={"path": shown(path)},
    )
