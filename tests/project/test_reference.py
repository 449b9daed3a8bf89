"""The generated pages say what the code says."""

from __future__ import annotations

import pytest

from docs import generate
from framebus.core.options import OPTIONS


@pytest.mark.parametrize("name", generate.CONTENT)
def test_the_page_is_up_to_date(name: str) -> None:
    text = dict(generate.pages())[generate.REFERENCE / name]
    assert (generate.REFERENCE / name).read_text() == text, "./dev docs writes it again"


def test_every_option_is_on_the_page_with_its_flag() -> None:
    page = "\n".join(generate.options())
    for option in OPTIONS.values():
        assert f"| `{option.name}` |" in page
        assert f"`{option.flag}" in page


def test_a_signature_shows_where_keywords_begin() -> None:
    import inspect

    def verb(sink: str, *, patience: float = 10) -> None: ...

    assert generate.call("fb.verb", inspect.signature(verb)) == "fb.verb(sink: str, *, patience: float = 10) -> None"
