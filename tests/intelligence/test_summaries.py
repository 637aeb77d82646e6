"""Summaries in the speakers' own words: what matters, in order, short, and nothing else."""

from __future__ import annotations

import pytest

from intelligence.talks import BAUSTELLE, MEETING, embedder, spoken, talk
from vivavoce.intelligence.base import SummaryKind
from vivavoce.intelligence.passages import passages_of
from vivavoce.intelligence.summaries import ExtractiveSummarizer

KINDS: tuple[SummaryKind, ...] = ("general", "concise", "bullet_points")


def summary(lines: str, kind: SummaryKind = "general", language: str = "en") -> str:
    return ExtractiveSummarizer(embedder()).summarize(talk(lines, language), kind)


def test_a_summary_tells_of_each_topic_and_greets_nobody() -> None:
    text = summary(MEETING)
    assert "release" in text
    assert "station" in text
    assert "garden" in text
    assert "morning" not in text
    assert "Bye" not in text
    assert "?" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_a_summary_is_made_of_what_was_said_in_its_order(kind: SummaryKind) -> None:
    text = summary(MEETING, kind)
    written = [passage.text for passage in passages_of(talk(MEETING))]
    rest = text
    for sentence in written:
        if sentence in rest:
            before, _, rest = rest.partition(sentence)
            assert before.strip(" \n-") == ""
    assert rest == ""


def test_a_summary_takes_fewer_words_than_the_talk_and_a_concise_one_fewer_still() -> None:
    words = {kind: len(summary(MEETING, kind).split()) for kind in KINDS}
    assert words["concise"] <= 45
    assert words["concise"] < words["general"] < len(MEETING.split()) / 2


def test_bullet_points_are_lines() -> None:
    lines = summary(MEETING, "bullet_points").splitlines()
    assert 3 <= len(lines) <= 6
    assert all(line.startswith("- ") and len(line.split()) <= 32 for line in lines)


def test_a_summary_is_without_fillers_and_in_the_language_that_was_spoken() -> None:
    text = summary(BAUSTELLE, language="de")
    assert "Finanzplan" in text
    assert "ähm" not in text
    assert not text.startswith("Also")


def test_a_sentence_that_refers_to_the_one_before_takes_it_along_or_stays_away() -> None:
    lines = """
    The new warehouse in Modena has six loading ramps and four thousand square metres of space.
    It costs nine thousand euros a month because the owner renovated the warehouse last year.
    Somebody forgot an umbrella in the meeting room upstairs.
    """
    text = summary(lines)
    assert "It costs" not in text or "Modena" in text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lines", ["", "...", "🙂 🙂", "?!"])
def test_where_nothing_is_said_there_is_no_summary(lines: str, kind: SummaryKind) -> None:
    assert summary(lines, kind) == ""


@pytest.mark.parametrize(
    ("lines", "language"),
    [
        ("Hello.", "en"),
        ("The meeting is moved to Tuesday because the team needs more time.", "en"),
        ("今日は会議で予算について話しました。", "ja"),
        ("วันนี้ เรา จะ พูด เรื่อง งบประมาณ", "th"),
        ("Kvik blorf zanta mirelo.", "xx"),
    ],
)
def test_one_sentence_is_its_own_summary(lines: str, language: str) -> None:
    assert summary(lines, "general", language).replace(" ", "") == lines.replace(" ", "")


@pytest.mark.parametrize("kind", KINDS)
def test_ten_thousand_words_without_a_full_stop_have_a_short_summary(kind: SummaryKind) -> None:
    words = " ".join(["the old house stands near a river"] * 1429)
    assert 0 < len(summary(words, kind).split()) <= 320


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("times", [2, 60])
def test_what_is_said_again_and_again_is_told_once(times: int) -> None:
    again = "\n".join(["The printer on the second floor is broken."] * times)
    assert summary(again) == "The printer on the second floor is broken."
    assert summary("\n".join(["Hello there."] * 60)) == "Hello there."


def test_channels_are_one_conversation() -> None:
    utterances = [
        spoken("The invoice that you sent us last week has the wrong address on it.", 0.0, channel=0),
        spoken("I will send you a corrected invoice this afternoon by email.", 2.0, channel=1),
    ]
    text = ExtractiveSummarizer(embedder()).summarize(utterances, "general")
    assert text.index("wrong address") < text.index("corrected invoice")
