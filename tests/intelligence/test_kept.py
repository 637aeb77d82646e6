"""What a model cannot write is kept out of its way, whatever the model does with the rest."""

from __future__ import annotations

import re
import string

from hypothesis import given
from hypothesis import strategies as st

from vivavoce.intelligence.translation.kept import translated

KNOWN = frozenset(string.ascii_letters + string.digits + " .,;:!?()'\"-%$")
WORDS = st.one_of(
    st.sampled_from(["hello", "world,", "I", "is", "(here)", "Yes."]),
    st.sampled_from(["a@b.org", "ana_ñ@x.pt,", "€50", "花子", "Łukasz.", "🙂", "→", "12", "1,250.50", "3pm"]),
)
TEXTS = st.lists(WORDS, max_size=25).map(" ".join)


def shouting(text: str) -> str:
    """A model that writes capitals, and of what it does not know a dash."""
    return "".join(char.upper() if char in KNOWN else "-" for char in text)


def forgetful(text: str) -> str:
    """A model that loses numbers, and names that have one."""
    return re.sub(r"\S*\d\S*", "", text.upper())


def strange(text: str) -> list[str]:
    cores = [word.strip(".,;:!?()'\"") for word in text.split()]
    return [core for core in cores if not KNOWN.issuperset(core)]


@given(TEXTS)
def test_what_the_model_does_not_know_stays_as_often_as_it_was_said(text: str) -> None:
    for model in (shouting, forgetful):
        written = translated(text, model, KNOWN)
        for core in strange(text):
            assert written.count(core) >= strange(text).count(core), written


@given(TEXTS)
def test_no_number_is_lost(text: str) -> None:
    written = translated(text, forgetful, KNOWN)
    for number in ("12", "1,250.50", "3pm"):
        assert written.upper().count(number.upper()) >= text.split().count(number), written


def test_an_hour_may_be_counted_otherwise_and_another_number_may_not() -> None:
    asked: list[str] = []

    def model(text: str) -> str:
        asked.append(text)
        return text.replace("3pm", "15h").replace("40", "50")

    assert translated("come at 3pm", model, KNOWN) == "come at 15h"
    assert len(asked) == 1
    assert translated("it costs 40 dollars", model, KNOWN) == "it costs 40 dollars"


def test_the_model_reads_plain_quotes_and_dashes_and_small_accents() -> None:
    known = KNOWN | {"à"}
    asked: list[str] = []
    translated("“À bientôt”", lambda text: asked.append(text) or text, known)  # type: ignore[func-returns-value]
    translated("It’s – well – fine", lambda text: asked.append(text) or text, known)  # type: ignore[func-returns-value]
    assert asked == ['"à XQ1"', "It's - well - fine"]
