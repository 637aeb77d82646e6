"""What the commands print on a terminal."""

from __future__ import annotations

import pytest

from vivavoce.cli.terminal import advised, show_table
from vivavoce.errors import LimitError

SESSION = "89678792-f6af-43dd-bbc4-98e4ac45b0ff"


def test_a_table_shows_its_first_column_whole_so_that_it_can_be_copied(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    columns = ["id", "status", "created", "length", "text"]
    show_table(columns, [[SESSION, "done", "2026-11-24 04:44:15", "0:05.2", "It was the best of times"]])
    assert SESSION in capsys.readouterr().out


def test_who_is_to_wait_is_told_how_long() -> None:
    assert advised(LimitError(429, "too many", retry_after=30)).endswith("The server asks to wait for 30 s.")
    assert advised(LimitError(429, "too many")) == "429: too many"
