"""The generated pages of docs/ say what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

import reference


@pytest.mark.parametrize("page", reference.pages(), ids=lambda path: path.name)
def test_a_generated_page_is_up_to_date(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == reference.pages()[page], "run 'make reference'"
