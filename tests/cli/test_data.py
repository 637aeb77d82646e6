"""The commands that work on a data directory: where there is none, and what its operator can do."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from cli.conftest import Run
from scripted_server import scripted_server
from server.peers import speech
from vivavoce import Client

READING = [
    ("keys", "list"),
    ("keys", "rotate", "x"),
    ("keys", "revoke", "x"),
    ("webhooks", "list"),
    ("webhooks", "remove", "x"),
    ("webhooks", "secret"),
    ("deliveries", "list"),
    ("deliveries", "resend", "--all"),
    ("sessions", "list"),
    ("sessions", "delete", "--yes", "x"),
    ("replay", "x"),
]


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_a_directory_that_is_mistyped_is_named_and_not_made(
    run: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    result = run(*words, "--data-dir", tmp_path / "tpyo")
    assert result.exit_code == 1
    assert f"there is no Vivavoce data in {tmp_path}/tpyo" in result.stderr
    assert "VIVAVOCE_DATA_DIR" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_webhook_of_a_key_makes_no_directory_since_there_is_no_key_in_it(run: Run, tmp_path: Path) -> None:
    url, key = "https://example.org/", ("--key-id", "x")
    missing = run("webhooks", "add", url, *key, "--data-dir", tmp_path / "tpyo")
    assert (missing.exit_code, f"no Vivavoce data in {tmp_path}/tpyo" in missing.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []
    run("keys", "create")
    unknown = run("webhooks", "add", url, *key)
    assert f"no key x in force in {tmp_path}/data" in unknown.stderr
    assert f"see `vivavoce keys list --data-dir {tmp_path}/data`" in unknown.stderr


@pytest.mark.parametrize("words", [("keys", "create"), ("webhooks", "add", "https://example.org/")])
def test_what_is_made_before_the_first_start_says_where(
    run: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    first = run(*words, "--data-dir", tmp_path / "data")
    assert first.exit_code == 0, first.output
    assert f"There was no Vivavoce data in {tmp_path}/data: it is made now" in first.stderr
    assert "There was no" not in run("keys", "create", "--data-dir", tmp_path / "data").stderr


def test_lists_change_nothing_and_take_a_directory_that_may_only_be_read(run: Run, tmp_path: Path) -> None:
    run("keys", "create")
    (tmp_path / "data" / "audio").rmdir()
    before = {path: path.read_bytes() for path in (tmp_path / "data").iterdir()}
    (tmp_path / "data").chmod(0o500)
    for words in (("keys",), ("webhooks",), ("deliveries",), ("sessions", "--data-dir", tmp_path / "data")):
        result = run(words[0], "list", *words[1:])
        assert result.exit_code == 0, result.output
    (tmp_path / "data").chmod(0o700)
    assert {path: path.read_bytes() for path in (tmp_path / "data").iterdir()} == before


def test_an_empty_list_says_what_would_be_on_it_and_how_it_comes_there(run: Run, tmp_path: Path) -> None:
    run("webhooks", "add", "https://example.org/")
    here = f"--data-dir {tmp_path}/data"
    assert f"`vivavoce keys create {here}` makes one" in run("keys", "list").stderr
    run("webhooks", "remove", "--yes", run("webhooks", "list").stdout.split("\t")[0])
    assert f"`vivavoce webhooks add URL {here}` adds one" in run("webhooks", "list").stderr
    assert "has not taken yet appears here" in run("deliveries", "list").stderr
    assert "VIVAVOCE_CALLBACK_PERSISTENCE" in run("deliveries", "list", "--dead").stderr
    listed = run("sessions", "list", "--data-dir", tmp_path / "data", "--status", "done")
    assert "no sessions with the status done" in listed.stderr
    assert listed.stdout == ""


@pytest.mark.parametrize(
    "words", [("keys", "revoke"), ("keys", "rotate"), ("webhooks", "secret", "--key-id")], ids=" ".join
)
def test_a_secret_that_is_given_as_an_id_is_not_repeated(run: Run, words: tuple[str, ...]) -> None:
    key = run("keys", "create").stdout.strip()
    for given in (key, key.split("_", 2)[2]):
        result = run(*words, given)
        assert result.exit_code == 1
        assert given not in result.output
        assert "looks like its secret" in result.stderr
        assert "vivavoce keys list" in result.stderr


def test_what_was_recorded_before_the_first_key_is_listed_and_deleted_by_the_operator(
    run: Run, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with scripted_server(data) as url:
        with Client(base_url=url) as client:
            with client.live().start_session() as session:
                session.send_audio(speech())
            running = client.live().start_session(messages_config={"receive_acknowledgments": True})
            running.send_audio(speech())
            while next(running).type != "audio_chunk":
                pass
            made = run("keys", "create")
            assert f"vivavoce sessions delete --data-dir {data} ID..." in made.stderr
            rows = [
                row.split("\t") for row in run("sessions", "list", "--data-dir", data).stdout.splitlines()
            ]
            assert [(row[0], row[1], row[4]) for row in rows] == [
                (running.id, "processing", "–"),
                (session.id, "done", "–"),
            ]
            live = run("sessions", "delete", "--yes", "--data-dir", data, running.id)
            assert (live.exit_code, "still live" in live.stderr) == (1, True)
            gone = run("sessions", "delete", "--yes", "--data-dir", data, session.id)
            assert gone.exit_code == 0, gone.output
        with Client(made.stdout.strip(), url) as client:
            assert client.live().list().items == ()
    assert run("sessions", "delete", "--yes", "--data-dir", data, running.id).exit_code == 0
    assert run("sessions", "list", "--data-dir", data).stdout == ""
    assert list((data / "audio").glob("*.raw")) == []


def test_the_operator_does_not_delete_the_session_of_a_client_that_has_said_nothing_yet(
    run: Run, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with scripted_server(data) as url, Client(base_url=url) as client:
        connected = client.live().start_session(messages_config={"receive_lifecycle_events": True})
        assert next(connected).type == "start_session"
        live = run("sessions", "delete", "--yes", "--data-dir", data, connected.id)
        assert (live.exit_code, "still live" in live.stderr) == (1, True)
        waiting = httpx.post(f"{url}/v2/live").json()["id"]
        gone = run("sessions", "delete", "--yes", "--data-dir", data, waiting)
        assert gone.exit_code == 0, gone.output
    assert run("sessions", "delete", "--yes", "--data-dir", data, connected.id).exit_code == 0


def test_the_operator_needs_no_server_and_names_none(run: Run, tmp_path: Path) -> None:
    result = run("sessions", "list", "--data-dir", tmp_path, "--url", "http://127.0.0.1:9")
    assert result.exit_code == 2
    assert "choose one of --data-dir" in result.stderr
