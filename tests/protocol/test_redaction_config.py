"""What may be asked to be redacted."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import cache
from typing import Any, get_args

import pytest
from gladiaio_sdk.v2.prerecorded import generated_types as official
from pydantic import ValidationError

from speech import ROOT
from vivavoce.protocol.redaction import (
    ENTITY_TYPES,
    NEVER_FOUND,
    PRESETS,
    PiiRedactionConfig,
    redacted_types,
)
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.validation import validation_issues

PATH = "realtime_processing.pii_redaction_config"


def asked(on: bool = True, **config: Any) -> PiiRedactionConfig:
    wanted = {"pii_redaction": on, "pii_redaction_config": config}
    return LiveRequest.model_validate(
        {"realtime_processing": wanted}
    ).realtime_processing.pii_redaction_config


def complaints(**config: Any) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        asked(**config)
    return [str(issue) for issue in validation_issues(refused.value)]


def test_without_a_word_about_it_what_the_gdpr_protects_goes() -> None:
    assert LiveRequest().realtime_processing.pii_redaction is False
    assert asked().entity_types == ("GDPR",)
    assert {"NAME", "PHONE_NUMBER", "EMAIL_ADDRESS"} < redacted_types(asked().entity_types)


def test_one_name_may_be_given_without_a_list_as_the_official_type_has_it() -> None:
    assert asked(entity_types="HIPAA").entity_types == ("HIPAA",)


def test_what_nobody_knows_is_refused_with_all_that_is_allowed() -> None:
    [complaint] = complaints(entity_types=["NAME", "NAMES"])
    assert complaint.startswith(f"{PATH}.entity_types.1 must be a preset (")
    assert all(name in complaint for name in (*PRESETS, *ENTITY_TYPES))


def test_a_list_of_nothing_and_another_kind_of_text_are_refused() -> None:
    assert complaints(entity_types=[]) == [f"{PATH}.entity_types must name a type of entity or a preset"]
    assert complaints(processed_text_type="HASH") == [
        f"{PATH}.processed_text_type must be 'MARKER' or 'MASK', not \"HASH\""
    ]


def test_a_configuration_whose_switch_is_off_is_fine() -> None:
    assert asked(on=False, entity_types=["SSN"], bleep=True).bleep


def test_all_that_the_official_type_names_is_known_but_for_one() -> None:
    known = ENTITY_TYPES | PRESETS.keys()
    # Nothing public says what is in it.
    assert set(get_args(official.PreRecordedV2PiiRedactionEntityType)) - known == {"LIDI"}


def test_presets_are_of_types_that_there_are() -> None:
    assert all(types <= ENTITY_TYPES for types in PRESETS.values())


def test_who_asks_for_names_means_their_parts_and_who_asks_for_a_part_means_that() -> None:
    assert {"NAME_GIVEN", "NAME_FAMILY"} < redacted_types(["NAME"])
    assert redacted_types(["NAME_GIVEN"]) == {"NAME_GIVEN"}


@cache
def looked_for() -> frozenset[str]:
    """The types that what finds entities, and what redacts them, speak of."""
    sources = (ROOT / "src" / "vivavoce" / "intelligence").rglob("*.py")
    nodes = (node for path in sources for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    return ENTITY_TYPES & {str(node.value) for node in nodes if isinstance(node, ast.Constant)}


def found_of(names: Iterable[str]) -> frozenset[str]:
    return redacted_types(names) & looked_for()


def test_types_that_are_never_found_are_those_that_nothing_looks_for() -> None:
    assert {name for name in ENTITY_TYPES if not found_of([name])} == NEVER_FOUND


def test_the_page_says_what_is_found_of_each_preset() -> None:
    page = (ROOT / "docs" / "intelligence.md").read_text(encoding="utf-8")
    _, _, table = page.partition("| preset | what is found of it |\n")
    table, _, _ = table.partition("\n\n")
    rows = [
        [re.findall(r"`(\w+)`", cell) for cell in line.strip("|").split("|")]
        for line in table.splitlines()[1:]
    ]
    said = {preset: frozenset(names) for presets, names in rows for preset in presets}
    assert said.keys() == PRESETS.keys()
    for preset, names in said.items():
        assert names <= ENTITY_TYPES | PRESETS.keys()
        assert found_of(names) == found_of([preset]), preset
