"""A receiver of callbacks on loopback, that may be slow, down or rude."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from standardwebhooks import Webhook

Answer = int | Literal["hang", "hang up", "flood", "redirect", "nonsense"]
PATIENCE = 60.0
LOOPBACK = ("127.0.0.0/8",)


@dataclass(frozen=True)
class Posted:
    """One attempt, as it came."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.body)
        return content

    @property
    def event(self) -> str:
        return str(self.content["event"])

    def verified(self, secret: str) -> dict[str, Any]:
        """The content. Raises if it was not signed with `secret`."""
        content: dict[str, Any] = Webhook(secret).verify(self.body, self.headers)
        return content


class Receiver:
    """`answers` decides what each attempt gets; `attempts` are all that came, `taken` those that got 200."""

    def __init__(self, url: str, answers: Callable[[Posted], Answer]) -> None:
        self.url = url
        self.answers = answers
        self.attempts: list[Posted] = []
        self.taken: list[Posted] = []
        self.released = threading.Event()
        """Ends what hangs."""
        self._news = threading.Condition()

    def judge(self, posted: Posted) -> Answer:
        with self._news:
            self.attempts.append(posted)
            answer = self.answers(posted)
            if answer in (200, "flood"):
                self.taken.append(posted)
            self._news.notify_all()
            return answer

    def until(self, enough: Callable[[Receiver], bool]) -> None:
        """Wait for it; call it in a thread where there is an event loop."""
        with self._news:
            if not self._news.wait_for(lambda: enough(self), PATIENCE):
                raise TimeoutError([posted.event for posted in self.taken])

    def until_event(self, event: str) -> None:
        self.until(lambda receiver: any(posted.event == event for posted in receiver.taken))

    @property
    def events(self) -> list[str]:
        """What was taken, in order."""
        return [posted.event for posted in self.taken]


@contextmanager
def receiving(
    answers: Callable[[Posted], Answer] = lambda _: 200, host: str = "127.0.0.1"
) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = receiver.judge(Posted(self.path, headers, body))
            try:
                self.give(answer)
            except OSError:
                self.close_connection = True

        def give(self, answer: Answer) -> None:
            match answer:
                case "hang":
                    receiver.released.wait(PATIENCE)
                    self.close_connection = True
                case "hang up":
                    self.close_connection = True
                case "nonsense":
                    self.wfile.write(b"\0\1\2 this is not HTTP\r\n\r\n")
                    self.close_connection = True
                case "flood":
                    self.send_response(200)
                    self.end_headers()
                    while not receiver.released.is_set():
                        self.wfile.write(bytes(1 << 20))
                case "redirect":
                    self.send_response(307)
                    self.send_header("Location", f"{receiver.url}elsewhere")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                case _:
                    self.send_response(answer)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        # All that wait here are to be taken.
        request_queue_size = 128

    with Server((host, 0), Handler) as server:
        receiver = Receiver(f"http://{host}:{server.server_address[1]}/", answers)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield receiver
        finally:
            receiver.released.set()
            server.shutdown()
            thread.join()
