"""The REST API does what its OpenAPI document says, whatever the call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fuzz.rest import schemathesis, with_recordings
from fuzz.servers import Fuzzed, fuzzed_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    with fuzzed_server(tmp_path_factory.mktemp("data"), key=True) as server:
        yield server


def test_every_boundary_of_the_document_is_one_of_the_server(server: Fuzzed, tmp_path: Path) -> None:
    options = ["--phases", "coverage", "--seed", "1"]
    verdict = schemathesis(server, with_recordings(server), tmp_path, *options, key=server.key)
    assert verdict.passed, verdict.report


def test_any_call_is_answered_as_documented_and_refused_without_a_key(server: Fuzzed, tmp_path: Path) -> None:
    options = ["--phases", "fuzzing,stateful", "--max-examples", "4", "--seed", "1"]
    verdict = schemathesis(server, with_recordings(server), tmp_path, *options, key=server.key, again=True)
    assert verdict.passed, verdict.report
    answers = server.calls()
    assert {"201", "200", "400", "401", "404"} <= answers.keys()
    assert not [status for status in answers if status >= "500"]
