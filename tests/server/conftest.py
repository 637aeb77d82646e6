"""What the server tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A test may set up logging as the server does; the next one finds it as it was."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
