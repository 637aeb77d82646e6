"""What a request is refused with."""

import json

import pytest
from pydantic import ValidationError

from vivavoce.protocol import LiveRequest, validation_issues


def complaints(body: object) -> list[str]:
    """What a body is refused with; the same from parsed JSON and from text."""
    with pytest.raises(ValidationError) as parsed:
        LiveRequest.model_validate(body)
    with pytest.raises(ValidationError) as text:
        LiveRequest.model_validate_json(json.dumps(body))
    issues = [str(issue) for issue in validation_issues(text.value)]
    assert [str(issue) for issue in validation_issues(parsed.value)] == issues
    return issues
