"""What breaks the rules of WebSocket itself, with the codes that a server closes with."""

from __future__ import annotations

import random
import struct

from fuzz.wire import BINARY, CLOSE, CONT, PING, PONG, TEXT, fragments, frame

LARGEST = 1024 * 1024
_PROTOCOL, _NOT_TEXT, _TOO_LARGE = 1002, 1007, 1009
_BAD_UTF8 = (
    b"\xff",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"ab\xe2\x82",
    b"\x80" * 9,
    b"{\xfe}",
)
CLOSE_CODES = (
    1000,
    1001,
    1002,
    1003,
    1007,
    1008,
    1009,
    1010,
    1011,
    1012,
    1013,
    1014,
    3000,
    3999,
    4000,
    4400,
    4401,
    4409,
    4999,
)
_NO_CLOSE_CODES = (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)


def broken(rng: random.Random) -> tuple[bytes, int]:
    """Bytes after which the connection must end, and the code."""
    some = rng.randbytes(rng.choice([0, 1, 5, 125, 126, 4000]))
    mask = rng.randbytes(4)
    opcode = rng.choice([TEXT, BINARY, PING, PONG, CLOSE, CONT])
    match rng.randrange(13):
        case 0:
            return frame(opcode, some[:125], reserved=rng.randrange(1, 8)), _PROTOCOL
        case 1:
            return frame(rng.choice([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]), some, mask=mask), _PROTOCOL
        case 2:
            return frame(rng.choice([TEXT, BINARY, PING]), some[:125], mask=None), _PROTOCOL
        case 3:
            return frame(rng.choice([PING, PONG, CLOSE]), bytes(rng.choice([126, 65536]))), _PROTOCOL
        case 4:
            return frame(rng.choice([PING, PONG, CLOSE]), some[:9], fin=False), _PROTOCOL
        case 5:
            return frame(CONT, some, fin=rng.random() < 0.5, mask=mask), _PROTOCOL
        case 6:
            first = frame(rng.choice([TEXT, BINARY]), b"a", fin=False)
            return first + frame(rng.choice([TEXT, BINARY]), b"b"), _PROTOCOL
        case 7:
            return frame(TEXT, rng.choice(_BAD_UTF8), mask=mask), _NOT_TEXT
        case 8:
            bad = b"{" + rng.choice(_BAD_UTF8)
            return fragments(TEXT, [bad[:2], bad[2:]], frame(PING, some[:125])), _NOT_TEXT
        case 9:
            return frame(
                CLOSE, rng.choice([b"\x03", *(struct.pack("!H", c) for c in _NO_CLOSE_CODES)])
            ), _PROTOCOL
        case 10:
            size = rng.choice([LARGEST + 1, 2**31, 2**32, 2**62])
            return struct.pack("!BBQ4s", 0x82, 0xFF, size, mask) + some, _TOO_LARGE
        case 11:
            return struct.pack("!BBQ4s", 0x82, 0xFF, 2**63 + 5, mask), _TOO_LARGE
        case _:
            parts = [bytes(LARGEST // 4)] * 4 + [b"more"]
            return fragments(rng.choice([TEXT, BINARY]), parts, frame(PING, b"")), _TOO_LARGE


def control(rng: random.Random) -> bytes:
    """A ping or a pong that is right, whatever is in it."""
    return frame(rng.choice([PING, PONG]), rng.randbytes(rng.choice([0, 1, 124, 125])), mask=rng.randbytes(4))


def close(rng: random.Random, code: int | None) -> bytes:
    if code is None:
        return frame(CLOSE, b"")
    reason = rng.choice([b"", b"bye", "größer".encode(), b"x" * 123, b"\0"])
    return frame(CLOSE, struct.pack("!H", code) + reason, mask=rng.randbytes(4))


def half(rng: random.Random) -> bytes:
    """A frame that never ends."""
    whole = frame(rng.choice([BINARY, TEXT, PING]), b"a" * 100, mask=rng.randbytes(4))
    return whole[: rng.randrange(1, len(whole))]
