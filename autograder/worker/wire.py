"""The format of what crosses between the grading process and a worker.

A message is eight bytes of length, then msgpack. Numpy arrays, random generators and values that
could not be read travel as msgpack extension types, so that nothing that arrives can run code.
Whoever reads a message says how large it may be, before anything is allocated for it.
"""

from __future__ import annotations

import math
import socket
import time
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

ARRAY, GENERATOR, UNREADABLE = 1, 2, 3
NUMERIC_KINDS = "biuf"
MAX_DIMENSIONS = 8
CHUNK = 1 << 20

Array = NDArray[Any]


class WireError(Exception):
    """What arrived is not a message: too large, cut off, late, or not in the format."""


class TooLate(WireError):
    """The message was not there, whole, by its deadline."""


class Closed(WireError):
    """The other side is gone."""


class Unreadable(msgspec.Struct, frozen=True):
    """Stands for a value that is not plain data; ``what`` says what it was."""

    what: str


def _encode_extension(value: object) -> msgspec.msgpack.Ext:
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        if array.dtype.kind not in NUMERIC_KINDS:
            raise TypeError(f"an array of dtype {array.dtype} does not cross")
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        head = msgspec.msgpack.encode((array.dtype.str, array.shape))
        return msgspec.msgpack.Ext(ARRAY, len(head).to_bytes(2, "little") + head + array.tobytes())
    if isinstance(value, np.random.Generator):
        return msgspec.msgpack.Ext(GENERATOR, str(seed_of(value)).encode())
    if isinstance(value, Unreadable):
        return msgspec.msgpack.Ext(UNREADABLE, value.what.encode("utf-8", "replace"))
    raise TypeError(f"a {type(value).__name__} does not cross")


def _decode_array(data: memoryview) -> Array:
    start = 2 + int.from_bytes(data[:2], "little")
    name, shape = msgspec.msgpack.decode(data[2:start], type=tuple[str, tuple[int, ...]])
    dtype = np.dtype(name)
    if dtype.kind not in NUMERIC_KINDS or len(shape) > MAX_DIMENSIONS or min(shape, default=0) < 0:
        raise ValueError("not an array of numbers")
    if math.prod(shape) * dtype.itemsize != len(data) - start:
        raise ValueError("an array's bytes do not fill its shape")
    return np.frombuffer(data[start:], dtype=dtype).reshape(shape).copy()


def _decode_extension(code: int, data: memoryview) -> object:
    if code == ARRAY:
        return _decode_array(data)
    if code == GENERATOR:
        return np.random.default_rng(int(bytes(data)))
    if code == UNREADABLE:
        return Unreadable(bytes(data).decode("utf-8", "replace"))
    raise ValueError(f"unknown extension {code}")


_encoder = msgspec.msgpack.Encoder(enc_hook=_encode_extension)
_decoder = msgspec.msgpack.Decoder(ext_hook=_decode_extension)


def seed_of(rng: np.random.Generator) -> int:
    """The seed that a fresh ``numpy.random.default_rng(seed)`` was made from."""
    entropy = getattr(rng.bit_generator.seed_seq, "entropy", None)
    if not isinstance(entropy, int):
        raise TypeError("only a generator made from one integer seed crosses")
    return entropy


def encode(message: object) -> bytes:
    """A message as bytes, with its length before it. Raises TypeError for what is not plain."""
    body = _encoder.encode(message)
    return len(body).to_bytes(8, "little") + body


def decode(body: bytes | bytearray) -> Any:
    """The inverse of ``encode``, without the length. Raises WireError for anything else."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, ValueError, TypeError, RecursionError) as error:
        raise WireError(f"not a message: {error}") from None


def _receive(sock: socket.socket, size: int, deadline: float) -> bytearray:
    parts = bytearray()
    while len(parts) < size:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TooLate
        sock.settimeout(left)
        try:
            chunk = sock.recv(min(size - len(parts), CHUNK))
        except TimeoutError:
            raise TooLate from None
        except OSError as error:
            raise Closed(str(error)) from None
        if not chunk:
            raise Closed("the other side closed")
        parts += chunk
    return parts


def receive(sock: socket.socket, deadline: float, max_bytes: int) -> Any:
    """The next message, whole and no larger than ``max_bytes``, by ``deadline`` (monotonic s).

    Raises TooLate, Closed, or WireError where the message is too large or not in the format.
    """
    size = int.from_bytes(_receive(sock, 8, deadline), "little")
    if size > max_bytes:
        raise WireError(f"a message of {size:,} bytes, where {max_bytes:,} are allowed")
    return decode(_receive(sock, size, deadline))


def send(sock: socket.socket, message: object, deadline: float) -> None:
    """Sends a message by ``deadline`` (monotonic s). Raises TooLate or Closed."""
    data = memoryview(encode(message))
    while data:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TooLate
        sock.settimeout(left)
        try:
            data = data[sock.send(data[:CHUNK]) :]
        except TimeoutError:
            raise TooLate from None
        except OSError as error:
            raise Closed(str(error)) from None
