"""A job that would write each picture onto itself is refused once, before any work, and not picture by picture."""

from __future__ import annotations

from collections.abc import Sequence

from framebus.batch.inputs import Inputs
from framebus.batch.inputs.walking import identity
from framebus.batch.output_names import Naming
from framebus.batch.stores.urls import shown
from framebus.core.errors import OptionError


def refuse_onto_itself(inputs: Inputs, namings: Sequence[Naming]) -> None:
    """Raise `OptionError` where every file of an output would be called as its input is, in the same folder.

    Looks no further than to the first input of which that is not so.
    """
    base = identity(inputs.base)
    for naming in namings:
        if base is not None and identity(naming.root) == base and _all_themselves(inputs, naming):
            raise OptionError(
                f"{shown(naming.root)} holds the inputs, and every picture would be written onto itself: name another "
                f"folder, or a template such as {shown(naming.root)}/{{folder}}/{{name}}-new.{{ext}}; "
                "overwrite=True (--overwrite) replaces the pictures"
            )


def _all_themselves(inputs: Inputs, naming: Naming) -> bool:
    """False where there is none, too."""
    found = False
    for each in inputs:
        if each.trouble:
            continue
        if naming.name(each.inner) != each.inner:
            return False
        found = True
    return found
