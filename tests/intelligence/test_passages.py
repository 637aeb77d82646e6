"""What was said, as it is read: without fillers, in sentences of a length that can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelligence.talks import spoken, talk
from vivavoce.intelligence.cues import announced, readable
from vivavoce.intelligence.passages import Passage, passages_of
from vivavoce.protocol.languages import LANGUAGE_NAMES
from vivavoce.protocol.stream import Utterance, Word


@pytest.mark.parametrize(
    ("language", "said", "written"),
    [
        ("en", "Yeah, so, um, the list is, uh, almost done.", "The list is almost done."),
        ("en", "Okay. And I I think we, we should wait.", "I think we should wait."),
        ("en", "So we met, um, Tom was late.", "We met, Tom was late."),
        ("en", "Android is a system.", "Android is a system."),
        ("de", "Also, ähm, ja, das Dach ist dicht.", "Das Dach ist dicht."),
        ("de", "Alsomann wohnt in Berlin.", "Alsomann wohnt in Berlin."),
        ("fr", "Alors, euh, le prix a baissé.", "Le prix a baissé."),
        ("es", "Bueno, pues, el ascensor está parado.", "El ascensor está parado."),
        ("it", "Allora, ehm, il magazzino è pieno.", "Il magazzino è pieno."),
        ("pt", "Bem, então, as abelhas dançam.", "As abelhas dançam."),
        ("nl", "Nou, eh, het is klaar.", "Nou, eh, het is klaar."),
        ("en", "Um.", ""),
    ],
)
def test_a_sentence_is_written_without_what_only_speech_needs(language: str, said: str, written: str) -> None:
    assert readable(said, language) == written


@pytest.mark.parametrize(
    ("language", "said", "topic"),
    [
        ("en", "Okay. Next topic is the marketing budget.", "marketing budget"),
        ("en", "Let's move on to the next point, which is hiring.", None),
        ("en", "Now let's talk about our summer party, shall we?", "summer party"),
        ("de", "Kommen wir zu den Kosten.", "Kosten"),
        ("fr", "Passons maintenant au café.", "café"),
        ("es", "Pasamos al siguiente tema, las placas solares.", "placas solares"),
        ("it", "Partiamo dalle vendite.", "vendite"),
        ("pt", "Hoje vamos falar sobre abelhas.", "abelhas"),
        ("en", "The bus was late.", None),
        ("nl", "We gaan verder met de kosten.", None),
    ],
)
def test_who_announces_a_topic_names_it(language: str, said: str, topic: str | None) -> None:
    assert announced([said], language) == topic


def test_what_is_written_without_full_stops_is_cut_at_its_longest_pauses() -> None:
    words = [f" word{n}" for n in range(120)]
    starts = [n * 0.4 + (2.0 if n >= 40 else 0.0) + (2.0 if n >= 80 else 0.0) for n in range(120)]
    utterance = Utterance(
        "a",
        0,
        0,
        60,
        "en",
        tuple(Word(word, at, at + 0.3, 1.0) for word, at in zip(words, starts, strict=True)),
    )
    assert [len(passage.sentence.words) for passage in passages_of([utterance])] == [40, 40, 40]


def test_what_has_no_letter_is_no_passage() -> None:
    assert passages_of(talk("...\n🙂 🙂\n?!")) == []


def test_greetings_and_words_of_agreement_say_nothing() -> None:
    said = passages_of(
        talk("Good morning everyone, can you hear me?\nYeah, exactly.\nThe server was down for two hours.")
    )
    assert [passage.is_chatter for passage in said] == [True, True, False]


@given(
    st.lists(
        st.tuples(
            st.text("aZ字é ا🙂.?!,'’-1\u3000", min_size=1, max_size=400).filter(lambda text: text.split()),
            st.sampled_from(sorted(LANGUAGE_NAMES)),
            st.integers(0, 2),
        ),
        max_size=4,
    )
)
def test_whatever_is_said_the_passages_are_in_order_and_can_be_read(said: list[tuple[str, str, int]]) -> None:
    utterances = [
        spoken(text, 100.0 * n, language, channel) for n, (text, language, channel) in enumerate(said)
    ]
    found = passages_of(utterances)
    assert found == sorted(found, key=lambda passage: passage.sentence.start)
    assert all(any(map(str.isalnum, passage.text)) and _short(passage) for passage in found)


def _short(passage: Passage) -> bool:
    return len(passage.sentence.words) <= 90
