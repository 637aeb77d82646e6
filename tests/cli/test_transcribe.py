"""`vivavoce transcribe`, from the file to the text, with a real server."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from subprocess import PIPE

import httpx
import pytest
import soundfile

from cli.conftest import Run
from disturbed.network import line_to
from scripted_server import scripted_process, scripted_server
from server.test_full_disk import full_disk
from vivavoce import Client

PATIENCE = 60.0

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
MOVEMENT = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
CAPTION = re.compile(r"^ \d:\d\d\.\d  \S")


def test_captions_are_plain_lines_in_a_pipe(run: Run, server: str, recording: Path) -> None:
    result = run("transcribe", "--url", server, "--speed", "max", recording)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert len(lines) >= 1
    assert all(CAPTION.match(line) for line in lines)
    assert "\x1b" not in result.output
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ("--text", r"\S.*\n"),
        ("--srt", r"1\n00:00:0\d,\d{3} --> 00:00:0\d,\d{3}\n\S"),
        ("--vtt", r"WEBVTT\n\n00:00:0\d\.\d{3} --> "),
        ("--json", r"\{.*\}\n$"),
    ],
)
def test_each_form_is_written_to_standard_output(
    run: Run, server: str, recording: Path, form: str, pattern: str
) -> None:
    result = run("transcribe", "--url", server, "--speed", "max", form, recording)
    assert result.exit_code == 0, result.output
    assert re.match(pattern, result.stdout)


def test_output_goes_to_a_file(run: Run, server: str, recording: Path, tmp_path: Path) -> None:
    target = tmp_path / "words.srt"
    result = run("transcribe", "--url", server, "--speed", "max", "--srt", "-o", target, recording)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert target.read_text().startswith("1\n")


def test_several_files_go_to_a_directory(run: Run, server: str, recording: Path, tmp_path: Path) -> None:
    other = Path(shutil.copy(recording, tmp_path / "other.flac"))
    target = tmp_path / "subtitles"
    result = run("transcribe", "--url", server, "--speed", "max", "--vtt", "-o", target, recording, other)
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in target.iterdir()) == ["other.vtt", "times.vtt"]


def test_several_files_in_a_pipe_are_told_apart(run: Run, server: str, recording: Path) -> None:
    captions = run("transcribe", "--url", server, "--speed", "max", recording, recording)
    assert captions.stdout.count(f"==> {recording} <==") == 2
    lines = run("transcribe", "--url", server, "--speed", "max", "--json", recording, recording).stdout
    assert [json.loads(line)["file"] for line in lines.splitlines()] == [str(recording)] * 2


def test_subtitles_of_several_files_need_a_directory(run: Run, recording: Path) -> None:
    result = run("transcribe", "--srt", recording, recording)
    assert result.exit_code == 2
    assert "add -o DIRECTORY" in result.stderr


def test_files_whose_outputs_would_replace_each_other_are_refused(run: Run, recording: Path) -> None:
    result = run("transcribe", "-o", "somewhere", recording, recording.with_suffix(".wav"))
    assert result.exit_code == 2
    assert "one output would replace the other" in " ".join(result.stderr.split())


def test_a_reader_that_has_enough_ends_it_quietly(server: str, recording: Path) -> None:
    read, write = os.pipe()
    words = ["transcribe", "--url", server, "--speed", "max", str(recording)]
    command = [sys.executable, "-m", "vivavoce", *words]
    with subprocess.Popen(command, stdout=write, stderr=subprocess.PIPE, text=True) as process:
        os.close(write)
        os.close(read)
        assert process.stderr
        assert process.stderr.read() == ""
    assert process.returncode == 1


@pytest.mark.parametrize("form", [[], ["--text"]], ids=["captions", "text"])
def test_an_interrupt_stops_it_and_what_was_being_said_is_written(
    server: str, recording: Path, form: list[str]
) -> None:
    words = ["transcribe", "--url", server, "--speed", "0.5", *form, str(recording), "never_begun.flac"]
    command = [sys.executable, "-m", "vivavoce", *words]
    # A shell's background jobs, which the tests may be, ignore interrupts, and so do their children.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    master, slave = pty.openpty()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=slave, stdin=slave, text=True, preexec_fn=heed
    ) as process:
        os.close(slave)
        shown = b""
        while b"word1" not in shown:  # a partial: its utterance is not over
            shown += os.read(master, 65_536)
        process.send_signal(signal.SIGINT)
        assert "Traceback" not in read_all(master)
        assert process.stdout
        written = process.stdout.read()
    assert "word0 word1" in written
    assert process.returncode == 130


def test_a_second_interrupt_does_not_wait_for_what_is_still_coming(recording: Path, tmp_path: Path) -> None:
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    path = tmp_path / "lock"
    with scripted_process(tmp_path, hold=path) as (url, _), path.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = [sys.executable, "-m", "vivavoce", "transcribe", "--url", url, str(recording)]
        with (
            subprocess.Popen(command, stdout=PIPE, stderr=PIPE, text=True, preexec_fn=heed) as process,
            httpx.Client(base_url=url) as http,
        ):

            def until(message: str) -> None:
                """Until the session, which is the only one, has sent such a message."""
                while True:
                    for session in http.get("/v2/live").json()["items"]:
                        if message in http.get(f"/v2/live/{session['id']}").text:
                            return
                    assert process.poll() is None

            try:
                until("speech_start")
                process.send_signal(signal.SIGINT)
                until("stop_recording")
                process.send_signal(signal.SIGINT)
                written, complaints = process.communicate(timeout=PATIENCE)
            finally:
                process.kill()
    assert (process.returncode, written, complaints) == (130, "", "")


def test_a_file_that_fails_is_named_and_the_others_go_on(
    run: Run, server: str, recording: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF")
    result = run("transcribe", "--url", server, "--speed", "max", "--text", broken, recording)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {broken} cannot be read as audio")
    assert "word0" in result.stdout


def test_a_recording_that_breaks_off_gives_what_was_heard_and_the_error(
    run: Run, server: str, recording: Path, tmp_path: Path
) -> None:
    cut, target = tmp_path / "cut.flac", tmp_path / "cut.srt"
    whole = recording.read_bytes()
    cut.write_bytes(whole[: len(whole) * 3 // 4])
    result = run("transcribe", "--url", server, "--speed", "max", "--srt", "-o", target, cut)
    assert result.exit_code == 1
    assert "cut.flac: it cannot be read to its end" in result.stderr
    assert "word0 word1" in target.read_text()


def test_a_wav_file_that_is_shorter_than_it_says_is_heard_with_a_remark(
    run: Run, server: str, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.wav"
    soundfile.write(cut, [0.0] * 16_000, 16_000)
    cut.write_bytes(cut.read_bytes()[: 44 + 24_000])
    result = run("transcribe", "--url", server, "--speed", "max", cut)
    assert result.exit_code == 0
    assert result.stderr == f"{cut} is cut off: its header promises 0.2 s more\n"


def test_a_session_that_ends_before_the_recording_gives_what_was_heard_and_where_it_is_kept(
    run: Run, recording: Path, tmp_path: Path
) -> None:
    with scripted_server(tmp_path / "server", max_session_duration=3.0) as url:
        result = run("transcribe", "--url", url, "--speed", "4", "--text", recording)
    assert result.exit_code == 1
    assert "word0 word1" in result.stdout
    assert re.search(r"session closed with code .*\n.* `vivavoce sessions get [0-9a-f-]{36}`", result.stderr)


def test_a_server_that_is_lost_is_told_at_once_and_so_is_its_return(server: str, recording: Path) -> None:
    with line_to(server) as network, httpx.Client(base_url=server) as http:
        words = ["transcribe", "--url", network.url, "--speed", "0.5", str(recording)]
        command = [sys.executable, "-m", "vivavoce", *words]
        before = {session["id"] for session in http.get("/v2/live").json()["items"]}
        with subprocess.Popen(command, stdout=PIPE, stderr=PIPE, text=True) as process:
            while not any(
                session["id"] not in before and "speech_start" in http.get(f"/v2/live/{session['id']}").text
                for session in http.get("/v2/live").json()["items"]
            ):
                assert process.poll() is None
            network.cut()
            written, remarks = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "word0 word1" in written
    assert remarks == "lost the server, trying again for a minute\nthe server is back\n"


IMPATIENT = """
from vivavoce.cli.commands import app
from vivavoce.client.core import LiveCore

LiveCore.__init__.__kwdefaults__["max_attempts"] = 2
app()
"""


@contextmanager
def transcribing(
    url: str, recording: Path, *words: str, program: Sequence[str] = ("-m", "vivavoce")
) -> Iterator[subprocess.Popen[str]]:
    """The command, from the moment on at which the server hears speech."""
    command = [sys.executable, *program, "transcribe", "--url", url, *words, str(recording)]
    with subprocess.Popen(command, stdout=PIPE, stderr=PIPE, text=True) as process:
        try:
            with httpx.Client(base_url=url) as http:
                while not any(
                    "speech_start" in http.get(f"/v2/live/{session['id']}").text
                    for session in http.get("/v2/live").json()["items"]
                ):
                    assert process.poll() is None
            yield process
        finally:
            process.kill()


def test_a_full_disk_is_waited_for_and_nothing_is_missing(recording: Path, tmp_path: Path) -> None:
    target = tmp_path / "words.txt"
    with scripted_process(tmp_path / "server") as (url, server):
        with transcribing(url, recording, "--text", "-o", str(target)) as process:
            assert process.stderr
            with full_disk(server):
                told = process.stderr.readline()
            _, remarks = process.communicate(timeout=PATIENCE)
        [session] = httpx.get(f"{url}/v2/live").json()["items"]
        assert told == "the server cannot take audio now, trying again for a minute\n"
        assert (process.returncode, remarks) == (0, "the server is back\n")
        assert target.read_text().split() == session["result"]["transcription"]["full_transcript"].split()
        assert session["file"]["audio_duration"] == 5.0


def test_who_waits_no_longer_is_told_how_much_is_stored_and_how_to_get_it(
    recording: Path, tmp_path: Path
) -> None:
    with (
        scripted_process(tmp_path / "server") as (url, server),
        transcribing(url, recording, program=["-c", IMPATIENT]) as process,
    ):
        server.kill()
        _, remarks = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    stored = r"0:0[0-4]\.\d of 0:05\.0 is stored"
    kept = r"What the server has heard is kept there: `vivavoce sessions get [0-9a-f-]{36}`"
    assert re.search(rf"the server did not come back within a minute; {stored}\n +{kept}\n", remarks), remarks


def test_without_a_server_it_says_what_to_do(run: Run, recording: Path) -> None:
    result = run("transcribe", recording)
    assert result.exit_code == 1
    assert "no answer from http://127.0.0.1:9" in result.stderr
    assert "`vivavoce serve`" in result.stderr
    assert "--local" in result.stderr


def test_what_the_server_refuses_is_said(run: Run, server: str, recording: Path) -> None:
    result = run("transcribe", "--url", server, "--language", "ja", recording)
    assert result.exit_code == 1
    assert "language_config.languages.0 must be a language that the model" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-l", "en,fr"], "give -l once for each language: -l en -l fr"),
        (["--translate", "pt,es"], "give --translate once for each language: --translate pt --translate es"),
        (["-l", "xx"], "'xx' is none of the 99 language codes"),
        (["--translate", "pt", "--translate", "xx"], "'xx' is none of the 100 language codes"),
        (["--translate", "german"], "did you mean de?"),
        (["-l", "wo"], "'wo' is none of the 99 language codes: docs/languages.md lists them"),
    ],
)
def test_languages_that_are_none_are_refused_before_anything_is_sent(
    run: Run, recording: Path, words: list[str], said: str
) -> None:
    # Nothing answers at the server's address.
    result = run("transcribe", *words, recording)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", "").split())


def test_code_switching_is_asked_for(run: Run, server: str, recording: Path) -> None:
    words = ["transcribe", "--url", server, "--speed", "max", "--json", "-l", "en", "-l", "fr", recording]
    asked = []
    with Client(base_url=server) as client:
        for more in ([], ["--code-switching"]):
            result = run(*words, *more)
            assert result.exit_code == 0, result.output
            session = client.live().get(json.loads(result.stdout)["session_id"])
            asked.append(session.request_params["language_config"])
    assert asked == [{"languages": ["en", "fr"], "code_switching": switch} for switch in (False, True)]


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "nan"])
def test_a_speed_that_is_none_is_refused(run: Run, recording: Path, speed: str) -> None:
    result = run("transcribe", "--speed", speed, recording)
    assert result.exit_code == 2
    assert "or max" in result.stderr


def test_on_a_terminal_captions_grow_and_stay_and_nothing_is_left_of_the_rest(
    server: str, recording: Path
) -> None:
    words = ["transcribe", "--url", server, "--speed", "4", str(recording)]
    command = [sys.executable, "-m", "vivavoce", *words]
    master, slave = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    with subprocess.Popen(command, stdout=slave, stderr=slave, stdin=slave, env=environment) as process:
        os.close(slave)
        output = read_all(master)
    assert process.returncode == 0, output
    assert "\x1b[" in output
    lines = MOVEMENT.sub("\n", COLOUR.sub("", output)).splitlines()
    assert any(CAPTION.match(line) and "word0 word1" in line for line in lines)
    assert "━" in output
    assert output.rindex("\x1b[?25h") > output.rindex("━")  # the cursor is back, after the bar has gone


def read_all(master: int) -> str:
    """What a terminal's other side gets until the program ends."""
    output = b""
    while True:
        try:
            part = os.read(master, 65_536)
        except OSError:  # how Linux says that no one holds the terminal any more
            break
        if not part:
            break
        output += part
    os.close(master)
    return output.decode()
