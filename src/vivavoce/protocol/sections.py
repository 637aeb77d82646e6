"""What the parts of a request are made of: strict objects, and the types of their fields."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    model_validator,
)

from vivavoce.protocol.languages import (
    OLDER_CODES,
    TRANSCRIPTION_LANGUAGES,
    TRANSLATION_LANGUAGES,
    nearest_language,
)
from vivavoce.protocol.validation import refusal


def _only_finite(value: JsonValue) -> JsonValue:
    if isinstance(value, float) and not math.isfinite(value):
        raise refusal("must hold finite numbers only")
    if isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            _only_finite(item)
    return value


def at_most(count: int) -> BeforeValidator:
    """For lists and objects: with more items they are refused before one of them is looked at."""

    def few(value: object) -> object:
        if isinstance(value, list | tuple | dict) and len(value) > count:
            raise refusal(f"must have at most {count} items, not {len(value)}")
        return value

    return BeforeValidator(few)


def whole(value: object) -> object:
    """JSON does not tell 2.0 from 2."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _language_of(known: frozenset[str], code: str) -> str:
    code = OLDER_CODES.get(code, code)
    if code in known:
        return code
    nearest = nearest_language(code[:40])
    meant = f' (did you mean "{nearest}"?)' if nearest in known else ""
    raise refusal(f"must be one of {len(known)} language codes{meant}: {', '.join(sorted(known))}")


def _with_a_letter(text: str) -> str:
    if not any(map(str.isalnum, text)):
        raise refusal("must have a letter or a digit")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise refusal("must not be blank")
    return text


def _transcription_language(code: str) -> str:
    return _language_of(TRANSCRIPTION_LANGUAGES, code)


def _translation_language(code: str) -> str:
    return _language_of(TRANSLATION_LANGUAGES, code)


FiniteJson = Annotated[JsonValue, AfterValidator(_only_finite)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Term = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_with_a_letter)]
Spelled = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_not_blank)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
TranscriptionLanguage = Annotated[str, AfterValidator(_transcription_language)]
TranslationLanguage = Annotated[str, AfterValidator(_translation_language)]


class Section(BaseModel):
    """An object of the request: frozen, strict, `null` is the default, what is unknown is kept."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    __pydantic_extra__: dict[str, FiniteJson]

    @model_validator(mode="before")
    @classmethod
    def _null_is_the_default(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {
            name: value for name, value in data.items() if value is not None or name not in cls.model_fields
        }
