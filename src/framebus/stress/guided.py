"""Damage that learns: a parser is given bytes, and bytes that led it into new code are damaged further.

    python -m framebus.stress.guided PARSER SECONDS SEED FOLDER

runs atheris (libFuzzer for Python, `pip install atheris`) on one of `parsers.parsers()`, named as there. What it found
useful stays in `FOLDER/corpus`, for the next time; bytes that broke it are `FOLDER/crash-…` and in the last lines of
standard error, the traceback is printed. The exit status is 0 where nothing broke. It is a process, because libFuzzer
ends the one it is in.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["framebus"], enable_loader_override=False):
    from framebus.testing.damage import Damage
    from framebus.testing.parsers import Parser, parsers

CORPUS = "corpus"
BETWEEN = b"\x00\xff|"
"""Parts of a message, in one row of bytes."""
LONGEST = 16_384
HANGS_S = 20
MOST_MIB = 2_048


def parser_named(name: str) -> Parser:
    """The parser of that name; a `KeyError` where there is none."""
    return {parser.name: parser for parser in parsers()}[name]


def reading(parser: Parser) -> Callable[[bytes], None]:
    """What is called with each row of bytes: raises what `parser` may not raise."""

    def read(data: bytes) -> None:
        with suppress(*parser.refusals):
            parser.read(data.split(BETWEEN))

    return read


def mutate(data: bytes, longest: int, seed: int) -> bytes:
    """The next bytes to try: words of JSON replaced, parts lost and added, or as libFuzzer does."""
    chance = random.Random(seed)  # noqa: S311  (for tests, not for keys)
    if chance.random() < 0.5:
        return bytes(atheris.Mutate(data, longest))
    return BETWEEN.join(Damage(chance, [data.split(BETWEEN)]).one())[:longest]


def main(arguments: list[str]) -> None:
    """Run until the time is over, or something breaks; never returns."""
    name, seconds, seed, folder = arguments
    parser, corpus = parser_named(name), Path(folder) / CORPUS
    corpus.mkdir(parents=True, exist_ok=True)
    for number, parts in enumerate(parser.messages):
        (corpus / f"right-{number}").write_bytes(BETWEEN.join(map(bytes, parts)))
    options = {
        "max_total_time": seconds,
        "seed": seed,
        "max_len": LONGEST,
        "timeout": HANGS_S,
        "rss_limit_mb": MOST_MIB,
        "artifact_prefix": f"{folder}/",
        "print_final_stats": 1,
    }
    settings = [f"-{key}={value}" for key, value in options.items()]
    atheris.Setup([sys.argv[0], *settings, str(corpus)], reading(parser), custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
