"""A file's memory in this process's address space, for as long as anything refers to it."""

from __future__ import annotations

import ctypes
import functools
import mmap
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

_FLAGS = getattr(mmap, "MAP_SHARED", 1) | getattr(mmap, "MAP_POPULATE", 0)
_READ = getattr(mmap, "PROT_READ", 1)
_WRITE = getattr(mmap, "PROT_WRITE", 2)
_FAILED = ctypes.c_void_p(-1).value


class Region:
    """`size` bytes of the file `descriptor`, present in memory from the start; unmapped with the last reference.

    Keeps no descriptor, which Python's `mmap` would. The arrays over it refer to it, so that whatever is derived from
    them keeps it, also while the interpreter ends. Raises `OSError`.
    """

    def __init__(self, descriptor: int, size: int, *, writable: bool) -> None:
        map_, self._unmap = _library()
        ctypes.set_errno(0)
        address = map_(None, size, _READ | (_WRITE if writable else 0), _FLAGS, descriptor, 0)
        if address in (None, _FAILED):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self.address = int(address)
        self.size = size
        self.__array_interface__ = {
            "data": (self.address, not writable),
            "shape": (size,),
            "typestr": "|u1",
            "version": 3,
        }

    def array(self) -> npt.NDArray[np.uint8]:
        """All of it, flat. Read-only for good where the region is: numpy finds nobody who would let it write."""
        return np.asarray(self)

    def __del__(self) -> None:
        if (address := getattr(self, "address", 0)) != 0:
            self._unmap(address, self.size)


class _Buffer(ctypes.Structure):
    """The start of CPython's Py_buffer, and room for the rest of it."""

    _fields_ = (("address", ctypes.c_void_p), ("rest", ctypes.c_char * 256))


_get_buffer: Callable[[Any, int, int], int] = ctypes.PYFUNCTYPE(
    ctypes.c_int, ctypes.py_object, ctypes.c_void_p, ctypes.c_int
)(("PyObject_GetBuffer", ctypes.pythonapi))
_release_buffer: Callable[[int], None] = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(
    ("PyBuffer_Release", ctypes.pythonapi)
)


def address_of(buffer: memoryview) -> int:
    """Where the first byte of a contiguous buffer lies; half of what asking numpy costs."""
    found = _Buffer()
    place = ctypes.addressof(found)
    _get_buffer(buffer, place, 0)
    _release_buffer(place)
    return found.address or 0


@functools.cache
def _library() -> tuple[Callable[..., int | None], Callable[[int, int], int]]:
    library = ctypes.CDLL(None, use_errno=True)
    map_ = library.mmap
    size, number = ctypes.c_size_t, ctypes.c_int
    map_.argtypes = [ctypes.c_void_p, size, number, number, number, ctypes.c_long]
    map_.restype = ctypes.c_void_p
    unmap = library.munmap
    unmap.argtypes = [ctypes.c_void_p, size]
    unmap.restype = number
    return map_, unmap
