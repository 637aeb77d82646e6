"""Custom metadata matches as a nested subset, in which scalars equal their texts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.storage.metadata import contains

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
STORED = {"user": {"id": 7, "vip": True, "name": "Ada"}, "ratio": 0.5, "tags": ["a", 2], "none": None}


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"user": {"id": 7}},
        {"user": {"id": "7"}},
        {"user": {"id": 7.0, "name": "Ada"}},
        {"user": {"vip": "True"}},
        {"user": {"vip": "true"}, "ratio": "0.5"},
        {"tags": ["a", "2"]},
        {"none": "None"},
        {"none": "null"},
    ],
)
def test_what_is_in_it_matches(wanted: dict[str, Any]) -> None:
    assert contains(STORED, wanted)


@pytest.mark.parametrize(
    "wanted",
    [
        {"user": {"id": 8}},
        {"user": {"id": "seven"}},
        {"user": {"id": 7, "more": 1}},
        {"user": {"vip": 1}},
        {"user": {"vip": "1"}},
        {"user": 7},
        {"ratio": {"x": 1}},
        {"tags": ["a"]},
        {"tags": "a"},
        {"tags": 2},
        {"missing": None},
    ],
)
def test_what_is_not_in_it_does_not_match(wanted: dict[str, Any]) -> None:
    assert not contains(STORED, wanted)


@given(value=JSON)
def test_every_value_contains_itself(value: Any) -> None:
    assert contains(value, value)


@given(value=st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none())
def test_every_scalar_equals_its_python_and_its_json_text(value: Any) -> None:
    assert contains(value, str(value))
    assert contains(value, json.dumps(value))
    assert contains(str(value), value)
