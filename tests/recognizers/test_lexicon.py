"""How rare words are, and what they cost a text."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vivavoce.errors import ModelError, RecognizerError
from vivavoce.recognizers import lexicon
from vivavoce.recognizers.lexicon import Lexicon, Lexicons
from vivavoce.recognizers.registry import ModelFiles
from vivavoce.recognizers.weights import PackagedFile
from vivavoce.recognizers.whisper.vocabulary import Vocabulary
from vivavoce.recognizers.whisper.word_costs import Letters, WordCosts


@pytest.fixture(scope="module")
def lexicons() -> Lexicons:
    return Lexicons()


@pytest.fixture(scope="module")
def vocabulary(base_files: ModelFiles) -> Vocabulary:
    return Vocabulary.load(base_files.directory, multilingual=True)


@pytest.fixture(scope="module")
def tokens(vocabulary: Vocabulary) -> dict[bytes, int]:
    return {vocabulary.piece(token): token for token in range(vocabulary.end)}


@pytest.fixture(scope="module")
def french(lexicons: Lexicons, vocabulary: Vocabulary) -> WordCosts:
    return WordCosts(Letters(vocabulary), _lexicon(lexicons, "fr"))


def _lexicon(lexicons: Lexicons, language: str) -> Lexicon:
    found = lexicons.of(language)
    assert found
    return found


@pytest.mark.parametrize(
    ("language", "common", "rare", "unknown"),
    [
        ("de", "Größe", "Gänseblümchen", "Gänzeblühmchen"),
        ("en", "understand", "hadn", "onderstent"),
        ("es", "palabra", "palabrerías", "palavbra"),
        ("fr", "paragraphe", "adoucissement", "paragrafe"),
        ("it", "qualcosa", "acquerellista", "qualkosa"),
        ("no", "hva", "blomsterbukett", "hvaa-blonst"),
        ("pt", "coração", "saudosismo", "corasão"),
        ("ru", "ёлка", "ёлочкой", "йолкка"),
    ],
)
def test_what_nobody_writes_is_rarer_than_what_few_do(
    lexicons: Lexicons, language: str, common: str, rare: str, unknown: str
) -> None:
    words = _lexicon(lexicons, language)
    assert 0 == words.rarity(common) < words.rarity(rare) < 1 <= words.rarity(unknown)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "l’outil"),
        ("fr", "d'aujourd'hui"),
        ("it", "dell'impazienza"),
        ("en", "couldn't"),
        ("en", "'tis"),
    ],
)
def test_words_that_an_apostrophe_joins_are_known_where_both_or_the_whole_are(
    lexicons: Lexicons, language: str, text: str
) -> None:
    assert _lexicon(lexicons, language).rarity(text) == 0


def test_languages_without_spaces_or_with_short_lists_have_none(lexicons: Lexicons) -> None:
    assert [lexicons.of(language) for language in ("ja", "zh", "th", "hi", "ta", "haw")] == [None] * 6


def test_a_list_that_is_not_the_one_that_was_measured_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "words.sha256"
    other.write_text(f"{'0' * 64}  wordfreq/data/large_it.msgpack.gz\n")
    monkeypatch.setattr(lexicon, "SUMS", other)
    with pytest.raises(ModelError, match=r"large_it.*reinstall the package wordfreq"):
        Lexicons()


@pytest.mark.parametrize("what", ["nothing", "a part", "a part of what is packed", "something else"])
def test_a_list_that_has_become_unreadable_is_named(tmp_path: Path, what: str) -> None:
    whole = PackagedFile("wordfreq", "wordfreq/data/large_it.msgpack.gz").locate().read_bytes()
    broken = {
        "nothing": b"",
        "a part": whole[:9999],
        "a part of what is packed": gzip.compress(gzip.decompress(whole)[:9999]),
        "something else": b"words",
    }
    path = tmp_path / "large_it.msgpack.gz"
    path.write_bytes(broken[what])
    with pytest.raises(RecognizerError, match="large_it"):
        Lexicon(path, "it")


texts = st.text(st.sampled_from("aéñ'’ .,-—3\n") | st.characters(codec="utf-8"), max_size=12)


@given(text=texts)
@example(text="0».")
def test_a_text_costs_as_much_however_it_is_cut_into_tokens(
    vocabulary: Vocabulary, tokens: dict[bytes, int], french: WordCosts, text: str
) -> None:
    longest = _cut(tokens, text, longest=20)
    bytewise = _cut(tokens, text, longest=1)
    assert _cost(vocabulary, french, longest) == pytest.approx(_cost(vocabulary, french, bytewise))


@pytest.mark.parametrize(
    ("dearer", "cheaper"),
    [
        (" le paragrafe.", " le paragraphe."),
        (" de l'outique lunage", " de l'outil clonage"),
        (" le dam i er", " le damier"),
        (" un cal que bleu", " un calque bleu"),
        (" 1 2 3", " deux trois"),
        (" oui non", " « oui » —"),
    ],
)
def test_words_that_exist_are_cheaper_than_such_that_do_not_and_fewer_than_more(
    vocabulary: Vocabulary, tokens: dict[bytes, int], french: WordCosts, dearer: str, cheaper: str
) -> None:
    costs = [_cost(vocabulary, french, _cut(tokens, text, longest=6)) for text in (dearer, cheaper)]
    assert costs[0] > costs[1]


def _cut(tokens: dict[bytes, int], text: str, longest: int) -> list[int]:
    """Into the longest pieces first, of at most so many bytes."""
    written = text.encode("utf-8")
    cut = []
    while written:
        size = next(size for size in range(longest, 0, -1) if written[:size] in tokens)
        cut.append(tokens[written[:size]])
        written = written[size:]
    return cut


def _cost(vocabulary: Vocabulary, costs: WordCosts, tokens: list[int]) -> float:
    total, word = 0.0, b""
    for token in (*tokens, vocabulary.end):
        total += float(costs.costs([word], np.array([[token]]))[0, 0])
        if token != vocabulary.end:
            word = costs.open_word(word, token)
    return total
