"""What an object elsewhere has: its methods and attributes, with their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from framebus.cli import call_answers
from framebus.core.errors import BadFrame, RemoteError
from framebus.pool.answers import kind_of

if TYPE_CHECKING:
    from framebus.work.objects.front import Front
    from framebus.work.objects.members import Description, Member

WIDEST = 48
"""Of the first column, where others are longer."""


class Value(NamedTuple):
    """An attribute's value, or why there is none."""

    value: Any = None
    error: str = ""


def listing(asked: Front, where: str, *, as_json: bool) -> str:
    """The whole list, for people or for programs."""
    description = asked.description()
    values = {one.name: _value(asked, one.name) for one in description.members if one.kind == "attribute"}
    return _json(description, where, values) if as_json else "\n".join(_lines(description, where, values))


def _value(asked: Front, name: str) -> Value:
    try:
        return Value(asked.get(name))
    except (RemoteError, BadFrame) as error:  # a property that fails is no reason to hide the others
        return Value(error=str(error).rpartition(" failed: ")[2])


def _lines(description: Description, where: str, values: Mapping[str, Value]) -> list[str]:
    rows = [(_left(one, values.get(one.name)), _right(one, values.get(one.name))) for one in description.members]
    width = max((len(left) for left, _ in rows if len(left) <= WIDEST), default=0)
    head = f"{description.name} at {where}" + (f": {description.doc}" if description.doc else "")
    return [head, *(f"  {left:<{width}}   {right}".rstrip() for left, right in rows)]


def _left(member: Member, value: Value | None) -> str:
    if value is None:
        return f"{member.name}{member.signature}"
    shown = value.error or (repr(value.value) if isinstance(value.value, str) else call_answers.text(value.value))
    return f"{member.name} = {shown}"


def _right(member: Member, value: Value | None) -> str:
    kind = "" if value is None else member.type or ("" if value.error else kind_of(value.value))
    fixed = "" if value is None or member.writable else "read only"
    return " · ".join(filter(None, [kind, fixed, member.doc]))


def _json(description: Description, where: str, values: Mapping[str, Value]) -> str:
    members = []
    for member in description.members:
        found = msgspec.to_builtins(member)
        if (value := values.get(member.name)) is not None:
            found |= {"error": value.error} if value.error else {"value": call_answers.plain(value.value)}
        members.append(found)
    whole = {"name": description.name, "doc": description.doc, "address": where, "members": members}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode()
