"""Pydantic's findings as the API says them: one sentence per bad field, its dotted path first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

_PROBLEMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "missing": "is required",
        "bool_type": "must be true or false",
        "int_type": "must be a whole number",
        "float_type": "must be a number",
        "finite_number": "must be a finite number",
        "greater_than_equal": "must be at least {ge:g}",
        "less_than_equal": "must be at most {le:g}",
        "string_type": "must be a string",
        "string_too_short": "must not be empty",
        "tuple_type": "must be a list",
        "dict_type": "must be an object",
        "model_type": "must be an object",
        "literal_error": "must be {expected}",
        "json_invalid": "must be valid JSON: {error}",
    }
)
_SHAPES: Final[Mapping[str, str]] = MappingProxyType(
    {"spelling_dictionary": 'each key is how to write it, its list what is heard, as in {"SQL": ["sequel"]}'}
)
"""Of fields whose items people turn round."""
_MOST_ISSUES = 100
_LONGEST_PATH = 120
_LONGEST_VALUE = 40


@dataclass(frozen=True, slots=True)
class ValidationIssue:
    """What is wrong with one field; `str(issue)` is its entry in `ErrorBody.validation_errors`.

    `path` is dotted, list items by their index, and "" for the body as a whole. The sentence begins with
    the path and "must" or "is required": the official SDK recognises the field by that.
    """

    path: str
    problem: str

    def __str__(self) -> str:
        return f"{self.path or 'body'} {self.problem}"


def validation_issues(error: ValidationError) -> list[ValidationIssue]:
    """One issue per bad field, in the order of the fields; of very many the first, and how many more."""
    found = error.errors(include_url=False)
    issues = [ValidationIssue(_path(each), _problem(each)) for each in found[:_MOST_ISSUES]]
    if more := len(found) - len(issues):
        issues.append(ValidationIssue("", f"must be put right in {more} more places"))
    return issues


def refusal(requirement: str) -> PydanticCustomError:
    """For validators to raise: `requirement` says what must hold, such as "must be a JSON object"."""
    return PydanticCustomError("contract", "{requirement}", {"requirement": requirement})


def _path(found: ErrorDetails) -> str:
    path = ".".join(str(part) for part in found["loc"])
    return path if len(path) <= _LONGEST_PATH else path[:_LONGEST_PATH] + "…"


def _problem(found: ErrorDetails) -> str:
    if found["type"] == "contract":
        return found["msg"]
    template = _PROBLEMS.get(found["type"])
    if template is None:
        return f"must be valid: {found['msg']}"
    problem = template.format(**found.get("ctx", {}))
    value = found["input"]
    if found["loc"] and value != "" and isinstance(value, str | int | float):
        problem = f"{problem}, not {_shortened(value)}"
    shape = _SHAPES.get(str(found["loc"][-2])) if len(found["loc"]) > 1 else None
    return f"{problem}: {shape}" if shape else problem


def _shortened(value: str | int | float) -> str:
    written = json.dumps(value[: _LONGEST_VALUE + 1] if isinstance(value, str) else value)
    return written if len(written) <= _LONGEST_VALUE else written[:_LONGEST_VALUE] + "…"
