"""Chapters of a talk in the speakers' own words: headline, gist, summary and keywords of each topic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from vivavoce.intelligence.base import Capability, Wanted, always
from vivavoce.intelligence.cues import announced, stop_words
from vivavoce.intelligence.keywords import keywords_of
from vivavoce.intelligence.passages import Passage, tokens
from vivavoce.intelligence.shortening import shortened
from vivavoce.intelligence.summaries import telling, text_of
from vivavoce.intelligence.talk import Embeds, Talk, talk_of
from vivavoce.live.sentences import Sentence
from vivavoce.protocol.languages import joined
from vivavoce.protocol.responses import Chapter, ChapterSentence
from vivavoce.protocol.stream import Utterance

CAPABILITY: Final = Capability(
    "chapterization",
    "embedded",
    detail="by meaning and pauses, in English, French, German, Italian, Portuguese and Spanish by what "
    "announces a topic too; keywords where words are written with spaces",
)

_LONGEST_GIST: Final = 25
_LONGEST_HEADLINE: Final = 7
_LONGEST_KEYWORDS: Final = 5
"""Words; of what two keywords make a headline together."""
_ANNOUNCING: Final = 3
"""Passages of a chapter, the first ones that are no chatter, that may name its topic."""
_SUMMARY_WORDS: Final = (0.3, 25, 90)
_SUMMARY_PASSAGES: Final = 4


class ExtractiveChapterizer:
    """For all threads."""

    def __init__(self, embedder: Embeds) -> None:
        self._embedder = embedder

    def chapters(self, utterances: Sequence[Utterance], wanted: Wanted = always) -> list[Chapter]:
        """None where nothing was said; one for a short talk."""
        talk = talk_of(utterances, self._embedder, wanted)
        keywords = keywords_of(talk, self._embedder)
        return [
            _chapter(talk, topic, of_topic) for topic, of_topic in zip(talk.topics, keywords, strict=True)
        ]


def chapter_of(
    sentences: Sequence[Sentence],
    *,
    headline: str,
    gist: str,
    keywords: Sequence[str],
    abstractive_summary: str | None = None,
    extractive_summary: str | None = None,
) -> Chapter:
    """A chapter with its sentences, of which there is one at least, and one of the summaries."""
    return Chapter(
        headline=headline,
        gist=gist,
        summary=abstractive_summary or extractive_summary or "",
        keywords=tuple(keywords),
        start=sentences[0].start,
        end=max(sentence.end for sentence in sentences),
        abstractive_summary=abstractive_summary,
        extractive_summary=extractive_summary,
        text=joined((sentence.language, sentence.text) for sentence in sentences),
        sentences=tuple(map(_sentence, sentences)),
    )


def _sentence(sentence: Sentence) -> ChapterSentence:
    return ChapterSentence.model_validate(
        {
            "sentence": sentence.text,
            "start": sentence.start,
            "end": sentence.end,
            "words": [
                {"word": word.text, "start": word.start, "end": word.end, "confidence": word.confidence}
                for word in sentence.words
            ],
        }
    )


def _chapter(talk: Talk, topic: range, keywords: Sequence[str]) -> Chapter:
    passages = talk.passages[topic.start : topic.stop]
    part, fewest, most = _SUMMARY_WORDS
    words = min(max(round(part * sum(passage.length for passage in passages)), fewest), most)
    gist = _gist(talk, topic)
    return chapter_of(
        [passage.sentence for passage in passages],
        headline=_headline(passages, keywords, gist),
        gist=gist,
        keywords=keywords,
        extractive_summary=text_of(talk, telling(talk, words, _SUMMARY_PASSAGES, topic)),
    )


def _gist(talk: Talk, topic: range) -> str:
    number = telling(talk, _LONGEST_GIST, 1, topic)[0]
    passage = talk.passages[number]
    return shortened(passage.text, _LONGEST_GIST, passage.language)


def _headline(passages: Sequence[Passage], keywords: Sequence[str], gist: str) -> str:
    """The topic as it was announced; else the best keywords; else the gist, shortened."""
    language = passages[0].language
    named = _as_headline(announced(_first(passages), language) or "", language)
    if named:
        return named
    if keywords:
        keywords = sorted(keywords, key=lambda keyword: keyword.lower() not in gist.lower())
        both = ", ".join(keywords[:2])
        headline = both if len(both.split()) <= _LONGEST_KEYWORDS else keywords[0]
        return headline[:1].upper() + headline[1:]
    return shortened(gist, _LONGEST_HEADLINE, language).rstrip(".")


def _first(passages: Sequence[Passage]) -> Iterator[str]:
    """What was said before the chapter is well under way."""
    left = _ANNOUNCING
    for passage in passages:
        if left == 0:
            return
        yield passage.sentence.text
        left -= not passage.is_chatter


def _as_headline(named: str, language: str) -> str:
    """What was announced, empty if it is too long for a headline or says nothing."""
    words = named.split()
    stops = stop_words(language)
    if len(words) > _LONGEST_HEADLINE or not any(
        word.lower() not in stops for word in tokens(" ".join(words))
    ):
        return ""
    headline = " ".join(words)
    return headline[:1].upper() + headline[1:]
