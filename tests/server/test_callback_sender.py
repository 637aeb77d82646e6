"""One attempt to deliver: what it comes to, whoever answers and however."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from scripted_server import free_port
from server.receiver import PATIENCE, receiving
from server.receiver import Answer as Given
from vivavoce.server.callbacks.retrying import Answer, Failure
from vivavoce.server.callbacks.sender import Sender
from vivavoce.storage.records import DueDelivery

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LOOPBACK = [ip_network("127.0.0.0/8")]


def delivery(url: str, body: str = '{"n":1}') -> DueDelivery:
    return DueDelivery("msg_1", "d", "s", url, "host:80", "live.transcript", body, SECRET, 0, None)


def attempt(*deliveries: DueDelivery, patience: float = PATIENCE) -> list[Answer | Failure]:
    """One after the other, over whatever connections are left."""

    async def run() -> list[Answer | Failure]:
        async with Sender(LOOPBACK, patience, 4) as sender:
            return [await sender.post(each) for each in deliveries]

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("given", "kind"),
    [("hang", "timeout"), ("hang up", "network"), ("nonsense", "network")],
)
def test_who_does_not_answer_has_not_taken_it(given: Given, kind: str) -> None:
    with receiving(lambda _: given) as receiver:
        [result] = attempt(delivery(receiver.url), patience=0.2 if given == "hang" else PATIENCE)
    assert isinstance(result, Failure)
    assert result.kind == kind
    assert result.problem


def test_where_nobody_listens_nothing_is_taken() -> None:
    port = free_port()
    assert attempt(delivery(f"http://127.0.0.1:{port}/")) == [
        Failure("network", f"nothing listens at 127.0.0.1:{port}")
    ]


def test_who_is_asked_for_https_and_does_not_speak_it_is_told_so() -> None:
    with receiving() as receiver:
        results = attempt(delivery(receiver.url.replace("http:", "https:")))
    assert results == [Failure("network", "it does not speak HTTPS: is it http://?")]


def test_a_name_that_means_nothing_is_told() -> None:
    [result] = attempt(delivery("http://nobody.invalid/"))
    assert isinstance(result, Failure)
    assert result.problem.startswith("nobody.invalid cannot be looked up: ")
    assert "[Errno" not in result.problem


def test_where_it_may_not_go_nothing_is_sent_and_the_setting_that_would_allow_it_is_named() -> None:
    with receiving() as receiver:
        port = receiver.url.rstrip("/").rpartition(":")[2]

        async def run() -> Answer | Failure:
            async with Sender((), PATIENCE, 4, lambda _host, _port: [ip_address("127.0.0.1")]) as sender:
                literal = await sender.post(delivery(receiver.url))
                assert isinstance(literal, Failure)
                assert literal.problem.startswith("127.0.0.1 is no public address, and VIVAVOCE")
                return await sender.post(delivery(f"http://example.org:{port}/"))

        result = asyncio.run(run())
    assert isinstance(result, Failure)
    assert result.kind == "forbidden"
    assert "example.org is at 127.0.0.1" in result.problem
    assert "VIVAVOCE_CALLBACK_ALLOW" in result.problem
    assert receiver.attempts == []


def test_a_status_is_an_answer_and_a_redirect_is_not_followed() -> None:
    answers = iter([200, 204, 500, "redirect", "flood", 200])
    with receiving(lambda _: next(answers)) as receiver:  # type: ignore[arg-type, return-value]
        results = attempt(*[delivery(receiver.url)] * 6)
        assert {posted.path for posted in receiver.attempts} == {"/"}
    assert results == [Answer(200), Answer(204), Answer(500), Answer(307), Answer(200), Answer(200)]


@pytest.mark.parametrize("characters", [10, 300_000])
def test_what_is_sent_is_signed_to_the_last_character(characters: int) -> None:
    body = '{"text": "' + "é" * characters + '"}'
    with receiving() as receiver:
        first = delivery(f"{receiver.url}hook?token=a%20b", body)
        attempt(first, replace(first, id="msg_2"))
    assert [posted.verified(SECRET)["text"] for posted in receiver.taken] == ["é" * characters] * 2
    assert [posted.id for posted in receiver.taken] == ["msg_1", "msg_2"]
    assert {posted.path for posted in receiver.taken} == {"/hook?token=a%20b"}
    assert receiver.taken[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 1000,
        b"x" * 1000,
    ],
)
def test_an_answer_that_never_ends_is_none(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)

        async def talk() -> None:
            loop = asyncio.get_running_loop()
            connection, _ = await loop.sock_accept(listening)
            with connection, suppress(ConnectionError):
                connection.setblocking(False)
                while True:
                    await loop.sock_sendall(connection, said * 100)

        async def run() -> Answer | Failure:
            talking = asyncio.create_task(talk())
            async with Sender(LOOPBACK, PATIENCE, 4) as sender:
                result = await sender.post(delivery(f"http://127.0.0.1:{listening.getsockname()[1]}/"))
            await talking
            return result

        result = asyncio.run(run())
    assert isinstance(result, Failure)
    assert result.kind == "network"
