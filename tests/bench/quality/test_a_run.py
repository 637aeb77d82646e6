"""`vivavoce eval` on a real server and with a real model, a few recordings long."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile
from typer.testing import CliRunner

from speech import ROOT, clip
from vivavoce.cli.commands import app


def test_a_run_judges_the_words_and_writes_it_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("VIVAVOCE_MODEL_DIRS", str(ROOT / ".cache" / "models"))
    soundfile.write(tmp_path / "silence.wav", [0.0] * 16_000, 16_000)
    fox = clip("en", "quick_brown_fox")
    lines = [
        {"file": str(fox.path), "language": "en", "reference": fox.text, "duration_s": 2.9, "kind": "read"},
        {"file": "silence.wav", "language": None, "reference": "", "duration_s": 1.0, "kind": "noise"},
    ]
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    figures, drawing, table = (tmp_path / name for name in ("figures.json", "drawing.svg", "page.md"))
    words = ["eval", str(manifest), "--detect", "--endpointing", "0.3", "--endpointing", "0.1"]
    words += ["--json", str(figures), "--plot", str(drawing), "--results", str(table)]

    result = CliRunner().invoke(app, words)

    assert result.exit_code == 0, result.output
    told = json.loads(figures.read_text(encoding="utf-8"))
    [english] = told["by_language"]
    assert english["streamed"] == [{"wrong": 0, "of": 9}] * 2
    assert english["offline"] == {"wrong": 0, "of": 9}
    [noise] = told["false_words"]
    assert noise["streamed"] == [0, 0]
    assert told["word_times"][0]["count"] == 18
    assert told["losses"] == []
    assert "| en | 1 | 0.0 | 9 | 0.0 [?] | 0.0 [?] (+0.0 [?]) | 0.0 [?] (+0.0 [?]) |" in table.read_text(
        encoding="utf-8"
    )
    assert str(tmp_path) not in table.read_text(encoding="utf-8")
    assert drawing.read_text(encoding="utf-8").startswith("<?xml")


def test_without_a_reference_the_line_is_named(tmp_path: Path) -> None:
    entry = {"file": "a.wav", "language": "en", "duration_s": 1.0}
    (tmp_path / "manifest.jsonl").write_text(json.dumps(entry), encoding="utf-8")
    result = CliRunner().invoke(app, ["eval", str(tmp_path)])
    assert result.exit_code == 1
    assert "line 1 of" in result.output
    assert "reference" in result.output


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--maximum", "3"], 2, "should be greater than or equal to 5"),
        (["--endpointing", "0.3", "--endpointing", "99"], 2, "should be less than or equal to 10"),
        (["--results", "missing/page.md"], 1, "missing/page.md cannot be written: there is no directory"),
        (["--json", "."], 1, "cannot be written: it is a directory"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_heard(
    tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    result = CliRunner().invoke(app, ["eval", str(tmp_path), *words])
    assert result.exit_code == code
    assert message in " ".join(result.output.replace("│", " ").split())
