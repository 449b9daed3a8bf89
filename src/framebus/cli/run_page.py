"""What is said when the page of a system opens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from framebus.cli.web_command import MAY


def announcement(title: str, links: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What each of the `links` shows, and to whom; and the link."""
    (_, first), *others = links.items()
    yield f"{title} is shown to whoever opens this link{_reached(first)}:", first
    for who, link in others:
        yield f"this one {MAY[who]}:", link


def _reached(link: str) -> str:
    """From where it can be opened."""
    parts = urlsplit(link)
    if parts.hostname == "localhost":
        return ", on this machine"
    unencrypted = "" if parts.scheme == "https" else "; link and pictures travel unencrypted"
    return f", from any machine that reaches this one{unencrypted}"
