"""The generated pages of docs/ say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import reference
from vivavoce.protocol import LiveRequest


@pytest.mark.parametrize("page", reference.pages(), ids=lambda path: path.name)
def test_a_generated_page_is_up_to_date(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == reference.pages()[page], "run 'make reference'"


def test_the_page_of_languages_lists_codes_that_a_session_takes() -> None:
    codes = re.findall(r"^\| `(\w+)` \|", reference.languages_page(), re.MULTILINE)
    assert len(codes) == 99
    LiveRequest.model_validate({"language_config": {"languages": codes}})
