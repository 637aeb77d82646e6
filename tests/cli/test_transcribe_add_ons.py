"""`vivavoce transcribe` with add-ons, with a real server and a chat endpoint that does not always behave."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import soundfile

from cli.conftest import Run
from cli.test_transcribe import read_all
from intelligence.chat_server import Answer, Asked, ChatServer, Status, chatting
from scripted_server import scripted_server
from server.add_ons import answer, asking, what
from speech import two_cities

EVERYTHING = ("--entities", "--sentiment", "--translate", "fr", "--summary", "concise", "--chapters")
WITH_TIME = re.compile(r"^ \d:\d\d\.\d  \S")
WRITES_A_TITLE = "\x1b]0;title\x07\x9b31mred"


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More words than are their own summary."""
    path = tmp_path_factory.mktemp("speech") / "talk.flac"
    soundfile.write(path, two_cities().samples()[: 15 * 16_000], 16_000)
    return path


@pytest.fixture(scope="module")
def chat() -> Iterator[ChatServer]:
    with chatting(answer) as chat:
        yield chat


@pytest.fixture(scope="module")
def url(chat: ChatServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that asks the endpoint for translations and for what is said of the whole."""
    with scripted_server(tmp_path_factory.mktemp("server"), **asking(chat, chat_translates=True)) as url:
        yield url


def words(url: str, *options: str) -> list[str]:
    """The command, but for the recordings; in short utterances, as each is asked for."""
    return ["transcribe", "--url", url, "--speed", "max", "--preset", "live_subtitles", "-l", "en", *options]


def test_what_is_asked_for_beside_words_has_their_time_and_is_in_the_json(
    run: Run, server: str, recording: Path
) -> None:
    asked = words(server, "--translate", "pt", "--summary", "concise", "--chapters")
    captions = run(*asked, recording)
    assert captions.stderr == ""
    head = [line for line in captions.stdout.splitlines() if line.strip() not in ("Summary:", "Chapters:")]
    translated = [line for line in head if "· pt: " in line]
    times = {line[:7] for line in head if "·" not in line and WITH_TIME.match(line)}
    assert {line[:7] for line in translated} == times
    written = json.loads(run(*asked, "--json", recording).stdout)
    assert written["translation"]["results"][0]["languages"] == ["pt"]
    assert written["summarization"]["success"]
    assert "named_entity_recognition" not in written
    assert 'add_on_cpu_seconds_count{add_on="translation"}' in httpx.get(f"{server}/metrics").text


@pytest.mark.parametrize(("form", "warned"), [("srt", True), ("text", True), ("json", False)])
def test_who_asks_for_more_than_a_form_has_is_told(
    run: Run, server: str, recording: Path, form: str, warned: bool
) -> None:
    result = run(*words(server, "--summary", "concise", f"--{form}"), recording)
    assert result.exit_code == 0
    assert (f"{form} is the words alone" in result.stderr) is warned


def test_each_add_on_that_fails_is_named_once_in_the_end_and_the_words_are_there(
    run: Run, chat: ChatServer, url: str, talk: Path
) -> None:
    chat.answers = lambda _: Status(500, f"no {WRITES_A_TITLE}")
    result = run(*words(url, *EVERYTHING), talk)
    assert result.exit_code == 0
    warnings = result.stderr.splitlines()
    assert [warning.split(": ")[:2] for warning in warnings] == [
        ["warning", "translation to fr"],
        ["warning", "summary"],
        ["warning", "chapters"],
    ]
    assert all("the chat endpoint failed with 500" in warning for warning in warnings)
    assert all(map(WITH_TIME.match, result.stdout.splitlines()))
    assert "\x1b" not in result.output


def test_of_several_recordings_it_is_said_which_one_an_add_on_failed_on(
    run: Run, chat: ChatServer, url: str, talk: Path
) -> None:
    chat.answers = lambda asked: Status(500) if what(asked) == "summarization" else answer(asked)
    result = run(*words(url, "--summary", "concise"), talk, talk)
    assert result.exit_code == 0
    assert result.stderr.count(f"warning: {talk}: summary: the chat endpoint") == 2


def test_what_the_server_doubts_is_one_line_and_said_once(run: Run, server: str, recording: Path) -> None:
    result = run(*words(server, "--translate", "ja"), recording, recording)
    assert result.exit_code == 0
    doubts, *failures = result.stderr.splitlines()
    assert doubts.startswith("warning: the server says: no translation from en to ja: this server translates")
    assert [failure.partition(f"{recording}: ")[2][:18] for failure in failures] == ["translation to ja:"] * 2


def test_the_summary_and_then_the_chapters_come_after_all_else(
    run: Run, chat: ChatServer, url: str, talk: Path
) -> None:
    whole = threading.Event()

    def late(asked: Asked) -> Answer:
        """Translates once chapters were asked for."""
        if what(asked) == "chapterization":
            whole.set()
        elif what(asked) == "fr":
            assert whole.wait(30)
        return answer(asked)

    chat.answers = late
    lines = run(*words(url, *EVERYTHING), talk).stdout.splitlines()
    *rest, heading, summary, chapters, chapter = lines
    assert (heading.strip(), summary.strip(), chapters.strip()) == ("Summary:", "All is said.", "Chapters:")
    assert re.fullmatch(r" 0:00\.\d  All – All of it\.", chapter)
    assert sum("· fr: " in line for line in rest) > 1
    assert all(map(WITH_TIME.match, rest))


def test_of_silence_there_is_neither_summary_nor_chapters_and_it_is_said(
    run: Run, server: str, tmp_path: Path
) -> None:
    silence = tmp_path / "silence.wav"
    soundfile.write(silence, [0.0] * 2_240, 16_000)
    result = run(*words(server, "--summary", "concise", "--chapters"), silence)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "nothing was said\n")


def test_what_an_endpoint_writes_moves_nothing_on_a_terminal(chat: ChatServer, url: str, talk: Path) -> None:
    chat.answers = lambda asked: (
        answer(asked).replace("All", WRITES_A_TITLE) + (WRITES_A_TITLE if what(asked) == "fr" else "")
    )
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "vivavoce", *words(url, *EVERYTHING), str(talk)]
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "200", "LINES": "24"}
    with subprocess.Popen(command, stdout=slave, stderr=slave, stdin=slave, env=environment) as process:
        os.close(slave)
        output = read_all(master)
    assert process.returncode == 0, output
    assert output.count("�]0;title��31mred") > 3  # translations, the summary, a chapter
    assert not {"\x07", "\x9b"} & set(output)
    assert "\x1b]" not in output
