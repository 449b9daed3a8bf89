"""How the documentation becomes a site: `./dev site`, or `python -m sphinx -W -c docs . build/site`.

The pages stay plain Markdown that reads the same on a code host. What is of Sphinx alone is done here: the table of
contents is taken from the lists of docs/index.md, a `<!-- file: NAME -->` shows its name, and program files that pages
point to become pages themselves.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

import framebus

ROOT = Path(__file__).resolve().parents[1]

project = html_title = "framebus"
release = version = framebus.__version__
extensions = ["myst_parser"]
root_doc = "README"
include_patterns = ["*.md", "docs/**.md", "benchmarks/README.md", "examples/**/README.md"]
exclude_patterns = [".*", "src", "tests", "build", "dist"]
myst_heading_anchors = 4
smartquotes = False  # words in quotation marks are often to be typed
myst_url_schemes = {"http": None, "https": None, "shown": {"url": "{{path}}.html", "classes": ["shown"]}}

html_theme = "furo"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_static_path = ["site"]
html_css_files = ["site.css"]

PROJECT = ("ARCHITECTURE", "CONTRIBUTING", "SECURITY", "CHANGELOG", "benchmarks/README")
LANGUAGES = {".py": "python", ".toml": "toml", ".service": "ini", ".yaml": "yaml"}
SECTION = re.compile(r"^\*\*(.+?):?\*\*(.*?)(?=^\*\*|\Z)", re.MULTILINE | re.DOTALL)
PAGE = re.compile(r"\]\(([\w/-]+)\.md\)")
NAMED = re.compile(r"^<!-- file: (.+) -->\n", re.MULTILINE)
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)#:\s]+)\)")


def setup(app: Sphinx) -> None:
    """What Sphinx calls first."""
    app.connect("source-read", prepared)
    app.connect("html-collect-pages", program_pages)
    app.connect("build-finished", front_page)


def prepared(app: Sphinx, page: str, source: list[str]) -> None:
    """A page's text with what stands in no Markdown."""
    folder = (ROOT / page).parent
    text = NAMED.sub(r'<p class="file-name">\1</p>\n\n', source[0])
    text = LINK.sub(lambda found: f"[{found[1]}]({target(folder, found[2])})", text)
    source[0] = f"{text}\n{contents()}" if page == root_doc else text


# the table of contents --------------------------------------------------------------------------------------


def contents() -> str:
    """The lists of docs/index.md, and at the end what is for those who work on framebus."""
    text = (ROOT / "docs/index.md").read_text()
    parts = {title: [f"docs/{page}" for page in PAGE.findall(body)] for title, body in SECTION.findall(text)}
    inside = [str(page.relative_to(ROOT).with_suffix("")) for page in sorted(ROOT.glob("examples/**/README.md"))]
    decisions = parts.pop("Decisions")
    all_parts = {"": ["docs/index"], **parts, "Inside": [*PROJECT, *inside], "Decisions": decisions}
    return "".join(tree(title, pages) for title, pages in all_parts.items())


def tree(title: str, pages: list[str]) -> str:
    """One part of the table of contents, as Sphinx wants it."""
    caption = f":caption: {title}\n" if title else ""
    return f"\n```{{toctree}}\n:hidden:\n{caption}\n" + "\n".join(dict.fromkeys(pages)) + "\n```\n"


# programs ---------------------------------------------------------------------------------------------------


def target(folder: Path, link: str) -> str:
    """Where a link of a page in `folder` leads: programs and folders have pages of their own."""
    path = (folder / link).resolve()
    if path.suffix == ".md" or not path.exists():
        return link
    return f"shown:{os.path.relpath(ROOT / 'shown' / path.relative_to(ROOT), folder)}"


@cache
def shown() -> frozenset[Path]:
    """All programs and folders that pages point to, and what is in these folders."""
    linked = {
        (page.parent / link).resolve()
        for pattern in ("*.md", "docs/**/*.md", *include_patterns[2:])
        for page in ROOT.glob(pattern)
        for _, link in LINK.findall(page.read_text())
    }
    whole = {path for path in linked if path.exists() and path.suffix != ".md"}
    below = {file for path in whole for file in path.rglob("*") if file.suffix in LANGUAGES}
    return frozenset(whole | below | {folder for file in below for folder in file.parents if ROOT in folder.parents})


def program_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """A page for each of them."""
    for path in sorted(shown()):
        name = str(path.relative_to(ROOT))
        body = listing(path) if path.is_dir() else highlighted(app, path)
        yield f"shown/{name}", {"title": name, "body": f"<h1>{escape(name)}</h1>\n{body}"}, "page.html"


def listing(folder: Path) -> str:
    """Links to what is in a folder."""
    names = [path.name for path in sorted(folder.iterdir()) if path in shown()]
    items = (f'<li><a href="{folder.name}/{name}.html">{escape(name)}</a></li>' for name in names)
    return f"<ul>{''.join(items)}</ul>"


def highlighted(app: Sphinx, path: Path) -> str:
    """A program in colours."""
    language = LANGUAGES.get(path.suffix, "text")
    return str(app.builder.highlighter.highlight_block(path.read_text(), language))  # type: ignore[attr-defined]


def front_page(app: Sphinx, error: Exception | None) -> None:
    """The README is where a visitor begins."""
    if error is None:
        shutil.copyfile(app.outdir / "README.html", app.outdir / "index.html")
