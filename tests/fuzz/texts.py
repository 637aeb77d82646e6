"""Texts that a client may send: messages oddly written, messages that are wrong, and what is none at all."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

STOP = '{"type":"stop_recording"}'
_FINE_VALUES: tuple[Any, ...] = (None, True, 0, -1, 1.5, 10**400, "", "ÿ", "\0", [], [1], {"chunk": "YWJj"})
_ODD_VALUES: tuple[Any, ...] = (
    *_FINE_VALUES,
    "a",
    "YWI",
    "YWJj\n",
    "YW Jj",
    "YWJj=",
    "_-8=",
    "\ud800",
    "A" * 5000,
)
_NOT_JSON = (
    "",
    " ",
    "\0",
    "stop",
    "null",
    "[]",
    "1e999",
    "NaN",
    "Infinity",
    "'{}'",
    "\ufeff{}",
    "{",
    '{"type"',
    "//",
    "\ud7ff",
    '{"type":"stop_recording",}',
    '{"type":"stop_recording"} x',
    '{"type":"stop_recording"}{}',
    '"\\ud800"',
    '{"type":"\\ud800\\u0000"}',
    '{"type":"audio_chunk","data":{"chunk":"\\udfff"}}',
    '{"\\u0000":0}',
    "01",
    "-",
    "\t",
)


def odd_message(rng: random.Random, audio: bytes) -> str:
    """A valid message with this audio, as no encoder that people use would write it."""
    chunk = base64.b64encode(audio).decode()
    match rng.randrange(7):
        case 0:
            chunk = "".join(f"\\u{ord(letter):04x}" if rng.random() < 0.3 else letter for letter in chunk)
        case 1:
            chunk = chunk.replace("/", "\\/")
    space = rng.choice(["", " ", "\n\t \r"])
    data = f'{{{space}"chunk"{space}:{space}"{chunk}"{space}{_extra(rng)}}}'
    kind = rng.choice(['"type"', '"\\u0074ype"'])
    fields = [f'{kind}{space}:{space}"audio_chunk"', f'"data"{space}:{space}{data}']
    match rng.randrange(6):
        case 0:
            fields.reverse()
        case 1:
            fields = ['"type":"stop_recording"', *fields]  # of two fields with one name the last holds
        case 2:
            fields += [f'"extra{index}":{json.dumps(rng.choice(_FINE_VALUES))}' for index in range(9)]
    return f"{space}{{{','.join(fields)}}}{space}"


def any_text(rng: random.Random) -> str:
    """Mostly no message."""
    match rng.randrange(8):
        case 0:
            return rng.choice(_NOT_JSON)
        case 1:
            return _nested(rng, rng.choice([3, 100, 127, 128, 129, 255, 1000, 50_000]))
        case 2:
            return json.dumps({"type": rng.choice(["audio_chunk", "stop_recording", *_ODD_VALUES])})
        case 3:
            return json.dumps({"type": "audio_chunk", "data": rng.choice(_ODD_VALUES)})
        case 4:
            return json.dumps({"type": "audio_chunk", "data": {"chunk": rng.choice(_ODD_VALUES)}})
        case 5:
            return "".join(chr(rng.choice([rng.randrange(1, 128), rng.randrange(0xD800)])) for _ in range(40))
        case 6:
            return str(rng.randrange(10)) * rng.choice([1, 20, 5000, 100_000])
        case _:
            return _mutated(rng, odd_message(rng, rng.randbytes(rng.randrange(30))))


def _extra(rng: random.Random) -> str:
    return rng.choice(
        ["", ',"sample":1', ',"chunks":null', ',"":{"chunk":5}', f',"deep":{"[" * 60 + "]" * 60}']
    )


def _nested(rng: random.Random, depth: int) -> str:
    before, after = rng.choice([("[", "]"), ('{"a":', "}"), ('[{"type":', "}]")])
    whole = before * depth + "1" + after * depth
    return rng.choice([whole, whole, before * depth])


def _mutated(rng: random.Random, text: str) -> str:
    letters = list(text)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(letters))
        match rng.randrange(4):
            case 0:
                del letters[at]
            case 1:
                letters[at] = chr(rng.choice([0, 9, 34, 92, 123, 125, 0x2028, 0xFFFF, 0x1F600]))
            case 2:
                letters[at:at] = letters[: rng.randrange(10)]
            case _:
                letters[at:] = []
        if not letters:
            break
    return "".join(letters)
