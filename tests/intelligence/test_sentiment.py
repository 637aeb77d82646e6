"""Sentiment and emotion of what is said: one for each sentence, whatever is said in whatever language."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import emotions
from speech import ROOT
from vivavoce.intelligence.embeddings import Embedder
from vivavoce.intelligence.sentiment import EMOTIONS, SENTIMENTS, WEIGHTS, EmbeddedSentimentAnalyser
from vivavoce.protocol.stream import Utterance, Word


@pytest.fixture(scope="module")
def analyser() -> EmbeddedSentimentAnalyser:
    return EmbeddedSentimentAnalyser(Embedder())


def utterance(text: str, *, language: str = "en", start: float = 0.0, channel: int = 0) -> Utterance:
    """Its words, split at spaces, take 0.5 s each."""
    words = tuple(
        Word(f" {word}", start + n / 2, start + (n + 1) / 2, 1.0) for n, word in enumerate(text.split())
    )
    return Utterance("u", channel, start, start + len(words) / 2, language, words)


@pytest.mark.parametrize(
    ("language", "text", "sentiment", "emotion"),
    [
        (
            "en",
            "You charged my card twice and nobody calls me back, this is outrageous!",
            "negative",
            "anger",
        ),
        ("en", "I'm worried that I won't find another job.", "negative", "fear"),
        ("en", "I'm so sorry, I have no idea how this works, can you say it again?", "neutral", "confusion"),
        ("en", "Thanks a lot, you have helped me very much.", "positive", "contentment"),
        ("en", "Phew, what a relief that nobody was hurt.", "positive", "relief"),
        ("en", "May I have your account number, please?", "neutral", "neutral"),
        ("en", "Uh-huh.", "neutral", "neutral"),
        ("en", "Ha ha, that was so funny.", "positive", "amusement"),
        ("de", "Die Vase kam zerbrochen an, das ist sehr schade.", "negative", "disappointment"),
        ("de", "Bleiben Sie bitte in der Leitung.", "neutral", "neutral"),
        ("fr", "Mon chien est mort hier, je suis tellement triste.", "negative", "sadness"),
        ("es", "¡Hemos ganado el campeonato!", "positive", "triumph"),
        ("it", "Che schifo, c'è la muffa dappertutto.", "negative", "disgust"),
        ("pt", "Ai, meu joelho dói muito.", "negative", "pain"),
        ("ja", "ご注文の番号を教えてください。", "neutral", "neutral"),
        ("ru", "Большое спасибо, я очень доволен.", "positive", "contentment"),
    ],
)
def test_what_is_plain_to_people_is_found(
    analyser: EmbeddedSentimentAnalyser, language: str, text: str, sentiment: str, emotion: str
) -> None:
    assert analyser.feelings([text], language) == [(sentiment, emotion)]


def test_praise_and_blame_in_one_sentence_are_mixed(analyser: EmbeddedSentimentAnalyser) -> None:
    text = "The room was beautiful, but the food was awful."
    assert analyser.feelings([text], "en")[0].sentiment == "mixed"


def test_most_labelled_sentences_are_judged_as_they_are_labelled(analyser: EmbeddedSentimentAnalyser) -> None:
    lines = (ROOT / "bench" / "sentiment.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")][::3]
    found = [analyser.feelings([text], language)[0] for language, _, _, text in rows]
    right = [row[1] == feeling.sentiment for row, feeling in zip(rows, found, strict=True)]
    accepted = [feeling.emotion in row[2].split("|") for row, feeling in zip(rows, found, strict=True)]
    assert np.mean(right) > 0.85
    assert np.mean(accepted) > 0.85


def test_each_sentence_has_its_own_with_the_times_of_its_words(analyser: EmbeddedSentimentAnalyser) -> None:
    spoken = utterance("I hate this. What is your name?", start=10.0, channel=1)
    first, second = analyser.analyse(spoken)
    assert (first.text, first.start, first.end, first.channel) == ("I hate this.", 10.0, 11.5, 1)
    assert (second.text, second.start, second.end, second.channel) == ("What is your name?", 11.5, 13.5, 1)
    assert (first.sentiment, second.sentiment, second.emotion) == ("negative", "neutral", "neutral")


def test_nothing_said_has_none(analyser: EmbeddedSentimentAnalyser) -> None:
    assert analyser.analyse(utterance("")) == []


@pytest.mark.parametrize("text", ["…", "?!", "👍", "—"])
def test_what_has_no_word_is_unknown(analyser: EmbeddedSentimentAnalyser, text: str) -> None:
    assert analyser.feelings([text], "en") == [("unknown", "neutral")]


def test_a_language_that_the_model_never_read_is_unknown(analyser: EmbeddedSentimentAnalyser) -> None:
    (found,) = analyser.analyse(utterance("Mahalo nui loa.", language="haw"))
    assert (found.sentiment, found.emotion) == ("unknown", "neutral")


def test_ten_thousand_words_are_judged_to_the_last(analyser: EmbeddedSentimentAnalyser) -> None:
    found = analyser.analyse(utterance("Thank you so much. " * 2499 + "I am really angry."))
    assert len(found) == 2500
    assert {one.sentiment for one in found[:-1]} == {"positive"}
    assert found[-1].emotion == "anger"


def test_ten_thousand_words_without_a_full_stop_are_one_sentence(analyser: EmbeddedSentimentAnalyser) -> None:
    spoken = utterance("you have lied to me and I am angry " * 1112)
    (found,) = analyser.analyse(spoken)
    assert (found.start, found.end, found.text) == (spoken.start, spoken.end, spoken.text.strip())
    assert (found.sentiment, found.emotion) == ("negative", "anger")


@given(st.lists(st.text(min_size=1, max_size=12), max_size=8), st.sampled_from(["en", "zh", "ar", "", "xx"]))
@settings(max_examples=12, deadline=None)
def test_anything_said_is_answered_in_the_values_of_the_api(
    analyser: EmbeddedSentimentAnalyser, texts: list[str], language: str
) -> None:
    spoken = utterance(" ".join(texts), language=language)
    found = analyser.analyse(spoken)
    assert bool(found) == bool(spoken.words)
    for one in found:
        assert one.sentiment in {*SENTIMENTS, "unknown"}
        assert one.emotion in EMOTIONS
        assert spoken.start <= one.start < one.end <= spoken.end


def test_the_weights_were_learnt_from_the_list_as_it_is() -> None:
    with np.load(WEIGHTS) as file:
        assert str(file["learnt_from"]) == hashlib.sha256(emotions.EXAMPLES.read_bytes()).hexdigest()
    assert {example.emotion for example in emotions.examples()} == {*EMOTIONS, "-"}
    assert {example.sentiment for example in emotions.examples()} == set(SENTIMENTS)
