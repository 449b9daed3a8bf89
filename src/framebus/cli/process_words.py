"""The words of older programs that resize a folder with worker processes, as ours."""

from __future__ import annotations

from collections.abc import Sequence

from framebus.core.errors import OptionError

_COMMANDS = {"sequential-processing": ["--workers", "0"], "parallel-processing": []}
_INPUT, _OUTPUT, _EXTENSION, _WORKERS = (
    "--path2initial_images",
    "--path2resized_images",
    "--image_extension",
    "--nb_workers",
)
_TAKE = {_INPUT: 1, _OUTPUT: 1, _EXTENSION: 1, _WORKERS: 1, "--size": 2}


def translated(arguments: Sequence[str]) -> list[str]:
    """Our words for `parallel-processing --path2initial_images IN … --size W H`; other arguments as they are.

    Old and new words may be mixed. Raises `OptionError` for an old word without its value.
    """
    ours: list[str] = []
    ends: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        word, equals, joined = rest.pop(0).partition("=")
        if word in _COMMANDS and not ours and not ends:
            ours += _COMMANDS[word]
        elif word not in _TAKE:
            ours.append(word + equals + joined)
        else:
            values = [joined] if equals else [rest.pop(0) for _ in range(min(_TAKE[word], len(rest)))]
            if len(values) < _TAKE[word]:
                raise OptionError(f"{word} needs {_TAKE[word]} value{'s' if _TAKE[word] > 1 else ''}")
            if word in (_INPUT, _OUTPUT):
                ends[word] = values[0]
            else:
                ours += _ours(word, values)
    return ours + [ends[word] for word in (_INPUT, _OUTPUT) if word in ends]


def _ours(word: str, values: Sequence[str]) -> list[str]:
    if word == _EXTENSION:
        return ["--match", f"*.{values[0].lstrip('*.')}"]
    if word == _WORKERS:
        return ["--workers", values[0]]
    return ["--op", "resize=" + "x".join(values)]
