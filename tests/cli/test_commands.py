"""The other commands: sessions, keys, models, serve, mic, and what all have in common."""

from __future__ import annotations

import io
import json
import socket
import struct
import subprocess
import sys
import wave
from pathlib import Path
from types import SimpleNamespace

import pytest
import soundfile

from cli.conftest import Run
from scripted_server import scripted_server
from vivavoce import Client


@pytest.fixture(scope="module")
def session_id(server: str) -> str:
    """A session of one second of silence."""
    with Client(base_url=server) as client, client.live().start_session() as session:
        session.send_audio(bytes(32_000))
    return session.id


@pytest.fixture
def own_server(run: Run, server: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Calls `vivavoce`, which finds the server by its environment."""
    monkeypatch.setenv("VIVAVOCE_URL", server)
    return run


# Sessions


def test_sessions_are_listed_as_columns_for_other_programs(own_server: Run, session_id: str) -> None:
    result = own_server("sessions", "list", "--status", "done")
    assert result.exit_code == 0, result.output
    row = next(line.split("\t") for line in result.stdout.splitlines() if line.startswith(session_id))
    assert row[1] == "done"
    assert row[3] == "0:01.0"


def test_a_session_is_shown_as_text_or_as_json(own_server: Run, session_id: str) -> None:
    assert own_server("sessions", "get", session_id).stdout == ""
    session = json.loads(own_server("sessions", "get", session_id, "--json").stdout)
    assert session["id"] == session_id


def test_a_recording_is_saved(own_server: Run, session_id: str, tmp_path: Path) -> None:
    target = tmp_path / "speech.wav"
    assert own_server("sessions", "file", session_id, "-o", target).exit_code == 0
    with wave.open(str(target)) as wav:
        assert wav.getnframes() == 16_000
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def test_a_recording_goes_into_a_directory_or_one_that_is_made(
    own_server: Run, session_id: str, tmp_path: Path
) -> None:
    assert own_server("sessions", "file", session_id, "-o", tmp_path).exit_code == 0
    assert own_server("sessions", "file", session_id, "-o", tmp_path / "new" / "x.wav").exit_code == 0
    assert (tmp_path / f"{session_id}.wav").stat().st_size == (tmp_path / "new" / "x.wav").stat().st_size


def test_a_recording_that_cannot_be_written_is_an_error_in_one_line(
    own_server: Run, session_id: str, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    result = own_server("sessions", "file", session_id, "-o", tmp_path / "file" / "x.wav")
    assert result.exit_code == 1
    assert result.stderr == f"error: {tmp_path}/file/x.wav cannot be written: File exists\n"


def test_who_cannot_delete_a_session_by_a_key_is_told_how_the_operator_does(own_server: Run) -> None:
    result = own_server("sessions", "delete", "-y", "nobody")
    assert "deleted where the server runs: add --data-dir DIR" in result.stderr


def test_a_session_that_is_not_there_is_an_error(own_server: Run, tmp_path: Path) -> None:
    for words in (
        ("get", "nobody"),
        ("file", "nobody", "-o", tmp_path / "x.wav"),
        ("delete", "-y", "nobody"),
    ):
        result = own_server("sessions", *words)
        assert result.exit_code == 1
        assert "404" in result.stderr
    assert not (tmp_path / "x.wav").exists()


def test_deleting_asks_first(own_server: Run, server: str) -> None:
    with Client(base_url=server) as client, client.live().start_session() as session:
        pass
    refused = own_server("sessions", "delete", session.id)
    assert refused.exit_code == 1
    assert "say --yes" in refused.stderr
    assert own_server("sessions", "get", session.id).exit_code == 0
    assert own_server("sessions", "delete", "--yes", session.id).exit_code == 0
    assert own_server("sessions", "get", session.id).exit_code == 1


# Keys


def test_a_key_is_made_listed_and_revoked(run: Run) -> None:
    made = run("keys", "create", "--name", "laptop", "--plan", "free")
    assert made.exit_code == 0, made.output
    secret = made.stdout.strip()
    key_id = secret.split("_")[1]
    listed = run("keys", "list").stdout.split("\t")
    assert (listed[0], listed[1], listed[2], listed[4]) == (key_id, "laptop", "free", "in force\n")
    assert secret not in run("keys", "list").output
    unasked = run("keys", "revoke", key_id)
    assert (unasked.exit_code, "say --yes" in unasked.stderr) == (1, True)
    assert run("keys", "list").stdout.endswith("in force\n")
    assert run("keys", "revoke", "--yes", key_id).exit_code == 0
    assert run("keys", "list").stdout.endswith("revoked\n")


def test_the_first_key_says_that_every_call_needs_one_from_now_on(run: Run) -> None:
    assert "every call needs a key" in run("keys", "create").stderr
    assert "every call needs a key" not in run("keys", "create").stderr


@pytest.mark.parametrize("words", [["sessions", "list"], ["transcribe"]], ids=["sessions", "transcribe"])
def test_who_has_no_key_is_told_how_to_give_one(
    run: Run, tmp_path: Path, recording: Path, words: list[str]
) -> None:
    assert run("keys", "create").exit_code == 0
    with scripted_server(tmp_path / "data") as url:
        result = run(*words, "--url", url, *([recording] if words == ["transcribe"] else []))
    assert result.exit_code == 1
    assert "--key or VIVAVOCE_API_KEY" in result.stderr


def test_a_key_without_a_name_is_named_after_its_plan_and_the_day(run: Run) -> None:
    made = run("keys", "create", "--plan", "free")
    assert made.exit_code == 0, made.output
    _, name, _, created, _ = run("keys", "list").stdout.split("\t")
    assert name == f"free {created[:10]}"


def test_a_key_is_given_a_new_secret(run: Run) -> None:
    old = run("keys", "create").stdout.strip()
    key_id = old.split("_")[1]
    result = run("keys", "rotate", key_id)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"vv_{key_id}_")
    assert result.stdout.strip() != old


@pytest.mark.parametrize("command", ["revoke", "rotate"])
def test_changing_a_key_that_is_not_there_is_an_error(run: Run, command: str) -> None:
    run("keys", "create")
    result = run("keys", command, "nothing")
    assert result.exit_code == 1
    assert "no key nothing in force" in result.stderr
    assert "see `vivavoce keys list --data-dir" in result.stderr


# Serving


def test_serving_others_without_a_key_is_refused_with_what_to_do(run: Run, tmp_path: Path) -> None:
    result = run("serve", "--host", "0.0.0.0", "--port", "0")
    assert result.exit_code == 1
    assert f"run `vivavoce keys create --data-dir {tmp_path}/data`" in result.stderr


def test_a_certificate_that_is_not_there_is_an_error(run: Run, tmp_path: Path) -> None:
    result = run(
        "serve", "--tls-cert", tmp_path / "cert.pem", "--tls-key", tmp_path / "key.pem", "--port", "0"
    )
    assert result.exit_code == 1
    assert "cert.pem cannot be read: No such file" in result.stderr


def test_a_port_that_is_taken_is_said_plainly(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--port", str(port))
    assert result.exit_code == 1
    assert f"cannot listen on 127.0.0.1:{port}" in result.stderr


def test_a_wrong_setting_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_IDLE_TIMEOUT", "soon")
    result = run("serve")
    assert result.exit_code == 1
    assert "VIVAVOCE_IDLE_TIMEOUT must be a number above 0, not 'soon'" in result.stderr


def test_why_a_server_cannot_start_is_said_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_MODELS", "huge")
    result = run("serve", "--port", "0")
    assert result.exit_code == 1
    assert result.stderr.count("there is no model 'huge'") == 1
    assert "stopped" not in result.stderr


def test_why_a_server_of_the_commands_own_cannot_start_is_said_once(
    run: Run, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIVAVOCE_MODELS", "huge")
    result = run("transcribe", "--local", recording)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: the server did not start: there is no model 'huge'")


# Models, the microphone


def test_a_model_that_is_not_there_is_an_error(run: Run) -> None:
    result = run("models", "verify", "huge")
    assert result.exit_code == 1
    assert "there is no model 'huge'" in result.stderr


def test_a_model_whose_weights_end_too_early_is_not_verified(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for file in ("model.bin", "config.json", "vocabulary.txt"):
        (tmp_path / file).write_bytes(struct.pack("<IH11s", 6, 12, b"WhisperSpec"))
    monkeypatch.setenv("VIVAVOCE_MODELS", f"cut={tmp_path}")
    result = run("models", "verify", "cut")
    assert result.exit_code == 1
    assert "copy or convert it again" in result.stderr


def test_models_are_listed_with_their_use_and_place(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_MODELS", "base,fast=/srv/models/fast")
    lines = run("models", "list").stdout.splitlines()
    assert "base\tdefault, also solaria-1\t" in lines
    assert "fast\tserved\t/srv/models/fast" in lines


def test_without_the_extra_the_microphone_says_how_to_get_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    result = run("mic")
    assert result.exit_code == 1
    assert ".venv/bin/pip install '.[mic]'" in result.stderr


def test_the_microphone_is_captioned_until_it_is_interrupted(
    own_server: Run, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples, _ = soundfile.read(recording, dtype="int16")

    class RawInputStream(io.BytesIO):
        """A microphone that hears the recording; then Ctrl-C is pressed."""

        def __init__(self, **format: object) -> None:
            assert format == {"samplerate": 16_000, "channels": 1, "dtype": "int16", "device": None}
            super().__init__(samples.tobytes())

        def start(self) -> None: ...

        def read(self, frames: int) -> tuple[bytes, bool]:  # type: ignore[override]
            if piece := super().read(2 * frames):
                return piece, False
            raise KeyboardInterrupt

    module = SimpleNamespace(RawInputStream=RawInputStream, PortAudioError=OSError)
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    result = own_server("mic", "-l", "en", "--translate", "ja")
    assert result.exit_code == 0, result.output
    assert "word0 word1" in result.stdout
    told = [line[:40] for line in result.stderr.splitlines()]
    assert told == [
        "Speak; Ctrl-C ends.",
        "warning: the server says: no translation",
        "warning: translation to ja: no translati",
    ]


def test_without_the_extra_the_server_says_how_to_get_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("vivavoce.server", "uvicorn"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.setattr("vivavoce.cli.terminal.find_spec", lambda name: None)
    result = run("serve")
    assert result.exit_code == 1
    assert "tools/setup server" in result.stderr


# All of them


def test_the_version_is_printed(run: Run) -> None:
    assert run("--version").stdout.startswith("vivavoce 0.")


@pytest.mark.parametrize("words", [[], ["transcribe"], ["sessions", "list"], ["keys", "create"], ["doctor"]])
def test_every_command_explains_itself(run: Run, words: list[str]) -> None:
    result = run(*words, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.stdout


def test_help_loads_neither_the_server_nor_numbers() -> None:
    code = (
        "import sys, vivavoce.cli.commands; "
        "print(sys.modules.keys() & {'fastapi', 'uvicorn', 'sqlalchemy', 'numpy', 'soundfile', 'websockets'})"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_a_value_that_an_option_does_not_take_is_answered_with_those_that_it_takes(run: Run) -> None:
    result = run("keys", "create", "x", "--plan", "y")
    assert result.exit_code == 2
    message = " ".join(result.stderr.replace("│", " ").split())
    assert "Invalid value for '--plan': 'y' is not one of 'free'" in message
