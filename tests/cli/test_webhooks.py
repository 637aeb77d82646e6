"""Webhooks, secrets and dead letters, as the operator handles them on the machine of the server."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest

from cli.conftest import Run
from scripted_server import scripted_server
from server.receiver import LOOPBACK, Answer, receiving
from vivavoce import Client


def test_a_webhook_is_added_listed_and_removed(run: Run) -> None:
    added = run("webhooks", "add", "https://example.org/hook")
    assert added.stdout.startswith("whsec_"), added.output
    row = run("webhooks", "list").stdout.strip().split("\t")
    assert row[1:] == ["–", row[2], "https://example.org/hook"]
    unasked = run("webhooks", "remove", row[0])
    assert (unasked.exit_code, "say --yes" in unasked.stderr) == (1, True)
    assert run("webhooks", "list").stdout != ""
    assert "is removed; 0 deliveries dropped" in run("webhooks", "remove", "-y", row[0]).stderr
    assert run("webhooks", "list").stdout == ""
    assert "there is no webhook" in run("webhooks", "remove", "-y", row[0]).stderr


def test_where_there_are_keys_a_webhook_is_one_of_them(run: Run) -> None:
    run("keys", "create", "--name", "laptop")
    key_id = run("keys", "list").stdout.split("\t")[0]
    assert "--key-id" in run("webhooks", "add", "https://example.org/").output
    assert "no key nobody" in run("webhooks", "secret", "--key-id", "nobody").output
    assert run("webhooks", "add", "https://example.org/", "--key-id", key_id).exit_code == 0
    assert run("webhooks", "list").stdout.split("\t")[1] == key_id


def test_a_webhook_to_where_it_may_not_go_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = run("webhooks", "add", "http://127.0.0.1:9/")
    assert refused.exit_code == 1
    assert "allows it with VIVAVOCE_CALLBACK_ALLOW; set it for this command, too" in refused.stderr
    assert "for this command" not in run("webhooks", "add", "ftp://127.0.0.1:9/").stderr
    monkeypatch.setenv("VIVAVOCE_CALLBACK_ALLOW", "127.0.0.0/8")
    assert run("webhooks", "add", "http://127.0.0.1:9/").exit_code == 0


def test_the_secret_of_callbacks_stays_until_another_is_wanted(run: Run) -> None:
    run("webhooks", "add", "https://example.org/")
    secret = run("webhooks", "secret").stdout
    assert secret.startswith("whsec_")
    assert run("webhooks", "secret").stdout == secret
    renewed = run("webhooks", "secret", "--new").stdout
    assert secret != renewed == run("webhooks", "secret").stdout


def test_what_waits_for_its_next_attempt_says_when_that_is_and_goes_now_when_it_is_told(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answers: dict[str, Answer] = {"now": 503}
    settings = {"callback_allow": LOOPBACK, "callback_backoff": 3600}
    with (
        receiving(lambda _: answers["now"]) as receiver,
        scripted_server(tmp_path / "data", **settings) as url,
    ):
        httpx.post(f"{url}/v2/live", json={"callback": True, "callback_config": {"url": receiver.url}})
        name, state, problem, due = waiting(run)
        assert (state, "503" in problem) == ("pending", True)
        clock = due.partition(" ")[2]
        with monkeypatch.context() as terminal:
            terminal.setenv("FORCE_COLOR", "1")
            shown = re.sub(r"\x1b\[[0-9;]*m", "", run("deliveries", "list").stdout).splitlines()
        assert shown[0].endswith("pending, 1 attempt")
        assert shown[1].endswith(f", next at {clock}")
        assert max(map(len, shown[:2])) <= 80
        nothing_dead = run("deliveries", "resend", "--all").stderr
        assert f"Nothing is dead; 1 is pending, the next at {clock} UTC" in nothing_dead
        answers["now"] = 200
        assert "1 to send." in run("deliveries", "resend", name).stderr
        receiver.until_event("live.start_session")
        assert receiver.taken[0].id == name


def waiting(run: Run) -> tuple[str, str, str, str]:
    """Of the one delivery, when its first attempt is stored: its id, state, problem and next attempt."""
    for _ in range(500):
        [row] = [line.split("\t") for line in run("deliveries", "list").stdout.splitlines()]
        if row[5] == "1":
            return row[0], row[1], row[7], row[8]
    raise AssertionError("its first attempt came to nothing")


def test_dead_letters_are_seen_and_a_running_server_sends_them_when_told(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answers: dict[str, Answer] = {"now": 410}
    data = tmp_path / "data"
    settings = {"callback_allow": LOOPBACK, "callback_backoff": 3600}
    with receiving(lambda _: answers["now"]) as receiver, scripted_server(data, **settings) as url:
        asked = {"callback": True, "callback_config": {"url": receiver.url}}
        created = httpx.post(f"{url}/v2/live", json=asked).json()
        receiver.until(lambda it: len(it.attempts) == 1)
        answers["now"] = 200
        with Client(base_url=url) as client, client.live().start_session(asked):
            pass
        receiver.until_event("live.end_session")
        assert run("deliveries", "resend").exit_code == 2
        unknown = run("deliveries", "resend", "msg_nothing")
        assert (unknown.exit_code, "no delivery msg_nothing" in unknown.stderr) == (1, True)
        rows = [line.split("\t") for line in run("deliveries", "list", "--dead").stdout.splitlines()]
        [[name, state, event, session, _, attempts, place, problem, due]] = rows
        assert due == ""
        assert (state, event, session, attempts) == ("dead", "live.start_session", created["id"], "1")
        assert (place, "410" in problem) == (receiver.url, True)
        with monkeypatch.context() as terminal:
            terminal.setenv("FORCE_COLOR", "1")
            shown = re.sub(r"\x1b\[[0-9;]*m", "", run("deliveries", "list", "--dead").stdout).splitlines()
        assert [name in shown[0], created["id"] in shown[1], receiver.url in shown[2]] == [True] * 3
        assert max(map(len, shown[:2])) <= 80
        receiver.taken.clear()
        result = run("deliveries", "resend", name)
        assert "1 to send." in result.output
        receiver.until_event("live.start_session")
        assert receiver.taken[0].id == name
        assert json.loads(receiver.taken[0].body)["id"] == created["id"]
    assert run("deliveries", "list").stdout == ""
    assert "Nothing is dead; nothing is pending." in run("deliveries", "resend", "--all").stderr
