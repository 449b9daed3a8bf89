"""What people may ask of a job, checked, as a recipe and the rest."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from framebus.batch.chunk_worker import NAME
from framebus.batch.output_names import EXTENSIONS
from framebus.batch.recipe import Output, Recipe, Spec
from framebus.batch.stores.urls import shown
from framebus.batch.writing.encoders import Style
from framebus.core.addresses import Link
from framebus.core.errors import OptionError
from framebus.core.options import check, reject_unknown
from framebus.pool.worker_job import Job

Place = str | os.PathLike[str]
Ops = Spec | Sequence[Spec]

NAMES = (
    *("match", "max_pixels", "tolerant", "resume", "compare", "max_memory", "work_timeout"),
    *("also", "encode", "quality", "subsampling", "overwrite", "fsync", "join", "allow", "insecure"),
)
"""The options of the vocabulary that make a job what it is."""

DEFAULT_LIMIT_S = 60.0
_BASE_BYTES, _BYTES_PER_PIXEL = 1 << 30, 16
"""What built-in ops and the decoders need at most: a few copies of the largest picture with four channels."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A job as it was asked for."""

    recipe: Recipe
    match: tuple[str, ...] = ()
    resume: bool = True
    compare: bool = False
    join: Link | None = None
    """Where workers of an older program may join."""
    allow: tuple[str, ...] = ()
    insecure: bool = False


def asked(output: Place, ops: Ops, given: Mapping[str, Any]) -> Asked:
    """Check everything that can be checked before anything is done; raises `OptionError`."""
    reject_unknown(given, NAMES, "process")
    wanted = {name: check(name, given.get(name)) for name in NAMES}
    format, quality = _encoding(wanted["encode"], wanted["quality"])
    outputs = [Output(os.fspath(output), check("ops", ops), format)]
    outputs += [Output(place, more, format) for place, more in wanted["also"].items()]
    if len({(each.place.rstrip("/"), each.format) for each in outputs}) < len(outputs):
        raise OptionError("two outputs have the same name: give each a folder or a template of its own")
    specs = [spec for each in outputs for spec in each.ops]
    for spec in specs:
        if isinstance(spec, str):
            Job.of(NAME, spec)  # which looks for files, but imports nothing
    recipe = Recipe(
        outputs=tuple(outputs),
        style=Style(quality, wanted["subsampling"]),
        max_pixels=wanted["max_pixels"],
        tolerant=wanted["tolerant"],
        overwrite=wanted["overwrite"],
        fsync=wanted["fsync"],
        limit_s=DEFAULT_LIMIT_S if wanted["work_timeout"] is None else wanted["work_timeout"],
        max_memory=_memory(wanted["max_memory"], specs, wanted["max_pixels"]),
    )
    if wanted["join"] is None and (wanted["allow"] or wanted["insecure"]):
        raise OptionError("allow and insecure say who may join: say where, with join (--join)")
    return Asked(
        recipe=recipe,
        match=wanted["match"],
        resume=wanted["resume"] is not False,
        compare=wanted["compare"],
        join=_address(wanted["join"]),
        allow=wanted["allow"],
        insecure=wanted["insecure"],
    )


def summary(asked: Asked, base: str) -> dict[str, Any]:
    """What a job is, for its journal: all that makes its files what they are."""
    style = asked.recipe.style
    told: dict[str, Any] = {"from": shown(base)}
    for number, output in enumerate(asked.recipe.outputs):
        also = f"also {number} " if number else ""
        told |= {f"{also}to": _pattern(output.place), f"{also}ops": list(map(text_of, output.ops))}
    return told | {"encode": asked.recipe.outputs[0].format, **msgspec.structs.asdict(style)}


def _address(join: str | None) -> Link | None:
    if join is None:
        return None
    from framebus.links.image_workers import address_of

    return address_of(join)


def _pattern(place: str) -> str:
    """The template without the folder, which may be reached by many names."""
    at = place.find("{")
    return "" if at < 0 else place[place.rfind("/", 0, at) + 1 :]


def text_of(spec: Spec) -> str:
    """An op as it was written, or where a callable is from."""
    if isinstance(spec, str):
        return spec
    return f"{getattr(spec, '__module__', '')}:{getattr(spec, '__qualname__', type(spec).__qualname__)}"


def _encoding(encode: str | None, quality: int | None) -> tuple[str, int]:
    """The format asked for (empty: as the input is), and the quality."""
    format, _, value = (encode or "").partition("=")
    format = {"jpg": "jpeg", "tif": "tiff"}.get(format, format)
    if format and format not in EXTENSIONS:
        raise OptionError(f"encode={encode} is not possible: files are {', '.join(EXTENSIONS)}")
    if value and format not in ("jpeg", "webp"):
        raise OptionError(f"encode={encode} is not possible: {format} takes no value")
    if value and quality is not None:
        raise OptionError(f"encode={encode} and quality={quality} say the same thing: give one of them")
    return format, check("quality", value) if value else 95 if quality is None else quality


def _memory(given: int | None, specs: Sequence[Spec], max_pixels: int) -> int:
    """What a worker may need; nobody knows it of other people's functions: graphics cards take terabytes of it."""
    if given is not None:
        return given
    return _BASE_BYTES + _BYTES_PER_PIXEL * max_pixels if all(map(_built_in, specs)) else 0


def _built_in(spec: Spec) -> bool:
    return isinstance(spec, str) and ":" not in spec.partition("=")[0]
