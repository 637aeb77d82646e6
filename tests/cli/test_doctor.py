"""`vivavoce doctor`."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import Run
from speech import ROOT
from vivavoce.recognizers import lexicon


def without_add_ons(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take seconds to load."""
    for name in ("ENTITIES", "SENTIMENT", "TRANSLATION", "SUMMARIES"):
        monkeypatch.setenv(f"VIVAVOCE_{name}", "off")


def test_the_doctor_finds_a_directory_that_cannot_be_used(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without_add_ons(monkeypatch)
    (tmp_path / "file").touch()
    monkeypatch.setenv("VIVAVOCE_DATA_DIR", str(tmp_path / "file"))
    result = run("doctor")
    assert result.exit_code == 1
    assert "set VIVAVOCE_DATA_DIR to a directory that is" in result.stdout


def test_the_doctor_names_a_wrong_setting(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_PORT", "many")
    result = run("doctor")
    assert result.exit_code == 1
    assert "VIVAVOCE_PORT must be" in result.stdout


def test_the_doctor_tries_no_session_without_a_model(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    without_add_ons(monkeypatch)
    monkeypatch.setenv("VIVAVOCE_MODELS", "huge")
    result = run("doctor")
    assert result.exit_code == 1
    assert result.stdout.count("there is no model 'huge'") == 1
    assert "left out: what it needs is wrong" in result.stdout


def test_the_doctor_names_lists_of_words_that_are_damaged(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VIVAVOCE_MODEL_DIRS", str(ROOT / ".cache" / "models"))
    monkeypatch.setenv("VIVAVOCE_PORT", "0")
    without_add_ons(monkeypatch)
    other = tmp_path / "words.sha256"
    other.write_text(f"{'0' * 64}  wordfreq/data/large_it.msgpack.gz\n")
    monkeypatch.setattr(lexicon, "SUMS", other)
    result = run("doctor")
    assert result.exit_code == 1
    lines = [line for line in result.stdout.splitlines() if line.startswith("wrong")]
    assert len(lines) == 1
    assert "words" in lines[0]
    assert "reinstall the package wordfreq" in result.stdout
    assert "replace the model's files" not in result.stdout


def test_the_doctor_hears_the_recording_it_is_given_and_makes_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch, recording: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("VIVAVOCE_MODEL_DIRS", str(ROOT / ".cache" / "models"))
    monkeypatch.setenv("VIVAVOCE_PORT", "0")
    result = run("doctor", "--speech", recording)
    assert result.exit_code == 0, result.output
    states = {line[7:18].strip(): line[:5].strip() for line in result.stdout.splitlines()}
    assert {
        "python",
        "package",
        "server",
        "data",
        "port",
        "weights",
        "decoder",
        "words",
        "voice",
        "entities",
        "sentiment",
        "translation",
        "summaries",
        "chapters",
        "self-test",
    } <= states.keys()
    assert "wrong" not in states.values()
    assert "best of times" in result.stdout
    assert f"no Vivavoce data in {tmp_path}/data yet" in result.stdout
    assert list(tmp_path.iterdir()) == []
