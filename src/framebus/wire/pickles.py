"""Pickles without pickle: reads the few opcodes that numpy arrays, text and numbers need, and runs nothing.

Old peers send arrays with `send_pyobj`. A pickle is a program, and even Python's own unpickler with a list of
allowed names can be made to fill memory or to hash for hours, so this is a small machine of its own: there is no
opcode that imports, calls or sets attributes. The names numpy writes are words with a fixed meaning here, in the
spellings of numpy 1 and 2. A list or mapping may be referred to once, so what comes out is a tree as large as the
message. The opcodes are described in the standard library's `pickletools`.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np

from framebus.core.errors import BadFrame
from framebus.wire import limits
from framebus.wire.layout import Array, Buffer, array_in, dtype_of, length_of

Value = Any
"""An array, a numpy type, text, bytes, a number, None, or a list, tuple or mapping of these."""

_NAMES = {
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): "dtype",
    ("_codecs", "encode"): "encode",
    ("__builtin__", "bytes"): "empty",
    ("numpy.core.multiarray", "_reconstruct"): "reconstruct",
    ("numpy._core.multiarray", "_reconstruct"): "reconstruct",
    ("numpy.core.multiarray", "scalar"): "scalar",
    ("numpy._core.multiarray", "scalar"): "scalar",
    ("numpy.core.numeric", "_frombuffer"): "frombuffer",
    ("numpy._core.numeric", "_frombuffer"): "frombuffer",
}


class _Word(msgspec.Struct, frozen=True):
    """One of numpy's names; not a value, only something to apply to arguments."""

    name: str


class _Unfinished(msgspec.Struct, eq=False):
    """An array or type whose state comes later; `slots` are the places in the memo that wait for it."""

    dtype: np.dtype[Any] | None = None
    slots: list[int] = []


class _Mark:
    """The bottom of a group of values on the stack."""


_MARK = _Mark()
_LEAVES = (str, bytes, int, float, type(None), np.dtype)
_CONTAINERS = (list, tuple, dict)


def loads(data: Buffer, *, max_bytes: int = limits.MAX_FRAME_BYTES) -> Value:
    """The value in a pickle of any protocol; arrays are read-only.

    Raises `BadFrame` for every other kind of object (named in the text), for damaged data and above the limits.
    """
    size = memoryview(data).nbytes
    if size > max_bytes:
        raise BadFrame(f"pickle of {size} bytes: the limit is {max_bytes}")
    machine = _Machine()
    try:
        for code, argument in _instructions(bytes(data)):
            if machine.step(code, argument):
                break
    # the warning: where warnings are errors, pickletools raises it for a backslash that escapes nothing
    except (DeprecationWarning, IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
        if isinstance(error, BadFrame):
            raise
        raise BadFrame(f"damaged pickle: {error!r}") from error
    return machine.result()


def _instructions(data: bytes) -> Iterator[tuple[str, Any]]:
    for count, (opcode, argument, _) in enumerate(pickletools.genops(data)):
        if count >= limits.MAX_PICKLE_STEPS:
            raise BadFrame(f"pickle of more than {limits.MAX_PICKLE_STEPS} steps: send arrays, not lists of numbers")
        yield opcode.name, argument


class _Machine:
    """A stack and a memo, as `pickletools` describes them, with values of few kinds."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.size = 0

    def step(self, code: str, argument: Any) -> bool:
        """Perform one instruction; true when it was the last."""
        if code in _LITERALS:
            self.stack.append(_literal(argument))
        elif code in _CONSTANTS:
            self.stack.append(_CONSTANTS[code])
        elif code in _ACTIONS:
            _ACTIONS[code](self, argument)
        elif code not in ("PROTO", "FRAME", "STOP"):
            raise BadFrame(f"pickle with opcode {code}: only arrays, text, numbers and containers are read")
        return code == "STOP"

    def result(self) -> Value:
        """What the program left, once it is known to be whole."""
        if len(self.stack) != 1:
            raise BadFrame("damaged pickle: it does not end with one value")
        _check(self.stack[0])
        return self.stack[0]

    # the stack

    def group(self) -> list[Any]:
        """Take off the values above the last mark, and the mark."""
        at = len(self.stack)
        while self.stack[at - 1] is not _MARK:
            at -= 1
            if at <= 0:
                raise BadFrame("damaged pickle: a group without a beginning")
        values = self.stack[at:]
        del self.stack[at - 1 :]
        return values

    def take(self, count: int) -> list[Any]:
        """Take off the last `count` values."""
        if count > len(self.stack):
            raise BadFrame("damaged pickle: a value is missing")
        values = self.stack[-count:]
        del self.stack[-count:]
        return values

    def extend(self, values: list[Any]) -> None:
        """Append to the list below."""
        target = self.stack[-1]
        if type(target) is not list:
            raise BadFrame("damaged pickle: items without a list")
        target.extend(values)

    def update(self, values: list[Any]) -> None:
        """Add keys and values to the mapping below."""
        target = self.stack[-1]
        if type(target) is not dict or len(values) % 2:
            raise BadFrame("damaged pickle: keys without a mapping or value")
        for key, value in zip(values[::2], values[1::2], strict=True):
            if type(key) not in (str, int, bytes):
                raise BadFrame(f"pickled mapping with a key of {type(key).__name__}: keys are text or whole numbers")
            target[key] = value

    # the memo

    def put(self, slot: int) -> None:
        """Remember the value on top; slots are counted, never used to size memory."""
        value = self.stack[-1]
        if isinstance(value, _Unfinished):
            value.slots.append(slot)
        self.memo[slot] = value

    def get(self, slot: int) -> None:
        """Push a remembered value: a leaf, or a flat tuple, so that no tree can grow from few bytes."""
        value = self.memo[slot]
        if isinstance(value, tuple):
            self.size += len(value)
            if self.size > limits.MAX_PICKLE_STEPS or not all(isinstance(item, _LEAVES) for item in value):
                raise BadFrame("pickle that refers to the same tuples too often: send it without repetition")
        elif not isinstance(value, (_Word, np.ndarray, *_LEAVES)):
            raise BadFrame("pickle that refers to the same list or mapping twice: send a copy of it")
        self.stack.append(value)

    # numpy's words

    def name(self, module: Any, name: Any) -> None:
        """Push the word for one of numpy's names; nothing is imported."""
        word = _NAMES.get((module, name)) if isinstance(module, str) and isinstance(name, str) else None
        if word is None:
            raise BadFrame(f"pickle that needs {str(module)[:60]}.{str(name)[:60]}: only numpy arrays are read")
        self.stack.append(_Word(word))

    def apply(self) -> None:
        """Give a word its arguments."""
        word, arguments = self.take(2)
        if not isinstance(word, _Word) or type(arguments) is not tuple:
            raise BadFrame("pickle that calls a value: only arrays, text, numbers and containers are read")
        self.stack.append(_WORDS[word.name](*arguments))

    def build(self) -> None:
        """Give an unfinished array or type its state, wherever it is remembered."""
        target, state = self.take(2)
        if not isinstance(target, _Unfinished) or type(state) is not tuple:
            raise BadFrame("pickle that sets the state of a value: only arrays have one")
        done = _array(*state) if target.dtype is None else _ordered(target.dtype, *state)
        self.stack.append(done)
        for slot in target.slots:
            if self.memo[slot] is target:
                self.memo[slot] = done


def _literal(value: Any) -> Any:
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise BadFrame("pickled number of more than 64 bits")
    return bytes(value) if isinstance(value, bytearray) else value


def _check(value: Any) -> None:
    """Raise `BadFrame` unless `value` is a tree of values only, and a shallow one."""
    level = [value]
    for _ in range(limits.MAX_PICKLE_DEPTH + 1):
        containers = [item for item in level if isinstance(item, _CONTAINERS)]
        for item in level:
            if not isinstance(item, (np.ndarray, *_LEAVES, *_CONTAINERS)):
                raise BadFrame("damaged pickle: a value is unfinished")
        if not containers:
            return
        level = [item for outer in containers for item in (outer.values() if isinstance(outer, dict) else outer)]
    raise BadFrame(f"pickle nested deeper than {limits.MAX_PICKLE_DEPTH} levels")


# what numpy's words make -----------------------------------------------------------------------------------------


def _reconstruct(kind: Any, shape: Any, code: Any) -> _Unfinished:
    if type(kind) is not _Word or kind.name != "ndarray" or type(shape) is not tuple:
        raise BadFrame("damaged pickle: an array begins differently")
    return _Unfinished()


def _dtype(name: Any, align: Any = False, copy: Any = True) -> _Unfinished:
    if not isinstance(name, str):
        raise BadFrame("pickled type that is not numeric")
    return _Unfinished(dtype=dtype_of(name))


def _ordered(dtype: np.dtype[Any], version: Any, order: Any, *rest: Any) -> np.dtype[Any]:
    if type(order) is not str or any(item is not None for item in rest[:3]):
        raise BadFrame("pickled type that is not numeric")
    if order == ">":
        return dtype.newbyteorder(">")
    return dtype.newbyteorder("<") if order == "<" else dtype


def _array(version: Any, shape: Any, dtype: Any, fortran: Any, data: Any) -> Array:
    return _frombuffer(data, dtype, shape, "F" if fortran else "C")


def _frombuffer(data: Any, dtype: Any, shape: Any, order: Any, axes: Any = None) -> Array:
    if isinstance(data, str):  # Python 2 wrote bytes as text
        data = data.encode("latin-1")
    extents = shape if type(shape) is tuple else (shape,)
    if not (isinstance(data, bytes) and isinstance(dtype, np.dtype) and all(type(n) is int for n in extents)):
        raise BadFrame("pickled array that is not made of numbers")
    if length_of(extents, dtype) != len(data):
        raise BadFrame(f"pickled array of shape {extents} and {dtype} has {len(data)} bytes")
    view = memoryview(data)
    if order == "F":
        return array_in(view, dtype, extents[::-1]).transpose()
    array = array_in(view, dtype, extents)
    return array.transpose(axes) if order == "K" and axes is not None else array


def _scalar(dtype: Any, data: Any) -> Any:
    return _frombuffer(data, dtype, (), "C").item()


def _encode(text: Any, encoding: Any) -> bytes:
    if type(text) is not str or type(encoding) is not str or encoding not in ("latin1", "latin-1"):
        raise BadFrame("pickled bytes in an unknown spelling")
    return text.encode("latin-1")


_WORDS: dict[str, Callable[..., Any]] = {
    "reconstruct": _reconstruct,
    "dtype": _dtype,
    "frombuffer": _frombuffer,
    "scalar": _scalar,
    "encode": _encode,
    "empty": lambda: b"",  # how protocol 2 writes no bytes
}

# opcodes ---------------------------------------------------------------------------------------------------------

_INTEGERS = ("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4")
_FLOATS = ("FLOAT", "BINFLOAT")
_TEXTS = ("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8")
_BYTES = ("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8")
_LITERALS = frozenset((*_INTEGERS, *_FLOATS, *_TEXTS, *_BYTES))
_CONSTANTS: dict[str, Any] = {
    "NONE": None,
    "NEWTRUE": True,
    "NEWFALSE": False,
    "EMPTY_TUPLE": (),
    "MARK": _MARK,
}


def _dict(machine: _Machine, _: Any) -> None:
    values = machine.group()
    machine.stack.append({})
    machine.update(values)


_ACTIONS: dict[str, Callable[[_Machine, Any], None]] = {
    "EMPTY_LIST": lambda machine, _: machine.stack.append([]),
    "EMPTY_DICT": lambda machine, _: machine.stack.append({}),
    "TUPLE": lambda machine, _: machine.stack.append(tuple(machine.group())),
    "TUPLE1": lambda machine, _: machine.stack.append(tuple(machine.take(1))),
    "TUPLE2": lambda machine, _: machine.stack.append(tuple(machine.take(2))),
    "TUPLE3": lambda machine, _: machine.stack.append(tuple(machine.take(3))),
    "LIST": lambda machine, _: machine.stack.append(machine.group()),
    "DICT": _dict,
    "APPEND": lambda machine, _: machine.extend(machine.take(1)),
    "APPENDS": lambda machine, _: machine.extend(machine.group()),
    "SETITEM": lambda machine, _: machine.update(machine.take(2)),
    "SETITEMS": lambda machine, _: machine.update(machine.group()),
    "PUT": lambda machine, slot: machine.put(slot),
    "BINPUT": lambda machine, slot: machine.put(slot),
    "LONG_BINPUT": lambda machine, slot: machine.put(slot),
    "MEMOIZE": lambda machine, _: machine.put(len(machine.memo)),
    "GET": lambda machine, slot: machine.get(slot),
    "BINGET": lambda machine, slot: machine.get(slot),
    "LONG_BINGET": lambda machine, slot: machine.get(slot),
    "GLOBAL": lambda machine, names: machine.name(*names.split(" ", 1)),
    "STACK_GLOBAL": lambda machine, _: machine.name(*machine.take(2)),
    "REDUCE": lambda machine, _: machine.apply(),
    "BUILD": lambda machine, _: machine.build(),
}
