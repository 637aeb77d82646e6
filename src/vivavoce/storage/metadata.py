"""How custom metadata is matched: a nested subset, in which a scalar equals its text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def contains(stored: Any, wanted: Any) -> bool:
    """Whether everything in `wanted` is in `stored`, both being values of JSON.

    Query strings carry only text, so a number, a truth value or null equals the text that a client
    makes of it: `7` equals `"7"` and `"7.0"`; `true` equals `"true"` and `"True"`.
    """
    match stored, wanted:
        case Mapping(), Mapping():
            return all(key in stored and contains(stored[key], value) for key, value in wanted.items())
        case list(), list():
            return len(stored) == len(wanted) and all(map(contains, stored, wanted))
        case str(), str():
            return stored == wanted
        case (Mapping() | list(), _) | (_, Mapping() | list()):
            return False
        case (str() as text, scalar) | (scalar, str() as text):
            return _is_text_of(text, scalar)
        case _:
            return isinstance(stored, bool) == isinstance(wanted, bool) and bool(stored == wanted)


def _is_text_of(text: str, scalar: float | None) -> bool:
    if scalar is None or isinstance(scalar, bool) or text == str(scalar):
        return text in (str(scalar), json.dumps(scalar))
    try:
        return float(text) == scalar
    except ValueError:
        return False
