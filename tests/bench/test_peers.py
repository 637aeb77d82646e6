"""Text that grows without utterances."""

from __future__ import annotations

from vivavoce.bench.peers.running import running_text


def test_only_changes_count_and_the_last_state_is_final() -> None:
    states = [(10.5, ""), (11.0, "one"), (11.5, " one "), (12.0, "one two")]
    found = running_text(states, began=10.0)
    assert [(one.at, one.text, one.is_final) for one in found] == [
        (0.5, "", False),
        (1.0, "one", False),
        (2.0, "one two", True),
    ]


def test_without_any_message_there_is_no_text() -> None:
    assert running_text([], began=10.0) == []
