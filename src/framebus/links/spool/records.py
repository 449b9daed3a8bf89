"""How a spool's files are framed: records one after the other, each with its lengths and checksums.

A record is a prefix, a label, a head and a payload. The prefix has checksums of itself, of label and head, and of the
payload, so that lengths can be believed, and a file can be walked through without reading the payloads.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterator
from io import FileIO
from typing import NamedTuple
from zlib import crc32

from framebus.wire import limits
from framebus.wire.layout import Buffer

MAGIC = b"fbs1"
MAX_LABEL_BYTES = 1024 * 1024
MAX_PAYLOAD_BYTES = 2**40
_PREFIX = struct.Struct("<4sIIIQII")
"""Magic, its own checksum, the lengths of label, head and payload, checksums of label and head, and of the payload."""
_CHECKED = struct.Struct("<IIQII")
PREFIX_BYTES = _PREFIX.size
_SYSTEMS = ("O_CLOEXEC", "O_NOFOLLOW", "O_BINARY")
NEW = sum({getattr(os, name, 0) for name in _SYSTEMS}, os.O_WRONLY | os.O_CREAT)
"""How a file is opened that may not be there yet."""


class Damage(Exception):  # noqa: N818  (a state of a file)
    """From here on a file is not what was written; `torn` where it just ends too early."""

    def __init__(self, offset: int, what: str, *, torn: bool = False) -> None:
        super().__init__(what)
        self.offset = offset
        self.torn = torn


class Record(NamedTuple):
    """Where a record is, and what is in it but the payload."""

    offset: int
    label: bytes
    head: bytes
    payload_bytes: int
    payload_crc: int

    @property
    def payload_at(self) -> int:
        """The byte at which the payload begins."""
        return self.offset + PREFIX_BYTES + len(self.label) + len(self.head)

    @property
    def end(self) -> int:
        """The byte after it."""
        return self.payload_at + self.payload_bytes


def frame(label: bytes, head: Buffer = b"", payload: Buffer = b"") -> list[Buffer]:
    """The parts of a record, to be written one after the other."""
    checked = len(label), len(head), memoryview(payload).nbytes, crc32(head, crc32(label)), crc32(payload)
    return [_PREFIX.pack(MAGIC, crc32(_CHECKED.pack(*checked)), *checked) + label + bytes(head), payload]


def read(file: FileIO, offset: int, size: int) -> Record:
    """The record at `offset` of a file of `size` bytes. Raises `Damage`, before any memory is taken for it."""
    file.seek(offset)
    prefix = file.read(PREFIX_BYTES)
    if len(prefix) < PREFIX_BYTES:
        raise Damage(offset, "it ends within a record", torn=True)
    magic, checksum, *checked = _PREFIX.unpack(prefix)
    label_bytes, head_bytes, payload_bytes, front_crc, payload_crc = checked
    if magic != MAGIC or crc32(_CHECKED.pack(*checked)) != checksum:
        raise Damage(offset, "no record begins there")
    if label_bytes > MAX_LABEL_BYTES or head_bytes > limits.MAX_HEADER_BYTES or payload_bytes > MAX_PAYLOAD_BYTES:
        raise Damage(offset, "a record is larger than any can be")
    if offset + PREFIX_BYTES + label_bytes + head_bytes + payload_bytes > size:
        raise Damage(offset, "it ends within a record", torn=True)
    label, head = file.read(label_bytes), file.read(head_bytes)
    if crc32(head, crc32(label)) != front_crc:
        raise Damage(offset, "a checksum is wrong")
    return Record(offset, label, head, payload_bytes, payload_crc)


def walk(file: FileIO) -> Iterator[Record]:
    """All records of a file from its beginning. Raises `Damage` where it is not what was written."""
    size = os.fstat(file.fileno()).st_size
    offset = 0
    while offset < size:
        record = read(file, offset, size)
        yield record
        offset = record.end


def append(file: FileIO, offset: int, parts: list[Buffer]) -> int:
    """Write `parts` at `offset`, the end of `file`; the new end.

    Raises `OSError` (disk full …) and leaves the file as it was, as far as the system lets it.
    """
    try:
        file.seek(offset)
        for part in parts:
            view = memoryview(part).cast("B")
            while view.nbytes:
                view = view[file.write(view) :]
        return file.tell()
    except OSError:
        _cut(file, offset)
        raise


def _cut(file: FileIO, end: int) -> None:
    with contextlib.suppress(OSError):  # what comes next is written over it
        file.truncate(end)
