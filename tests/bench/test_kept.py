"""Answers that are kept."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from vivavoce.bench.kept import Kept, digest

PARTS = st.lists(st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.binary()))


def test_an_answer_is_there_until_the_question_is_another(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "answers")
    assert kept.read(digest("question")) is None
    kept.write(digest("question"), {"words": ["l'été"]})
    assert Kept(tmp_path / "answers").read(digest("question")) == {"words": ["l'été"]}
    assert kept.read(digest("quest", "ion")) is None


@given(PARTS, PARTS)
def test_other_questions_have_other_names(one: list[str | bytes], other: list[str | bytes]) -> None:
    def plain(parts: list[str | bytes]) -> list[bytes]:
        return [part.encode() if isinstance(part, str) else part for part in parts]

    assert (digest(*one) == digest(*other)) == (plain(one) == plain(other))
