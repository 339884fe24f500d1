"""The format of what crosses between the grading process and a worker.

A message is eight bytes of length, then msgpack. Numpy arrays, random generators and values that
could not be read travel as msgpack extension types, so that nothing that arrives can run code.
The reader says how large a message may be before anything is allocated for it. It is checked
before it is unpacked, since a message can unpack to 1000 times its size.
"""

from __future__ import annotations

import math
import select
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from .values import MAX_DIMENSIONS, NUMERIC_KINDS, Unreadable, seed_of

ARRAY, GENERATOR, UNREADABLE, TUPLE, FUNCTION = 1, 2, 3, 4, 5
# Of one array, counting an empty axis as one, and of all arrays of a message that is looked
# through. The right answers hold some 100,000 at the most.
MAX_ENTRIES = 1 << 21
# Of one message: numbers, texts and containers, how deep they are nested, and the bytes of a text.
MAX_VALUES = 1 << 17
MAX_DEPTH = 16
MAX_TEXT = 1 << 12
# Of the longest text times the values beside it, which is what numpy would make room for.
MAX_ROOM = 1 << 22
MAX_WHAT = 100
# The longest description before an array's bytes, and how many of these are remembered.
MAX_HEAD = 128
HEADS = 1024
CHUNK = 1 << 16
# As what a scalar of numpy crosses, by its kind: not every library takes its own for a number.
PLAIN = {"b": bool, "i": int, "u": int, "f": float}
# What a message of a worker may hold, and cost to make: a generator takes as long as 512 arrays.
MAX_COST = 1 << 15
COSTS = {ARRAY: 1, GENERATOR: 1 << 9, UNREADABLE: 1}
# What it costs, in about nanoseconds, to read a message, each byte and value of it, and to check
# each entry of an array; and to wait for a part of it, beyond the parts in which any worker sends.
MESSAGE, BYTE, VALUE, ENTRY, PART = 20_000, 1, 2_000, 40, 5_000
PARTS, PART_BYTES = 16, 1 << 10
# By name, so that nothing else that numpy reads as a dtype is looked at.
DTYPES = {
    dtype.str: dtype for dtype in (np.dtype(code).newbyteorder("<") for code in "?bhilqBHILQefdg")
}

Array = NDArray[Any]


class WireError(Exception):
    """What arrived is not a message: too large, cut off, late, or not in the format."""


class TooLate(WireError):
    """The message was not there, whole, by its deadline."""


class Closed(WireError):
    """The other side is gone."""


class TooMuch(WireError):
    """More came than an ``Allowance`` has room for."""


class Allowance:
    """How much work may still be done for what the other side sends, in about nanoseconds.

    It is counted, not measured: the same messages use up the same.
    """

    def __init__(self, left: int) -> None:
        self._left = left

    @property
    def used_up(self) -> bool:
        return self._left < 0

    def spend(self, cost: int) -> None:
        """Raises TooMuch where there is no room for it."""
        self._left -= cost
        if self._left < 0:
            raise TooMuch("more than is read of one submission")


class Seed:
    """Crosses as a generator that is made from it on the other side."""

    def __init__(self, value: int) -> None:
        self.value = value


class Function:
    """Crosses as a function that is answered from the grading process, under this name."""

    def __init__(self, name: str) -> None:
        self.name = name


class Tuple:
    """Crosses as a tuple; a tuple itself would cross as a list."""

    def __init__(self, items: Sequence[object]) -> None:
        self.items = list(items)


class Packed:
    """A part of a message that is encoded once, to be sent and to be known again by its bytes."""

    def __init__(self, value: object) -> None:
        self.value = value
        self.data = _encoder.encode(value)


def _encode_extension(value: object) -> Any:
    if isinstance(value, np.generic) and value.dtype.kind in PLAIN:
        return PLAIN[value.dtype.kind](value)
    if isinstance(value, np.ndarray):
        array, dtype = value, value.dtype
        if dtype.kind not in NUMERIC_KINDS:
            raise TypeError(f"an array of dtype {dtype} does not cross")
        if dtype.byteorder == ">":
            dtype = dtype.newbyteorder("<")
            array = array.astype(dtype)
        return msgspec.msgpack.Ext(ARRAY, _head(dtype, array.shape) + array.tobytes())
    if isinstance(value, Packed):
        return msgspec.Raw(value.data)
    if isinstance(value, np.random.Generator | Seed):
        seed = value.value if isinstance(value, Seed) else seed_of(value)
        return msgspec.msgpack.Ext(GENERATOR, str(seed).encode())
    if isinstance(value, Unreadable):
        return msgspec.msgpack.Ext(UNREADABLE, value.what.encode("utf-8", "replace"))
    if isinstance(value, Tuple):
        return msgspec.msgpack.Ext(TUPLE, _encoder.encode(value.items))
    if isinstance(value, Function):
        return msgspec.msgpack.Ext(FUNCTION, value.name.encode())
    raise TypeError(f"a {type(value).__name__} does not cross")


@lru_cache(HEADS)
def _head(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    head = msgspec.msgpack.encode((dtype.str, shape))
    return len(head).to_bytes(2, "little") + head


@lru_cache(HEADS)
def _described(head: bytes) -> tuple[np.dtype[Any], tuple[int, ...], int, int]:
    """The dtype, the shape, and the number of entries and of bytes that a head describes."""
    name, shape = msgspec.msgpack.decode(head, type=tuple[str, tuple[int, ...]])
    if name not in DTYPES or len(shape) > MAX_DIMENSIONS or min(shape, default=0) < 0:
        raise ValueError("not an array of numbers")
    dtype = DTYPES[name]
    # Counts empty axes too, so that no loop goes over 2**60 rows of nothing.
    entries = math.prod(max(size, 1) for size in shape)
    if entries > MAX_ENTRIES:
        raise ValueError("an array of too many entries")
    return dtype, shape, entries, math.prod(shape) * dtype.itemsize


def _end_of_head(data: bytes | bytearray | memoryview) -> int:
    end = 2 + data[0] + (data[1] << 8)
    if end > MAX_HEAD:
        raise ValueError("not an array of numbers")
    return end


def _decode_array(data: memoryview) -> Array:
    start = _end_of_head(data)
    dtype, shape, _, size = _described(bytes(data[2:start]))
    if size != len(data) - start:
        raise ValueError("an array's bytes do not fill its shape")
    array: Array = np.ndarray(shape, dtype, data, start)
    return array.copy()


def _decode_extension(code: int, data: memoryview) -> object:
    if code == ARRAY:
        return _decode_array(data)
    if code == GENERATOR:
        return np.random.default_rng(int(bytes(data)))
    if code == UNREADABLE:
        return Unreadable(bytes(data[:MAX_WHAT]).decode("utf-8", "replace"))
    # These two come from the grading process alone: see ``COSTS``.
    if code == TUPLE:
        return tuple(_decoder.decode(data))
    if code == FUNCTION:
        return Function(bytes(data).decode())
    raise ValueError(f"unknown extension {code}")


_encoder = msgspec.msgpack.Encoder(enc_hook=_encode_extension)
_decoder = msgspec.msgpack.Decoder(ext_hook=_decode_extension)


def crosses(value: Any) -> Any:
    """A value as it has to be encoded for its tuples, at any depth, to arrive as tuples."""
    if isinstance(value, tuple):
        return Tuple([crosses(one) for one in value])
    if isinstance(value, list):
        return [crosses(one) for one in value]
    return {key: crosses(one) for key, one in value.items()} if isinstance(value, dict) else value


def encode(message: object) -> bytes:
    """A message as bytes, with its length before it. Raises TypeError for what is not plain."""
    body = _encoder.encode(message)
    return len(body).to_bytes(8, "little") + body


# msgpack's first bytes: of values with the number of bytes that follow, and of values that begin
# with a size, with the number of its bytes. Short texts, lists and dicts hold theirs in the first.
_FIXED = {0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}
_FIXED |= {0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8, 0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17}
_EXTENSIONS = {0xC7: 1, 0xC8: 2, 0xC9: 4}
_TEXTS = {0xD9: 1, 0xDA: 2, 0xDB: 4}
_LISTS = {0xDC: 2, 0xDD: 4}
_DICTS = {0xDE: 2, 0xDF: 4}
_SIZED = _EXTENSIONS | _TEXTS | _LISTS | _DICTS


def _look_through(body: bytes | bytearray) -> int:
    """Refuses a message of too much, and dicts with keys other than text; returns its cost.

    Such keys can be chosen to collide, and then a dict takes hours to build. Too much are many
    values, arrays or entries, a few generators, a long text, and one among many values, all of
    which numpy would give the room of the longest.
    """
    at = values = entries = cost = longest = 0
    # Of the list or dict that is open: the values to come, and whether it is a dict. Around it:
    left, keyed = 1, False
    around: list[tuple[int, bool]] = []
    while left or around:
        if not left:
            left, keyed = around.pop()
            continue
        is_key = keyed and left % 2 == 0
        left -= 1
        values += 1
        if values > MAX_VALUES or cost > MAX_COST or entries > MAX_ENTRIES:
            raise ValueError("too many values, entries, arrays or generators")
        first = body[at]
        at += 1
        text = 0xA0 <= first < 0xC0 or first in _TEXTS
        if is_key and not text:
            raise ValueError("a dict with a key that is no text")
        if first < 0x80 or first >= 0xE0:
            continue
        if first in _FIXED:
            if first >= 0xD4:
                cost += _cost(body[at])
                entries += _entries(body, at)
            at += _FIXED[first]
            continue
        if first in _SIZED:
            size = int.from_bytes(body[at : at + _SIZED[first]], "big")
            at += _SIZED[first]
        else:
            size = first & (0x1F if text else 0x0F)
        if text:
            longest = max(longest, size)
            at += size
        elif first in _EXTENSIONS:
            cost += _cost(body[at])
            entries += _entries(body, at)
            at += size + 1
        elif first in _LISTS or 0x90 <= first < 0xA0:
            around.append((left, keyed))
            left, keyed = size, False
        elif first in _DICTS or first < 0x90:
            around.append((left, keyed))
            left, keyed = 2 * size, True
        else:
            raise ValueError("a kind of value that has no place here")
        if len(around) > MAX_DEPTH:
            raise ValueError("values nested too deep")
    if cost > MAX_COST or entries > MAX_ENTRIES:
        raise ValueError("too many entries, arrays or generators")
    if longest > MAX_TEXT or longest * values > MAX_ROOM:
        raise ValueError("a long text, or one among many values")
    return VALUE * (values + cost) + ENTRY * entries


def _cost(code: int) -> int:
    if code not in COSTS:
        raise ValueError(f"unknown extension {code}")
    return COSTS[code]


def _entries(body: bytes | bytearray, at: int) -> int:
    """How many entries the array has that begins there; 0 for any other extension."""
    if body[at] != ARRAY:
        return 0
    data = body[at + 1 : at + 1 + MAX_HEAD]
    return _described(bytes(data[2 : _end_of_head(data)]))[2]


def decode(
    body: bytes | bytearray, believe: bool = False, allowance: Allowance | None = None
) -> Any:
    """The inverse of ``encode``, without the length. Raises WireError for anything else.

    What the grading process sends can be believed, and need not be looked through first. Raises
    TooMuch where the ``allowance`` has no room for the message.
    """
    try:
        if not believe:
            cost = _look_through(body)
            if allowance is not None:
                allowance.spend(cost)
        return _decoder.decode(body)
    except TooMuch:
        raise
    except IndexError:
        raise WireError("not a message: it breaks off") from None
    except Exception as error:  # whatever it is, the one who sent this is at fault
        raise WireError(f"not a message: {error}") from None


class Line:
    """One end of a socket that carries messages. A deadline is in monotonic seconds, or ``inf``.

    What is received, though it be byte by byte, is paid for from the ``allowance``.
    """

    def __init__(self, sock: socket.socket, allowance: Allowance | None = None) -> None:
        sock.setblocking(False)
        self.sock = sock
        self._allowance = allowance
        self._parts = 0
        self._to_read, self._to_write, self._to_both = (select.poll() for _ in range(3))
        self._to_read.register(sock, select.POLLIN)
        self._to_write.register(sock, select.POLLOUT)
        self._to_both.register(sock, select.POLLIN | select.POLLOUT)
        self._part = memoryview(bytearray(CHUNK))
        self._come, self._queued = bytearray(), bytearray()

    @property
    def unread(self) -> bool:
        """Whether some of the next message has come."""
        return bool(self._come) or any(seen & select.POLLIN for _, seen in self._to_read.poll(0))

    def receive(self, deadline: float, max_bytes: int, believe: bool = False) -> Any:
        """The next message, whole and no larger than ``max_bytes``.

        Raises TooLate, Closed, TooMuch, or WireError where the message is too large or not in the
        format.
        """
        self._parts = 0
        self._read(8, deadline)
        size = int.from_bytes(self._come[:8], "little")
        if size > max_bytes:
            raise WireError(f"a message of {size:,} bytes, where {max_bytes:,} are allowed")
        self._spend(MESSAGE + BYTE * size)
        self._read(8 + size, deadline)
        body = self._come[8 : 8 + size]
        del self._come[: 8 + size]
        return decode(body, believe, self._allowance)

    def _spend(self, cost: int) -> None:
        if self._allowance is not None:
            self._allowance.spend(cost)

    def _read(self, size: int, deadline: float) -> None:
        """Reads until there are ``size`` bytes, and what comes with the last of them."""
        while len(self._come) < size:
            with suppress(OSError):  # no one may read any more, and yet have sent something
                self._push()
            _wait(self._to_both if self._queued else self._to_read, deadline)
            try:
                count = self.sock.recv_into(self._part)
            except BlockingIOError:
                continue
            except OSError as error:
                raise Closed(str(error)) from None
            if not count:
                raise Closed("the other side closed")
            self._parts += 1
            if self._parts > PARTS + len(self._come) // PART_BYTES:
                self._spend(PART)
            self._come += self._part[:count]

    def _push(self) -> None:
        """Sends what is queued, as far as it is taken."""
        with suppress(BlockingIOError):
            while self._queued:
                del self._queued[: self.sock.send(self._queued)]

    def queue(self, message: object) -> None:
        """Sends a message while the next one is waited for.

        So two sides that both have much to send do not wait for each other.
        """
        self._queued += encode(message)

    def send(self, message: object, deadline: float) -> None:
        """Sends a message. Raises TooLate or Closed."""
        self.queue(message)
        try:
            self._push()
            while self._queued:
                _wait(self._to_write, deadline)
                self._push()
        except OSError as error:
            raise Closed(str(error)) from None

    def close(self) -> None:
        self.sock.close()


def _wait(poll: select.poll, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0 or not poll.poll(None if left == math.inf else 1000 * left):
        raise TooLate
