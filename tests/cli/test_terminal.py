"""What the commands print on a terminal."""

from __future__ import annotations

import json

import pytest

from vivavoce.cli.terminal import advised, printable, printable_json, report, say, show_table, warn, write
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


EVERY_CONTROL = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0))))


def test_nothing_that_a_terminal_obeys_is_printed_but_line_breaks_and_tabs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert printable("a\x1b]0;title\x07\r\nb\x9b31m\tc") == "a�]0;title�\nb�31m\tc"
    for show in (write, say, report, warn):
        show(f"a{EVERY_CONTROL}ä")
    show_table(["id"], [[EVERY_CONTROL]])
    printed = capsys.readouterr()
    assert set(EVERY_CONTROL) & set(printed.out + printed.err) <= {"\n", "\t"}
    assert printed.err.count("ä") == 3


def test_json_keeps_what_it_says_where_it_is_printed() -> None:
    document = printable_json(json.dumps({"text": EVERY_CONTROL}, ensure_ascii=False))
    assert document == printable(document)
    assert json.loads(document) == {"text": EVERY_CONTROL}


def test_a_warning_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    warn("two\nlines [bold]")
    assert capsys.readouterr().err == "warning: two lines [bold]\n"
