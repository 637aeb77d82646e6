"""Translation models of the operator's own, in CTranslate2's format."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from intelligence import word_book
from intelligence.spoken import utterance
from vivavoce.errors import ConfigurationError, ModelError
from vivavoce.intelligence.base import AddOnError, TranslationOptions
from vivavoce.intelligence.translation.directory import DirectoryEngine, engines_at
from vivavoce.intelligence.translation.embedded import EmbeddedEngine
from vivavoce.intelligence.translation.translator import PairTranslator

BASE = TranslationOptions()
LANGUAGES = ["en", "pt", "de"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    for source, target in (("de", "en"), ("en", "pt"), ("pt", "de")):
        word_book.write(root / f"{source}-{target}", "pair", [source, target])
    for kind in word_book.MARKS:
        word_book.write(root / kind, kind, LANGUAGES)
    return root


def written(engine: DirectoryEngine, text: str, source: str, target: str) -> str:
    translator = PairTranslator([engine])
    return translator.translate(utterance(text, source), target, BASE).text.strip()


def test_a_model_of_one_pair(models: Path) -> None:
    [engine] = engines_at([f"de-en={models / 'de-en'}"])
    assert engine.pairs == {("de", "en")}
    assert written(engine, "guten Morgen Freunde", "de", "en") == "good morning friends"


@pytest.mark.parametrize("kind", ["m2m", "madlad"])
def test_a_model_of_many_languages_serves_all_that_it_knows(models: Path, kind: str) -> None:
    [engine] = engines_at([str(models / kind)])
    assert len(engine.pairs) == 6
    assert written(engine, "good morning friends", "en", "pt") == "bom dia amigos"
    assert written(engine, "good morning friends", "en", "de") == "guten Morgen Freunde"
    assert written(engine, "olá mundo", "pt", "de") == "hallo Welt"


def test_a_model_to_many_languages_serves_the_pairs_it_is_set_up_for(models: Path) -> None:
    [engine] = engines_at([f"en-pt={models / 'opus'}", f"en-de={models / 'opus'}"])
    assert engine.pairs == {("en", "pt"), ("en", "de")}
    assert written(engine, "hello world", "en", "pt") == "olá mundo"
    assert written(engine, "hello world", "en", "de") == "hallo Welt"


def test_what_a_model_does_not_know_is_carried_over(models: Path) -> None:
    [engine] = engines_at([f"en-pt={models / 'en-pt'}"])
    assert written(engine, "hello Siobhán", "en", "pt") == "olá Siobhán"
    assert written(engine, "42 🙂", "en", "pt") == "42 🙂"
    assert written(engine, "hello world. " * 60, "en", "pt").count("olá") == 60


def test_an_operator_s_model_comes_before_the_embedded_one(models: Path) -> None:
    own = engines_at([f"en-pt={models / 'en-pt'}"])
    translator = PairTranslator([*own, EmbeddedEngine()])
    assert translator.translate(utterance("good morning"), "pt", BASE).text == " bom dia"
    assert translator.capability().backend == "model en-pt, embedded"


def test_a_third_language_leads_from_one_to_the_other_only_where_it_may(models: Path) -> None:
    engines = engines_at([f"{pair}={models / pair}" for pair in ("de-en", "en-pt")])
    said = utterance("guten Morgen Welt", "de")
    with pytest.raises(AddOnError, match="no translation from de to pt"):
        PairTranslator(engines).translate(said, "pt", BASE)
    through_english = PairTranslator(engines, pivot=True)
    assert through_english.translate(said, "pt", BASE).text == " bom dia mundo"
    assert through_english.unserved(["pt"], ["de"], "base", heard=False) == ""
    assert "through English" in through_english.capability().detail
    # English is no way from English.
    assert "to de:" in through_english.unserved(["de"], ["en"], "base", heard=False)


def test_threads_share_a_model(models: Path) -> None:
    [engine] = engines_at([str(models / "m2m")])
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda n: written(engine, "good morning " * n, "en", "de"), range(1, 9)))
    assert said == [("guten Morgen " * n).strip() for n in range(1, 9)]


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("en-pt={models}/none", "it has no model.bin"),
        ("{models}/en-pt", "set it as PAIR=DIRECTORY"),
        ("{models}/opus", "set it as PAIR=DIRECTORY"),
        ("en-ja={models}/m2m", "translates to de, en, pt, not to ja"),
        ("english-pt={models}/en-pt", "'english-pt' is no pair of languages"),
        ("en-en={models}/en-pt", "'en-en' is no pair of languages"),
    ],
)
def test_a_place_that_cannot_be_used_is_refused_at_the_start(models: Path, place: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        engines_at([place.format(models=models)])


def test_a_directory_without_its_sentencepiece_files_says_how_to_get_them(
    models: Path, tmp_path: Path
) -> None:
    for path in (models / "en-pt").iterdir():
        if path.suffix != ".spm":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(ModelError, match=r"--copy_files source\.spm target\.spm"):
        engines_at([f"en-pt={tmp_path}"])


def test_weights_that_are_damaged_are_said_to_be(models: Path, tmp_path: Path) -> None:
    for path in (models / "en-pt").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "model.bin").write_bytes((models / "en-pt" / "model.bin").read_bytes()[:1000])
    [engine] = engines_at([f"en-pt={tmp_path}"])
    with pytest.raises(AddOnError, match="en-pt cannot be loaded"):
        written(engine, "hello", "en", "pt")
    with pytest.raises(ModelError, match=str(tmp_path)):
        PairTranslator([engine]).load()
