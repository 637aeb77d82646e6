"""What is known to be vulnerable fails the check; what nobody answers for does not pass for clean."""

from __future__ import annotations

import json
from typing import Any

from packaging.version import Version
from pip_audit._format import JsonFormat
from pip_audit._service import (
    Dependency,
    ResolvedDependency,
    SkippedDependency,
    VulnerabilityResult,
)

import audit


def report(results: dict[Dependency, list[VulnerabilityResult]]) -> list[dict[str, Any]]:
    """As pip-audit writes it."""
    dependencies: list[dict[str, Any]] = json.loads(JsonFormat(True, True).format(results, []))[
        "dependencies"
    ]
    return dependencies


def test_what_is_vulnerable_is_named_with_what_mends_it() -> None:
    flaw = VulnerabilityResult.create(["PYSEC-1"], "bad", [Version("1.1")], None)
    found = report(
        {ResolvedDependency("pkg", Version("1.0")): [flaw], ResolvedDependency("ok", Version("2")): []}
    )
    assert audit.findings(found) == ["pkg 1.0: PYSEC-1; mended in 1.1"]
    assert audit.audited(found) == 2


def test_what_was_not_answered_is_not_counted_as_clean() -> None:
    found = report({SkippedDependency("pkg", "not found on the index"): []})
    assert (audit.findings(found), audit.audited(found)) == ([], 0)
