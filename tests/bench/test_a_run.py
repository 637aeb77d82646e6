"""The whole benchmark on a real server, a few seconds long."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from speech import PACKAGED, ROOT
from vivavoce.cli.commands import app


def test_a_run_measures_every_word_and_writes_it_all(
    live_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIVAVOCE_DATA_DIR", str(ROOT / ".cache"))
    lines = (PACKAGED / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [entry for entry in map(json.loads, lines) if entry["file"].startswith("en/")]
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text(
        "\n".join(json.dumps(entry | {"file": str(PACKAGED / entry["file"])}) for entry in entries),
        encoding="utf-8",
    )
    figures, drawing, table = (tmp_path / name for name in ("figures.json", "drawing.svg", "page.md"))
    words = ["bench", "--sessions", "2", "--seconds", "8", "--url", live_server, "--material", str(manifest)]
    words += ["--json", str(figures), "--plot", str(drawing), "--results", str(table)]

    result = CliRunner().invoke(app, words)

    assert result.exit_code == 0, result.output
    assert "nothing lost" in result.output
    [measured] = json.loads(figures.read_text(encoding="utf-8"))["measurements"]
    assert measured["sessions"] == 2
    assert measured["shown"]["count"] == measured["final"]["count"] > 0
    assert measured["close"]["count"] >= 2
    assert "own: 2 × 8 s" in table.read_text(encoding="utf-8")
    assert drawing.read_text(encoding="utf-8").startswith("<?xml")
