"""What crosses the wire arrives as it was, and what is no message is refused unread."""

from __future__ import annotations

import os
import pickle
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autograder.worker import wire
from autograder.worker.values import UNKNOWN, WHATS, Unreadable
from autograder.worker.wire import Closed, TooLate, WireError

LIMIT = 1 << 20

arrays = npst.arrays(
    st.one_of(
        npst.boolean_dtypes(),
        npst.integer_dtypes(endianness="?"),
        npst.unsigned_integer_dtypes(endianness="?"),
        npst.floating_dtypes(endianness="?"),
    ),
    npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.text(),
    st.builds(Unreadable, st.sampled_from(sorted(WHATS))),
    arrays,
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        native = one.dtype.newbyteorder("=")
        return (
            isinstance(other, np.ndarray)
            and (other.dtype, other.shape) == (native, one.shape)
            and other.tobytes() == one.astype(native).tobytes()
        )
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Unreadable):
        return isinstance(other, Unreadable) and one.what == other.what
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and (one == other or (one != one and other != other))


def packed(code: int, data: bytes) -> bytes:
    return msgspec.msgpack.encode(msgspec.msgpack.Ext(code, data))


def packed_array(dtype: str, shape: Any, data: bytes = b"") -> bytes:
    head = msgspec.msgpack.encode((dtype, shape))
    return packed(wire.ARRAY, len(head).to_bytes(2, "little") + head + data)


Pair = tuple[wire.Line, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield wire.Line(ours), theirs


def soon() -> float:
    return time.monotonic() + 0.2


@given(values)
def test_values_arrive_as_they_were(value: object) -> None:
    assert same(value, wire.decode(wire.encode(value)[8:]))


@pytest.mark.parametrize(
    "array",
    [np.arange(24.0).reshape(4, 6).T, np.arange(24)[::-3], np.asfortranarray(np.eye(3, 2))],
    ids=["transposed", "strided", "Fortran order"],
)
def test_any_memory_layout_crosses(array: wire.Array) -> None:
    arrived = wire.decode(wire.encode(array)[8:])
    np.testing.assert_array_equal(arrived, array, strict=True)
    arrived[...] = 0  # it belongs to whoever got it


@pytest.mark.parametrize(
    ("scalar", "plain"),
    [
        (np.float64(0.5), 0.5),
        (np.float32(0.5), 0.5),
        (np.longdouble(0.5), 0.5),
        (np.int64(-3), -3),
        (np.uint8(3), 3),
        (np.bool_(True), True),
    ],
)
def test_a_numpy_scalar_arrives_as_python_s_own_number(scalar: Any, plain: Any) -> None:
    for sent, wanted in ((scalar, plain), ([scalar], [plain]), ({"k": scalar}, {"k": plain})):
        assert same(wanted, wire.decode(wire.encode(sent)[8:]))
    assert same(np.asarray(plain), wire.decode(wire.encode(np.asarray(plain))[8:]))


def test_a_fresh_generator_crosses_as_its_seed() -> None:
    seed = 2**127 + 5
    arrived = wire.decode(wire.encode(np.random.default_rng(seed))[8:])
    assert arrived.random() == np.random.default_rng(seed).random()


@pytest.mark.parametrize(
    "value",
    [
        object(),
        np.array([object()]),
        np.array([1j]),
        np.array(["text"]),
        np.random.default_rng([1, 2]),
    ],
    ids=["object", "array of objects", "complex numbers", "text", "generator of two seeds"],
)
def test_what_is_not_plain_does_not_leave(value: object) -> None:
    with pytest.raises(TypeError, match="cross"):
        wire.encode(value)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_refused(body: bytes) -> None:
    with suppress(WireError):
        wire.decode(body)


@given(values, st.data())
def test_a_damaged_message_is_read_or_refused(value: object, data: st.DataObject) -> None:
    body = bytearray(wire.encode(value)[8:])
    for _ in range(3):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with suppress(WireError):
        wire.decode(body)


@given(values)
def test_a_message_that_breaks_off_is_refused(value: object) -> None:
    with pytest.raises(WireError):
        wire.decode(wire.encode(value)[8:-1])


@pytest.mark.parametrize(
    "body",
    [
        *(packed_array(dtype, (1,), b"x" * 8) for dtype in ("O", "c8", "S8", "M8[s]", "V8", "?O")),
        packed_array("f8,f8", (1,), b"x" * 16),
        packed_array("(2,)f8", (1,), b"x" * 16),
        packed_array("no dtype", (1,)),
        packed_array("(1,f8", (1,), b"x" * 8),
        packed_array("<f8", (-1,), b"x" * 8),
        packed_array("<f8", (2,), b"x" * 8),
        packed_array("<f8", (1,), b"x" * 16),
        packed_array("<f8", (1,) * 9, b"x" * 8),
        packed_array("<f8", (2**32, 2**32)),
        packed_array("<f8", (0, 2**40)),
        packed_array("|i1", (0, wire.MAX_ENTRIES + 1)),
        packed_array("<f8", (0, 2**64 - 1)),
        packed_array("<f8", "1"),
        packed_array("<f8", (1.5,), b"x" * 8),
        packed(wire.ARRAY, b""),
        packed(wire.ARRAY, b"\xff\xff"),
    ],
)
def test_odd_arrays_are_refused(body: bytes) -> None:
    with pytest.raises(WireError):
        wire.decode(body)


def test_no_arriving_bytes_can_run_code(tmp_path: os.PathLike[str]) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return os.mkdir, (f"{os.fspath(tmp_path)}/ran",)

    for code in range(-128, 128):
        try:
            wire.decode(packed(code, pickle.dumps(Evil())))
        except WireError:
            continue
    with pytest.raises(WireError):
        wire.decode(pickle.dumps(Evil()))
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        b"\xdd" + (2**32 - 1).to_bytes(4, "big"),
        b"\xdf" + (2**32 - 1).to_bytes(4, "big"),
        b"\xc9" + (2**32 - 1).to_bytes(4, "big"),
        b"\xdd" + (1 << 22).to_bytes(4, "big") + b"\x90" * (1 << 22),
        b"\x91" * 100_000 + b"\xc0",
        b"\x81\x01\x01",
        b"\x81\x92\x01\x02\x01",
        b"\x81\xca\x00\x00\x00\x00\x01",
        b"\xdc\x00\x80" + packed(wire.GENERATOR, b"0") * 128,
        b"\xdd" + (1 << 16).to_bytes(4, "big") + packed_array("|i1", (), b"0") * (1 << 16),
        b"\x92" + packed_array("|i1", (wire.MAX_ENTRIES,), bytes(wire.MAX_ENTRIES)) * 2,
        b"\x92" + packed_array("|i1", (0, wire.MAX_ENTRIES)) * 2,
        msgspec.msgpack.encode("x" * (wire.MAX_TEXT + 1)),
        msgspec.msgpack.encode({"x" * (wire.MAX_TEXT + 1): 0}),
        b"\xdd"
        + (1 << 16).to_bytes(4, "big")
        + msgspec.msgpack.encode("x" * 999)
        + b"\0" * ((1 << 16) - 1),
    ],
    ids=[
        *("list", "dict", "array", "many lists", "deep", "int key", "list key", "float key"),
        *("many generators", "many arrays", "many entries", "many entries of no bytes"),
        *("a long text", "a long key", "a long text among many numbers"),
    ],
)
def test_what_would_take_much_memory_or_time_is_refused(body: bytes) -> None:
    with pytest.raises(WireError):
        wire.decode(body)


def test_a_message_of_less_than_that_is_read() -> None:
    body = packed_array("|i1", (wire.MAX_ENTRIES,), bytes(wire.MAX_ENTRIES))
    assert wire.decode(body).size == wire.MAX_ENTRIES
    assert wire.decode(msgspec.msgpack.encode("x" * wire.MAX_TEXT)) == "x" * wire.MAX_TEXT


@pytest.mark.parametrize("what", [b"", b"a \x1b[31m\n\xff", b"x" * 10_000, b"a 3.14159"])
def test_unreadable_values_are_described_in_known_words(what: bytes) -> None:
    assert wire.decode(packed(wire.UNREADABLE, what)).what == UNKNOWN
    assert wire.decode(wire.encode(Unreadable(what.decode("latin-1")))[8:]).what == UNKNOWN
    assert wire.decode(packed(wire.UNREADABLE, b"a generator")).what == "a generator"


def test_messages_cross_a_socket_in_order(pair: Pair) -> None:
    ours, theirs = pair
    large = np.arange(50_000.0)

    def send() -> None:
        line = wire.Line(theirs)
        line.send("first", soon() + 10)
        line.send(large, soon() + 10)

    sender = threading.Thread(target=send)
    sender.start()
    assert ours.receive(soon() + 10, LIMIT) == "first"
    np.testing.assert_array_equal(ours.receive(soon() + 10, LIMIT), large)
    sender.join()


def test_what_came_with_a_message_is_still_to_be_read(pair: Pair) -> None:
    ours, theirs = pair
    assert not ours.unread
    theirs.sendall(wire.encode("first") + wire.encode([2]) + b"\x05")
    assert ours.unread
    assert ours.receive(soon() + 10, LIMIT) == "first"
    assert ours.unread
    assert ours.receive(soon() + 10, LIMIT) == [2]
    assert ours.unread
    with pytest.raises(TooLate):
        ours.receive(soon(), LIMIT)


def test_a_large_message_is_refused_before_it_is_read(
    pair: Pair,
) -> None:
    ours, theirs = pair
    theirs.sendall((1 << 62).to_bytes(8, "little"))
    with pytest.raises(WireError, match="bytes, where"):
        ours.receive(soon(), LIMIT)


@pytest.mark.parametrize("start", [b"", b"\x05", (5).to_bytes(8, "little") + b"\xa4ab"])
def test_a_message_that_does_not_come_is_late_or_cut_off(pair: Pair, start: bytes) -> None:
    ours, theirs = pair
    theirs.sendall(start)
    with pytest.raises(TooLate):
        ours.receive(soon(), LIMIT)
    theirs.close()
    with pytest.raises(Closed):
        ours.receive(soon() + 10, LIMIT)


def test_a_message_in_drops_is_late_as_a_whole(pair: Pair) -> None:
    ours, theirs = pair
    enough = threading.Event()

    def drip() -> None:
        theirs.sendall((LIMIT).to_bytes(8, "little"))
        while not enough.wait(0.01):
            theirs.send(b"\x00")

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        with pytest.raises(TooLate):
            ours.receive(soon(), LIMIT)
    finally:
        enough.set()
        dripping.join()


@pytest.mark.parametrize(
    "value",
    [[0] * 5_000, np.zeros(50_000, np.int8), {str(key): [] for key in range(2_000)}, "x"],
    ids=["numbers", "an array", "a dict", "little, many times"],
)
def test_an_allowance_bounds_what_is_read_and_counts_the_same_each_time(value: object) -> None:
    def count() -> int:
        sock, theirs = socket.socketpair()
        ours, line = wire.Line(sock, wire.Allowance(30_000_000)), wire.Line(theirs)
        with sock, theirs:
            for number in range(2_000):
                line.send(value, soon() + 10)
                try:
                    ours.receive(soon() + 10, LIMIT)
                except wire.TooMuch:
                    return number
        return 2_000

    assert 1 < count() == count() < 2_000


def test_a_message_byte_by_byte_uses_an_allowance_up() -> None:
    sock, theirs = socket.socketpair()
    ours = wire.Line(sock, wire.Allowance(500_000))
    dripping = threading.Event()

    def drip() -> None:
        theirs.sendall((1 << 16).to_bytes(8, "little"))
        while not dripping.wait(0.001):
            theirs.send(b"\0")

    sender = threading.Thread(target=drip)
    sender.start()
    with sock, theirs:
        with pytest.raises(wire.TooMuch):
            ours.receive(soon() + 60, LIMIT)
        dripping.set()
        sender.join()


def test_who_does_not_read_cannot_hold_up_who_sends(
    pair: Pair,
) -> None:
    with pytest.raises(TooLate):
        pair[0].send(np.zeros(1 << 20), soon())


def test_two_that_both_have_much_to_send_do_not_wait_for_each_other(pair: Pair) -> None:
    ours, theirs = pair
    much = np.arange(100_000.0)  # more than a socket takes at once

    def other() -> None:
        line = wire.Line(theirs)
        line.send(much, soon() + 10)
        line.send(line.receive(soon() + 10, LIMIT), soon() + 10)

    answering = threading.Thread(target=other)
    answering.start()
    ours.queue(much[::-1])
    np.testing.assert_array_equal(ours.receive(soon() + 10, LIMIT), much)
    np.testing.assert_array_equal(ours.receive(soon() + 10, LIMIT), much[::-1])
    answering.join()


def test_what_was_sent_before_the_end_is_read_after_the_other_side_closed(pair: Pair) -> None:
    ours, theirs = pair
    theirs.sendall(wire.encode("last words"))
    theirs.close()
    ours.queue("hello")
    assert ours.receive(soon(), LIMIT) == "last words"
    with pytest.raises(Closed):
        ours.receive(soon(), LIMIT)


def test_sending_to_a_closed_line_raises(pair: Pair) -> None:
    pair[1].close()
    with pytest.raises(Closed):
        pair[0].send("hello", soon())
