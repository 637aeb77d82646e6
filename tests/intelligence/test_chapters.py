"""Chapters: where topics change, under headlines that name them, and all that was said is in one of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intelligence.talks import BAUSTELLE, MEETING, embedder, talk
from vivavoce.intelligence.chapters import ExtractiveChapterizer
from vivavoce.protocol.responses import Chapter
from vivavoce.protocol.stream import Word

WORDS = [
    "budget",
    "office",
    "the",
    "of",
    "we",
    "🙂",
    "schön",
    "это",
    "会議",
    "and,",
    "server.",
    "party?",
    "Berlin",
]


def chapters(lines: str, language: str = "en") -> list[Chapter]:
    return ExtractiveChapterizer(embedder()).chapters(talk(lines, language))


def test_chapters_begin_where_topics_do_under_the_names_that_were_given() -> None:
    found = chapters(MEETING)
    assert [chapter.headline for chapter in found][-3:] == ["Release", "Office move", "Summer party"]
    assert [chapter.sentences[0].sentence for chapter in found][-2:] == [
        "Next topic is the office move.",
        "Finally, let's talk about the summer party.",
    ]


def test_a_chapter_says_in_a_sentence_and_in_some_what_it_is_about() -> None:
    *_, release, move, party = chapters(MEETING)
    assert "bugs" in release.summary
    assert "station" in move.gist
    assert "garden" in party.summary
    for chapter in (release, move, party):
        assert chapter.summary == chapter.extractive_summary
        assert chapter.abstractive_summary is None
        assert len(chapter.gist.split()) <= 25


def test_keywords_are_phrases_of_their_chapter() -> None:
    *_, release, move, party = chapters(MEETING)
    assert "billing page" in release.keywords
    assert any("barbecue" in keyword or "garden" in keyword for keyword in party.keywords)
    for chapter in (release, move, party):
        assert 1 <= len(chapter.keywords) <= 6
        assert all(keyword in chapter.text for keyword in chapter.keywords)


def test_what_stands_for_something_redacted_is_no_keyword_and_no_headline() -> None:
    said = "[NAME_1]: I moved from [LOCATION_CITY_1] to [LOCATION_CITY_2], and my phone is [PHONE_NUMBER_1]."
    for chapter in chapters(said):
        assert not [
            word for word in (*chapter.keywords, chapter.headline) if "LOCATION" in word or "_" in word
        ]


def test_german_keywords_are_nouns_and_headlines_what_was_announced() -> None:
    *_, costs = chapters(BAUSTELLE, "de")
    assert costs.headline == "Kosten"
    assert "Finanzplan" in costs.keywords
    assert all(keyword.split()[-1][0].isupper() for keyword in costs.keywords)


def test_french_keywords_keep_what_joins_their_nouns() -> None:
    (chapter,) = chapters(
        "La pomme de terre vient des Andes. Les paysans cultivent la pomme de terre. "
        "L'histoire de l'alimentation change.",
        "fr",
    )
    assert "pomme de terre" in chapter.keywords
    assert "histoire de l'alimentation" in chapter.keywords


def test_without_an_announcement_keywords_are_the_headline_and_without_them_the_gist() -> None:
    (chapter,) = chapters("The volcano on the island erupted. The volcano covered the villages with ash.")
    assert "volcano" in chapter.headline.lower()
    (chapter,) = chapters("今日は 会議で 予算について 話しました。", "ja")
    assert chapter.keywords == ()
    assert chapter.headline == "今日は会議で予算について話し…"


@pytest.mark.parametrize("lines", ["", "...", "🙂"])
def test_where_nothing_is_said_there_is_no_chapter(lines: str) -> None:
    assert chapters(lines) == []


def test_one_word_is_a_chapter() -> None:
    (chapter,) = chapters("Hello.")
    assert (chapter.headline, chapter.gist, chapter.summary) == ("Hello", "Hello.", "Hello.")
    assert (chapter.start, chapter.end) == (0.0, 0.28)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("AB"), st.lists(st.sampled_from(WORDS), min_size=1, max_size=12)),
        min_size=1,
        max_size=12,
    )
)
def test_every_word_is_in_one_chapter_with_its_time(said: list[tuple[str, list[str]]]) -> None:
    utterances = talk("\n".join(f"{speaker}: {' '.join(words)}" for speaker, words in said))
    spoken = [
        word for utterance in utterances for word in utterance.words if any(map(str.isalnum, word.text))
    ]
    found = ExtractiveChapterizer(embedder()).chapters(utterances)
    written = [
        Word(word.word, word.start, word.end, word.confidence)
        for chapter in found
        for sentence in chapter.sentences
        for word in sentence.words
        if any(map(str.isalnum, word.word))
    ]
    assert [(word.text, round(word.start, 3)) for word in sorted(spoken, key=lambda word: word.start)] == [
        (word.text, word.start) for word in sorted(written, key=lambda word: word.start)
    ]
    assert [chapter.start for chapter in found] == sorted(chapter.start for chapter in found)
    assert all(chapter.headline and chapter.gist and chapter.summary for chapter in found)
