"""A chat endpoint: what it answers comes back, and what goes wrong there is said, never the key."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from intelligence.chat_server import KEY, MODEL, Answer, Asked, ChatServer, Rude, Rudeness, Status, chatting
from scripted_server import free_port
from vivavoce.errors import ConfigurationError
from vivavoce.intelligence.base import AddOnError
from vivavoce.intelligence.chat import Chat


def loud(asked: Asked) -> Answer:
    return f"{asked.user.upper()}!"


def chat_with(server: ChatServer, key: str | None = KEY, model: str = MODEL, timeout: float = 30.0) -> Chat:
    return Chat(server.url, model, key, timeout, sleep=lambda _: None)


def failing_first(*failures: Answer) -> Callable[[Asked], Answer]:
    numbers = count()
    return lambda asked: failures[n] if (n := next(numbers)) < len(failures) else loud(asked)


def refusal(answers: Callable[[Asked], Answer], **options: object) -> AddOnError:
    with chatting(answers) as server, pytest.raises(AddOnError) as raised:
        chat_with(server, **options).complete("Shout.", "good morning")  # type: ignore[arg-type]
    return raised.value


def test_the_answer_is_what_the_model_says_to_both_texts() -> None:
    with chatting(lambda asked: f" {asked.system} {asked.user}, olá 🙂 \n") as server:
        assert chat_with(server).complete("Answer.", "Grüß Gott") == "Answer. Grüß Gott, olá 🙂"


def test_a_url_without_a_path_and_one_with_all_of_it_are_understood() -> None:
    with chatting(loud) as server:
        for url in (
            server.url,
            server.url + "/",
            server.url.removesuffix("/v1"),
            server.url + "/chat/completions",
        ):
            assert Chat(url, MODEL, KEY).complete("", "a") == "A!"


@pytest.mark.parametrize(
    "url",
    ["", "localhost:8080", "ftp://a/v1", "http:///v1", "http://me:secret@a/v1", "http://a/v1?key=secret"],
)
def test_what_is_no_endpoint_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        Chat(url, MODEL)
    assert "secret" not in str(raised.value)


def test_a_key_that_cannot_be_sent_is_refused_and_not_said() -> None:
    with pytest.raises(ConfigurationError) as raised:
        Chat("http://a/v1", MODEL, "secret\r\nX-Other: 1")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("first", [Status(429), Status(503, headers={"Retry-After": "2"}), Rude("hang up")])
def test_a_passing_failure_is_tried_once_more(first: Answer) -> None:
    with chatting(failing_first(first)) as server:
        assert chat_with(server).complete("Shout.", "good morning") == "GOOD MORNING!"
        assert len(server.asked) == 2


def test_it_waits_as_long_as_it_is_asked_to() -> None:
    waited: list[float] = []
    with chatting(failing_first(Status(429, headers={"Retry-After": "7"}))) as server:
        Chat(server.url, MODEL, KEY, sleep=waited.append).complete("Shout.", "good morning")
    assert waited == [7.0]


def test_where_it_would_have_to_wait_for_long_it_says_so_at_once() -> None:
    with chatting(failing_first(Status(429, headers={"Retry-After": "3600"}))) as server:
        with pytest.raises(AddOnError, match="no more requests"):
            chat_with(server).complete("Shout.", "good morning")
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (Status(500, "out of memory"), 502, "failed with 500: out of memory"),
        (Status(429, "quota"), 502, "429: quota"),
        (
            Status(400, "the context is too long"),
            502,
            "refused the request with 400: the context is too long",
        ),
        (Rude("hang up"), 502, "cannot be reached"),
        (Rude("break off"), 502, "cannot be reached"),
        (Rude("a web page"), 502, "does not speak OpenAI's API"),
        (Rude("nothing"), 502, "does not speak OpenAI's API"),
        (Rude("flood"), 502, "without an end"),
        ("  \n", 502, "empty answer"),
    ],
)
def test_a_failure_says_what_happened(answer: Answer, status: int, said: str) -> None:
    error = refusal(lambda _: answer)
    assert error.status_code == status
    assert said in str(error)


@pytest.mark.parametrize("how", ["hang", "dribble"])
def test_an_answer_that_does_not_come_in_time_is_504(how: Rudeness) -> None:
    error = refusal(lambda _: Rude(how), timeout=0.3)
    assert error.status_code == 504
    assert "within 0.3 s" in str(error)


def test_an_endpoint_that_is_not_there_is_502() -> None:
    with pytest.raises(AddOnError, match="check its URL and that it is running") as raised:
        Chat(f"http://127.0.0.1:{free_port()}", MODEL, sleep=lambda _: None).complete("", "a")
    assert raised.value.status_code == 502


def test_a_wrong_key_is_said_but_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    error = refusal(loud, key="sk-wrong-key")
    assert "check its API key" in str(error)
    assert "sk-wrong-key" not in f"{error}{error.__cause__}{caplog.text}"


def test_an_endpoint_that_repeats_the_key_in_an_error_does_not_give_it_away() -> None:
    assert KEY not in str(refusal(lambda asked: Status(400, f"I got {asked.headers['authorization']}")))


def test_a_model_that_is_not_there_is_named() -> None:
    assert "check its URL and the model's name, 'other'" in str(refusal(loud, model="other"))


def test_an_answer_that_was_cut_off_is_no_answer() -> None:
    with chatting(lambda _: "one two three four") as server:
        chat = chat_with(server)
        assert chat.complete("Count.", "to four", max_tokens=4) == "one two three four"
        with pytest.raises(AddOnError, match="not complete after 3 tokens"):
            chat.complete("Count.", "to four", max_tokens=3)


def test_a_model_that_knows_fewer_parameters_is_asked_without_them_from_then_on() -> None:
    with chatting(loud, later=True) as server:
        chat = chat_with(server)
        assert chat.complete("Shout.", "good morning") == "GOOD MORNING!"
        asked = len(server.asked)
        assert chat.complete("Shout.", "good night") == "GOOD NIGHT!"
        assert len(server.asked) == asked + 1
        assert server.asked[-1].body["max_completion_tokens"] == 1024


# Some templates begin the thoughts in the prompt.
@pytest.mark.parametrize("begun", ["<think>\n", ""])
def test_what_a_model_thinks_first_is_not_its_answer(begun: str) -> None:
    with chatting(lambda _: f"{begun}Hm. A greeting?\n</think>\n\nOlá.") as server:
        assert chat_with(server).complete("Translate.", "Hello.") == "Olá."


def test_thoughts_without_an_end_are_no_answer() -> None:
    error = refusal(lambda _: "<think>\nHm. A greeting?")
    assert (error.status_code, str(error).partition(";")[0]) == (
        502,
        "the chat endpoint's model thought and did not answer",
    )


def test_it_serves_many_threads_at_once() -> None:
    with chatting(loud) as server, ThreadPoolExecutor(8) as pool:
        chat = chat_with(server)
        assert list(pool.map(lambda n: chat.complete("", f"n{n}"), range(64))) == [
            f"N{n}!" for n in range(64)
        ]
