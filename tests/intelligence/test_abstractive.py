"""Summaries and chapters in a model's words: what it is asked, what it may answer, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from intelligence.chat_server import KEY, MODEL, Answer, Asked, ChatServer, Status, chatting
from intelligence.talks import BAUSTELLE, MEETING, talk
from vivavoce.intelligence.abstractive import ChatChapterizer, ChatSummarizer
from vivavoce.intelligence.base import AddOnError, SummaryKind
from vivavoce.intelligence.chat import Chat
from vivavoce.intelligence.passages import passages_of
from vivavoce.protocol.responses import Chapter

WHOLE = 12_000
PIECE = 400


def chat_with(server: ChatServer) -> Chat:
    return Chat(server.url, MODEL, KEY, sleep=lambda _: None)


def summary(
    answers: Callable[[Asked], Answer],
    lines: str = MEETING,
    kind: SummaryKind = "general",
    language: str = "en",
    piece: int = WHOLE,
) -> tuple[str, list[Asked]]:
    with chatting(answers) as server:
        text = ChatSummarizer(chat_with(server), piece).summarize(talk(lines, language), kind)
        return text, server.asked


def chapters(
    answers: Callable[[Asked], Answer], lines: str = MEETING, piece: int = WHOLE
) -> tuple[list[Chapter], list[Asked]]:
    with chatting(answers) as server:
        found = ChatChapterizer(chat_with(server), piece).chapters(talk(lines))
        return found, server.asked


def described(*firsts: int, **others: Any) -> str:
    return json.dumps(
        {
            "chapters": [
                {
                    "first": first,
                    "headline": f"From {first}",
                    "gist": "They talk.",
                    "summary": f"They talk from {first} on.",
                    "keywords": ["talk"],
                    **others,
                }
                for first in firsts
            ]
        }
    )


def numbers(asked: Asked) -> list[int]:
    return [int(line.split()[0]) for line in asked.user.splitlines()]


def test_the_model_gets_all_that_was_said_and_who_said_it_and_writes_in_the_language_of_the_talk() -> None:
    text, (asked,) = summary(lambda _: " They agreed\non Thursday. ")
    assert text == "They agreed on Thursday."
    assert len(asked.user.splitlines()) == len(passages_of(talk(MEETING)))
    assert "[speaker 2] Um, the new billing page is finished" in asked.user
    assert "Write in English." in asked.system
    _, (asked,) = summary(lambda _: "Kosten.", BAUSTELLE, language="de")
    assert "Write in German." in asked.system
    assert "[speaker" not in asked.user


@pytest.mark.parametrize(
    ("kind", "asked_for"),
    [("general", "one paragraph"), ("concise", "one or two sentences"), ("bullet_points", "bullet points")],
)
def test_each_kind_is_asked_for(kind: SummaryKind, asked_for: str) -> None:
    _, (asked,) = summary(lambda _: "- All is well.", kind=kind)
    assert asked_for in asked.system


def test_bullet_points_come_one_to_a_line_however_the_model_marks_them() -> None:
    text, _ = summary(lambda _: "* One.\n\n2. Two.\n• Three.\n- 4 bugs.", kind="bullet_points")
    assert text == "- One.\n- Two.\n- Three.\n- 4 bugs."


def test_a_long_talk_is_summarized_from_notes_on_its_pieces() -> None:
    def answers(asked: Asked) -> str:
        return "All together." if "notes on its parts" in asked.system else f"Note {len(asked.user)}."

    text, asked = summary(answers, piece=PIECE)
    *pieces, last = asked
    assert text == "All together."
    assert len(pieces) > 2
    assert all(len(each.user) <= PIECE for each in asked)
    assert "\n".join(each.user for each in pieces) == summary(lambda _: "x")[1][0].user
    assert last.user.splitlines() == [f"Note {len(each.user)}." for each in pieces]


def test_a_model_whose_notes_are_no_shorter_is_not_asked_forever() -> None:
    text, asked = summary(lambda each: f"{each.user} {each.user}"[:3000], piece=PIECE)
    assert text
    assert len(asked) < 20


@pytest.mark.parametrize(
    ("lines", "said"), [("", ""), ("🙂", ""), ("Good morning. It rains.", "Good morning. It rains.")]
)
def test_a_few_words_are_their_own_summary_and_nobody_is_asked(lines: str, said: str) -> None:
    assert summary(lambda _: Status(500), lines) == (said, [])


@pytest.mark.parametrize("kind", ["general", "bullet_points"])
def test_what_the_endpoint_refuses_is_said_and_no_other_summary_made(kind: SummaryKind) -> None:
    with pytest.raises(AddOnError, match="chat endpoint") as raised:
        summary(lambda _: Status(503, "overloaded"), kind=kind)
    assert raised.value.status_code == 502


def test_chapters_cover_all_that_was_said_from_the_sentences_that_the_model_names() -> None:
    found, (asked,) = chapters(lambda _: described(1, 9, 15))
    said = passages_of(talk(MEETING))
    assert numbers(asked) == list(range(1, len(said) + 1))
    assert [len(chapter.sentences) for chapter in found] == [8, 6, len(said) - 14]
    assert [chapter.start for chapter in found] == [round(said[n].sentence.start, 3) for n in (0, 8, 14)]
    first = found[0]
    assert (first.headline, first.gist, first.keywords) == ("From 1", "They talk.", ("talk",))
    assert first.summary == first.abstractive_summary == "They talk from 1 on."
    assert first.extractive_summary is None


@pytest.mark.parametrize("form", ["```json\n{}\n```", "Here {it} is:\n```\n{}\n```\nShall I {go on}?"])
def test_json_may_stand_in_a_fence_and_among_words(form: str) -> None:
    found, asked = chapters(lambda _: form.replace("{}", described(1)))
    assert (len(found), len(asked)) == (1, 1)


def test_a_chapter_may_have_no_keywords() -> None:
    chapter = {"first": 1, "headline": "All", "gist": "All.", "summary": "All.", "keywords": None}
    [found], _ = chapters(lambda _: json.dumps({"chapters": [chapter]}))
    assert found.keywords == ()


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("Here are the chapters: one, two.", "it holds no JSON object"),
        ("[" * 100_000, "it holds no JSON object"),
        ("[]", "it holds no JSON object"),
        ('{"chapters": []}', "chapters"),
        (described(1, headline=" "), "headline"),
        (described(1, gist=None), "gist"),
        (described(1, keywords="talk"), "keywords"),
        (described(2, 5), "does not begin with line 1"),
        (described(1, 9, 9), "not in order"),
        (described(1, 9, 4), "not in order"),
        (described(1, 9000), "no line 9000"),
        (json.dumps({"chapters": [{"first": "1", "headline": "a", "gist": "b", "summary": "c"}]}), "first"),
    ],
)
def test_an_answer_that_is_no_division_is_refused_after_a_second_attempt(answer: str, problem: str) -> None:
    with chatting(lambda _: answer) as server, pytest.raises(AddOnError, match=re.escape(problem)) as raised:
        ChatChapterizer(chat_with(server)).chapters(talk(MEETING))
    assert raised.value.status_code == 502
    assert len(server.asked) == 2
    assert problem in server.asked[1].system


def test_a_second_answer_that_is_right_is_taken() -> None:
    found, asked = chapters(lambda each: described(1) if "could not be used" in each.system else "Sure!")
    assert len(found) == 1
    assert len(asked) == 2


def test_the_last_chapter_of_a_piece_may_go_on_in_the_next() -> None:
    def answers(asked: Asked) -> str:
        lines = numbers(asked)
        return described(1, lines[-1]) if len(lines) > 2 else described(1)

    found, asked = chapters(answers, piece=PIECE)
    said = passages_of(talk(MEETING))
    assert [sentence.sentence for chapter in found for sentence in chapter.sentences] == [
        passage.sentence.text for passage in said
    ]
    for earlier, later in pairwise(asked):
        assert later.user.splitlines()[0][2:] == earlier.user.splitlines()[-1].split(" ", 1)[1]


def test_a_chapter_that_fills_a_piece_ends_with_it() -> None:
    found, asked = chapters(lambda _: described(1), piece=PIECE)
    assert len(found) == len(asked) > 2
    assert sum(len(chapter.sentences) for chapter in found) == len(passages_of(talk(MEETING)))


def test_where_nothing_is_said_no_chapters_are_asked_for() -> None:
    assert chapters(lambda _: Status(500), "...") == ([], [])
