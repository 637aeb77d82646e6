"""A chat endpoint on loopback that holds requests to OpenAI's API, and may be slow, full or rude."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

PATIENCE = 60.0
KEY = "sk-test-0123456789"
MODEL = "small-instruct"


@dataclass(frozen=True)
class Asked:
    """One request, as it came."""

    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def system(self) -> str:
        return self._said("system")

    @property
    def user(self) -> str:
        return self._said("user")

    def _said(self, role: str) -> str:
        return next(str(each["content"]) for each in self.body["messages"] if each["role"] == role)


@dataclass(frozen=True)
class Status:
    """An answer that is an error."""

    code: int
    message: str = "no"
    param: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


Rudeness = Literal["hang", "hang up", "break off", "dribble", "flood", "a web page", "nothing"]


@dataclass(frozen=True)
class Rude:
    """What is no answer of the API."""

    how: Rudeness


Answer = str | Status | Rude


class ChatServer:
    """`answers` decides what each request gets: a text is what the model says. `asked` are all that came.

    `models` are those that it lists, if it does. A word is a token: a text of more than `max_tokens` words
    is cut off, as the API says it is.
    """

    def __init__(
        self, url: str, answers: Callable[[Asked], Answer], later: bool, models: Sequence[str] | None
    ) -> None:
        self.url = url
        self.models = models
        self.answers = answers
        self.later = later
        self.asked: list[Asked] = []
        self.released = threading.Event()
        """Ends what hangs."""
        self._lock = threading.Lock()

    def judge(self, path: str, asked: Asked) -> Answer:
        with self._lock:
            self.asked.append(asked)
        if path != "/v1/chat/completions":
            return Status(404, f"no route {path}")
        if (given := asked.headers.get("authorization")) != f"Bearer {KEY}":
            return Status(401, f"Incorrect API key provided: {given}")
        return self._problem(asked.body) or self.answers(asked)

    def _problem(self, body: dict[str, Any]) -> Status | None:
        limit = "max_completion_tokens" if self.later else "max_tokens"
        known = {"model", "messages", "stream", limit} | ({"temperature"} if not self.later else set())
        if unknown := sorted(body.keys() - known):
            return Status(400, f"Unsupported parameter: '{unknown[0]}'", param=unknown[0])
        if body.get("model") != MODEL:
            return Status(404, f"The model '{body.get('model')}' does not exist")
        roles = [(each["role"], type(each["content"])) for each in body["messages"]]
        if roles != [("system", str), ("user", str)] or body.get("stream"):
            return Status(400, "not what is asked here", param="messages")
        return None

    def completion(self, asked: Asked, text: str) -> dict[str, Any]:
        limit = asked.body.get("max_tokens") or asked.body.get("max_completion_tokens") or 10**6
        words = text.split(" ")
        message = {"role": "assistant", "content": " ".join(words[:limit])}
        reason = "length" if len(words) > limit else "stop"
        usage = {"prompt_tokens": 1, "completion_tokens": min(len(words), limit), "total_tokens": 1}
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 0,
            "model": MODEL,
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": reason}],
            "usage": usage,
        }


@contextmanager
def chatting(
    answers: Callable[[Asked], Answer], later: bool = False, models: Sequence[str] | None = None
) -> Iterator[ChatServer]:
    """`later`: as models that know neither `max_tokens` nor `temperature`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            allowed = self.headers["authorization"] == f"Bearer {KEY}"
            known = self.path == "/v1/models" and chat.models is not None
            data = [{"id": name, "object": "model"} for name in chat.models or ()]
            status = 401 if not allowed else 200 if known else 404
            self.say(
                status, json.dumps({"object": "list", "data": data}).encode() if status == 200 else b"{}"
            )

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(headers, body)
            answer = chat.judge(self.path, asked)
            try:
                self.give(asked, answer)
            except OSError:
                self.close_connection = True

        def give(self, asked: Asked, answer: Answer) -> None:
            match answer:
                case str(text):
                    self.say(200, json.dumps(chat.completion(asked, text)).encode())
                case Status(code, message, param, headers):
                    error = {"message": message, "type": "error", "param": param, "code": None}
                    self.say(code, json.dumps({"error": error}).encode(), headers)
                case Rude(how):
                    self.close_connection = True
                    self.be_rude(how)

        def be_rude(self, how: Rudeness) -> None:
            match how:
                case "hang":
                    chat.released.wait(PATIENCE)
                case "break off":
                    self.say(200, b'{"choices":[{"message":{"content":"half', {}, length=1000)
                case "dribble":
                    self.say(200, b"", {}, length=10**6)
                    while not chat.released.wait(0.02):
                        self.wfile.write(b" ")
                case "flood":
                    self.say(200, b"", {}, length=10**12)
                    while not chat.released.is_set():
                        self.wfile.write(bytes(1 << 18))
                case "a web page":
                    self.say(200, b"<html>Welcome to nginx!</html>")
                case "nothing":
                    self.say(200, b'{"choices":[]}')

        def say(
            self, status: int, body: bytes, headers: dict[str, str] | None = None, length: int | None = None
        ) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

    with Server(("127.0.0.1", 0), Handler) as server:
        chat = ChatServer(f"http://127.0.0.1:{server.server_address[1]}/v1", answers, later, models)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield chat
        finally:
            chat.released.set()
            server.shutdown()
            thread.join()
