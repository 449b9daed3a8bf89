"""A bucket as somebody else sees it: plain HTTP, as the store on this machine takes it from anybody."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen
from xml.etree import ElementTree

_SOMEBODY = "AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"


class Bucket:
    """A new bucket of the store at an address."""

    def __init__(self, store_url: str, name: str) -> None:
        self.name = name
        self.url = f"s3://{name}"
        self._address = f"{store_url}/{name}"
        self._ask("PUT", "")

    def put(self, key: str, data: bytes) -> None:
        """An object."""
        self._ask("PUT", f"/{quote(key)}", data)

    def put_all(self, folder: Path, prefix: str) -> str:
        """All files of a folder, below a prefix; its URL."""
        for path in folder.rglob("*"):
            if path.is_file():
                self.put(f"{prefix}/{path.relative_to(folder)}", path.read_bytes())
        return f"{self.url}/{prefix}"

    def remove(self, key: str) -> None:
        """An object goes."""
        self._ask("DELETE", f"/{quote(key)}")

    def contents(self, prefix: str) -> Mapping[str, bytes]:
        """Names below a prefix, and what is in them; hidden ones too."""
        listing = ElementTree.fromstring(self._ask("GET", f"?list-type=2&prefix={quote(prefix)}/"))  # noqa: S314
        keys = sorted(key.text or "" for key in listing.iter() if key.tag.endswith("}Key"))
        return {key.removeprefix(f"{prefix}/"): self._ask("GET", f"/{quote(key)}") for key in keys}

    def _ask(self, method: str, where: str, data: bytes | None = None) -> bytes:
        headers = {"Authorization": _SOMEBODY, "Content-Type": "image/jpeg"}
        request = Request(self._address + where, data=data, method=method, headers=headers)  # noqa: S310
        with urlopen(request, timeout=30) as answer:  # noqa: S310
            body: bytes = answer.read()
            return body
