"""What is looked at in each answer beside Schemathesis' own checks."""

from __future__ import annotations

import re

import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response
from schemathesis.core.failures import Failure

from vivavoce.protocol import LiveRequest
from vivavoce.server.listing import ListQuery

NO_HTTP = b"Invalid HTTP request received."
"""The answer to what is no HTTP, as with a control character in a header."""

_FIELDS = {"body", *LiveRequest.model_fields, *ListQuery.model_fields}
# What a client names itself, such as a spelling, may hold any character.
_ISSUE = re.compile(r"([^ .]+).*? (?:must|is required)", re.DOTALL)


@schemathesis.check
def a_refusal_names_fields(ctx: CheckContext, response: Response, case: Case) -> None:
    """Each entry of a 400 begins with a field's path and says what it must be."""
    if response.status_code == 400 and response.headers.get("content-type") == ["application/json"]:
        for issue in response.json().get("validation_errors", []):
            match = _ISSUE.match(issue)
            assert match, f"not of the form 'field must ...': {issue}"
            # What is wrong within an unknown field is named by that field, whatever its name is.
            assert match[1] in _FIELDS or "finite" in issue, f"no field: {issue}"


@schemathesis.check
def an_answer_has_an_id_and_no_traceback(ctx: CheckContext, response: Response, case: Case) -> None:
    """The id under which the log speaks of the call, in the header and in the body of a refusal."""
    if response.content == NO_HTTP:
        return
    [id_] = response.headers["x-request-id"]
    assert re.fullmatch(r"G-[0-9a-f]{8}", id_)
    assert b"Traceback" not in response.content
    if response.status_code >= 400 and response.content:
        assert response.json()["request_id"] == id_


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case, response: Response) -> bool:
    """An address that sends many wrong keys is answered 429, which Schemathesis does not expect."""
    return "429 Too Many Requests" not in failure.message
