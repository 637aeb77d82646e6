"""The body of `POST /v2/live` against what this server can do: what is refused, what gets a warning."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError
from pydantic_core import from_json

from vivavoce.intelligence.translation.translator import ENHANCED
from vivavoce.protocol.redaction import NEVER_FOUND
from vivavoce.protocol.requests import LiveRequest, RealtimeProcessing, misspelt_fields, unknown_fields
from vivavoce.protocol.sections import Section
from vivavoce.protocol.validation import ValidationIssue
from vivavoce.recognizers.base import Recognizer
from vivavoce.server.callbacks.addresses import Network
from vivavoce.server.callbacks.urls import problem_with
from vivavoce.server.errors import InvalidRequest
from vivavoce.server.intelligence import Backends
from vivavoce.server.steps import unserved

_LONGEST_WARNING = 1000
_LONGEST_UNKNOWN = 20_000


def parse_request(
    body: bytes, recognizers: Mapping[str, Recognizer], callback_allow: Sequence[Network]
) -> LiveRequest:
    """The effective configuration; an empty body is all defaults. Raises `InvalidRequest`."""
    try:
        request = LiveRequest.model_validate_json(body or b"{}")
    except ValidationError as error:
        raise InvalidRequest.of(error) from error
    request = _in_the_only_language(request, recognizers.get(request.model))
    issues = [*_unreachable(request, callback_allow), *_impossible(request, recognizers)]
    if issues:
        raise InvalidRequest(issues)
    return request


def _in_the_only_language(request: LiveRequest, recognizer: Recognizer | None) -> LiveRequest:
    """A model that knows one language need not be told which."""
    known = recognizer.capabilities.languages if recognizer else ()
    config = request.language_config
    if config.languages or len(known) != 1:
        return request
    config = config.model_copy(update={"languages": tuple(known)})
    return request.model_copy(update={"language_config": config})


def _unreachable(request: LiveRequest, allowed: Sequence[Network]) -> Iterator[ValidationIssue]:
    url = request.callback_config.url
    if request.callback and url and (problem := problem_with(url, allowed)):
        yield ValidationIssue("callback_config.url", problem)


def _impossible(request: LiveRequest, recognizers: Mapping[str, Recognizer]) -> Iterator[ValidationIssue]:
    if len(json.dumps(unknown_fields(request))) > _LONGEST_UNKNOWN:
        yield ValidationIssue("", f"must have at most {_LONGEST_UNKNOWN} characters in unknown fields")
    recognizer = recognizers.get(request.model)
    if recognizer is None:
        yield ValidationIssue("model", f"must be one of {', '.join(recognizers)}")
        return
    able = recognizer.capabilities
    languages = request.language_config.languages
    for index, language in enumerate(languages):
        if language not in able.languages:
            known = ", ".join(sorted(able.languages))
            problem = f"must be a language that the model {request.model} knows: {known}"
            yield ValidationIssue(f"language_config.languages.{index}", problem)
    if len(languages) != 1 and not able.detects_language:
        problem = f"must name one language: the model {request.model} does not detect languages"
        yield ValidationIssue("language_config.languages", problem)


def warnings(request: LiveRequest, body: bytes, enhances: bool, backends: Backends) -> list[dict[str, str]]:
    """What was accepted and does not do what its sender may think: a code and a sentence each.

    `enhances`: whether the audio enhancer is loaded. `backends` serve the add-ons.
    """
    found = [
        ("unknown_field", f"{sent} is no known field and was ignored; did you mean {meant}?")
        for sent, meant in misspelt_fields(request)
    ]
    found += [
        ("switched_off", f"{config} does nothing, since {switch} is not true")
        for section, path in (
            (request, ""),
            (request.realtime_processing, "realtime_processing."),
            (request.post_processing, "post_processing."),
        )
        for config, switch in _configured_in_vain(section, path)
    ]
    found += _of_no_effect(request.realtime_processing)
    if request.pre_processing.audio_enhancer and not enhances:
        found.append(
            (
                "not_available",
                "pre_processing.audio_enhancer is not available in this version and was ignored",
            )
        )
    found += [("not_available", problem) for problem in unserved(request, backends)]
    said = from_json(body or b"{}").get("bit_depth")
    if said not in (None, request.bit_depth):
        found.append(("bit_depth", f"{request.encoding} has 8 bits a sample; bit_depth {said} was ignored"))
    return [{"code": code, "message": message} for code, message in found]


def _configured_in_vain(section: Section, path: str) -> Iterator[tuple[str, str]]:
    """Configurations given without a word about their switch, and that switch: who says `false` knows."""
    given = section.model_fields_set
    for config in sorted(given):
        switch = config.removesuffix("_config")
        if switch != config and switch in type(section).model_fields and switch not in given:
            yield path + config, path + switch


def _of_no_effect(asked: RealtimeProcessing) -> Iterator[tuple[str, str]]:
    config = asked.translation_config
    if asked.translation and config and config.model != ENHANCED:
        for name in ("context", "informal"):
            if getattr(config, name):
                path = f"realtime_processing.translation_config.{name}"
                yield "ignored", f"{path} does nothing with the model {config.model}, only with {ENHANCED}"
    if asked.pii_redaction and (unknown := NEVER_FOUND.intersection(asked.pii_redaction_config.entity_types)):
        names = ", ".join(sorted(unknown))
        yield "never_found", f"nothing finds {names}: pii_redaction leaves what is of this type as it is"


def warning_header(found: list[dict[str, str]]) -> dict[str, str]:
    """The header `x-vivavoce-warning`, in ASCII; nothing where there is no warning."""
    text = "; ".join(warning["message"] for warning in found)
    return {"x-vivavoce-warning": json.dumps(text)[1:-1][:_LONGEST_WARNING]} if text else {}
