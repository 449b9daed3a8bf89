"""The documentation becomes a site: without a warning, each page found from the first, each link leading somewhere."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.conftest import StartChild

ROOT = Path(__file__).parents[2]
PAGES = sorted(page.relative_to(ROOT) for page in (ROOT / "docs").rglob("*.md"))
PATIENCE_S = 240


class Page(HTMLParser):
    """What one page points to, and what in it can be pointed to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name == "id" and value:
                self.places.add(value)
            if (tag, name) in (("a", "href"), ("img", "src"), ("link", "href"), ("script", "src")) and value:
                self.links.append(value)

    def targets(self) -> list[tuple[Path, str]]:
        """The files that it points to, with the place in them."""
        split = [urlsplit(link) for link in self.links]
        return [
            ((self.path.parent / unquote(link.path)).resolve() if link.path else self.path, link.fragment)
            for link in split
            if not link.scheme and not link.netloc
        ]


@pytest.fixture
def site(child: StartChild, tmp_path: Path) -> Path:
    """The folder of the site."""
    pytest.importorskip("sphinx", reason="the site is not built: pip install 'framebus[docs]'")
    folder = (tmp_path / "site").resolve()
    process = child(
        "-m", "sphinx", "-q", "-W", "--keep-going", "-d", tmp_path / "pages", "-c", "docs", ".", folder, cwd=ROOT
    )
    process.succeed(PATIENCE_S)
    assert process.stderr == ""
    return folder


@pytest.mark.timeout(300)
def test_all_of_it_is_found_and_no_link_is_broken(site: Path) -> None:
    pages: dict[Path, Page] = {}
    waiting, broken = [site / "index.html"], []
    while waiting:
        page = Page(waiting.pop())
        pages[page.path] = page
        targets = {path for path, _ in page.targets()}
        broken += [f"{page.path}: {path}" for path in targets if not path.exists()]
        waiting += [
            path for path in targets if path.suffix == ".html" and path.exists() and path not in {*pages, *waiting}
        ]
    assert broken == []
    assert [page for page in PAGES if (site / page).with_suffix(".html") not in pages] == []
    assert [
        f"{page.path}: {path}#{place}"
        for page in pages.values()
        for path, place in page.targets()
        if place and path in pages and place not in pages[path].places
    ] == []
