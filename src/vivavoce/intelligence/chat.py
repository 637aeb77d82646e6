"""A client for OpenAI's chat completions, which llama.cpp, vLLM, Ollama and others serve too."""

from __future__ import annotations

import json
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import certifi
import httpx

from vivavoce.errors import ConfigurationError
from vivavoce.intelligence.base import AddOnError

_TIME_TO_CONNECT: Final = 10.0
_LARGEST_ANSWER: Final = 1 << 20
"""Bytes of JSON."""
_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 20.0
_LONGEST_REASON: Final = 200
_TOO_MANY: Final = 429
_RENAMED: Final = {"max_tokens": "max_completion_tokens"}
"""Parameters that later models know by another name; what is not here is left away."""
# Some templates begin them in the prompt, so that only their end is in the answer.
_THOUGHTS: Final = re.compile(r"\A.*?</think>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    retry_after: str
    body: bytes

    @property
    def again(self) -> float | None:
        """Seconds after which it is worth another attempt, if it is."""
        if self.status != _TOO_MANY and self.status < 500:
            return None
        asked = self.retry_after.strip()
        pause = float(asked[:9]) if asked.isascii() and asked.isdigit() else _PAUSE
        return pause if pause <= _LONGEST_PAUSE else None

    def value(self) -> object:
        """What it says, None if that is no JSON; its texts can be written as UTF-8."""
        try:
            # An escape may be half of a character, as where a model was cut off.
            value = json.dumps(json.loads(self.body), ensure_ascii=False)
            return json.loads(value.encode(errors="replace"))
        except (ValueError, RecursionError):
            return None


class Chat:
    """One model behind one endpoint, for all threads.

    `base_url` as the official clients take it: "https://api.openai.com/v1"; a URL without a path gets "/v1".
    `timeout`: seconds for a call, its second attempt included. Raises `ConfigurationError`.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key: str | None = None,
        timeout: float = 60.0,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.model = model
        self._url = _completions(base_url)
        self._key = api_key or ""
        if not (self._key.isascii() and self._key.isprintable()) or self._key != self._key.strip():
            raise ConfigurationError("the chat endpoint's API key has characters that no key has")
        self._timeout = timeout
        self._sleep = sleep
        self._refused: frozenset[str] = frozenset()
        headers = {"Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        # A proxy of the environment is not for what the operator has set up here.
        self._http = httpx.Client(headers=headers, trust_env=False, verify=_tls())

    def close(self) -> None:
        self._http.close()

    def complete(self, system: str, user: str, *, max_tokens: int = 1024, temperature: float = 0.0) -> str:
        """What the model answers, without the spaces around it; never empty, never cut off.

        Raises `AddOnError`: 504 where the answer took too long, 502 for all else that went wrong there.
        """
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        body: dict[str, Any] = {"model": self.model, "messages": messages, "stream": False}
        optional = {"max_tokens": max_tokens, "temperature": temperature}
        deadline = time.monotonic() + self._timeout
        refused = self._refused
        answer = self._ask(body | _named(optional, refused), deadline)
        while answer.status == 400 and (name := _refused_parameter(answer)) in optional.keys() - refused:
            refused |= {name}
            answer = self._ask(body | _named(optional, refused), deadline)
        self._refused |= refused
        if not 200 <= answer.status < 300:
            said, unsaid = (
                self._refusal(answer.status, self._said(answer.value())),
                self._refusal(answer.status),
            )
            raise AddOnError(f"the chat endpoint {said}", 502, logged=f"the chat endpoint {unsaid}")
        return _text_of(answer.value(), max_tokens)

    def models(self, within: float) -> tuple[str, ...] | None:
        """The names of the models that it says it has; None where it does not say.

        Raises `AddOnError`: 504 if it does not answer within so many seconds, 502 if it cannot be reached or
        takes no such key.
        """
        try:
            answer = self._http.get(self._url.copy_with(path=_models_path(self._url)), timeout=within)
        except httpx.TimeoutException as error:
            raise AddOnError(f"the chat endpoint did not answer within {within:g} s", 504) from error
        except httpx.HTTPError as error:
            raise _unreachable(error) from error
        if answer.status_code in (401, 403):
            raise AddOnError(
                f"the chat endpoint refuses with {answer.status_code}; check its API key", answer.status_code
            )
        match _Answer(answer.status_code, "", answer.content).value():
            case {"data": [*listed]} if answer.is_success:
                return tuple(str(each["id"]) for each in listed if isinstance(each, dict) and "id" in each)
        return None

    def _ask(self, body: dict[str, Any], deadline: float) -> _Answer:
        """The answer to the second attempt, where there is one."""
        content = json.dumps(body).encode()
        answer: _Answer | None
        pause: float | None
        try:
            answer = self._post(content, deadline)
            pause = answer.again
        except (httpx.NetworkError, httpx.ProtocolError):
            answer, pause = None, _PAUSE
        if answer is not None and (pause is None or time.monotonic() + pause >= deadline):
            return answer
        self._sleep(pause or 0.0)
        try:
            return self._post(content, deadline)
        except (httpx.NetworkError, httpx.ProtocolError) as error:
            raise _unreachable(error) from error

    def _post(self, content: bytes, deadline: float) -> _Answer:
        left = max(deadline - time.monotonic(), 0.001)
        timeout = httpx.Timeout(left, connect=min(left, _TIME_TO_CONNECT))
        headers = {"Content-Type": "application/json"}
        body = bytearray()
        try:
            with self._http.stream(
                "POST", self._url, content=content, headers=headers, timeout=timeout
            ) as response:
                for chunk in response.iter_raw():
                    body += chunk
                    if len(body) > _LARGEST_ANSWER:
                        raise AddOnError("the chat endpoint answers without an end; check its URL", 502)
                    if time.monotonic() > deadline:
                        raise self._too_slow()
        except httpx.TimeoutException as error:
            raise self._too_slow() from error
        return _Answer(response.status_code, response.headers.get("Retry-After", ""), bytes(body))

    def _too_slow(self) -> AddOnError:
        return AddOnError(
            f"the chat endpoint did not answer within {self._timeout:g} s; allow it more time or give it a "
            "smaller model",
            504,
        )

    def _refusal(self, status: int, said: str = "") -> str:
        """What the status means, and what to do, in words that follow its name."""
        match status:
            case 401 | 403:
                # What it says here may be the key.
                return f"refuses with {status}; check its API key"
            case 404:
                return f"answered 404{said}; check its URL and the model's name, {self.model!r}"
            case 429:
                return f"takes no more requests for now (429{said}); try later, or raise its limits"
            case _ if status >= 500:
                return f"failed with {status}{said}; see its log"
        return f"refused the request with {status}{said}"

    def _said(self, value: object) -> str:
        match value:
            case {"error": {"message": str(message)}} | {"error": str(message)} | {"message": str(message)}:
                if self._key:
                    message = message.replace(self._key, "***")
                return f": {' '.join(message[:_LONGEST_REASON].split())}"
        return ""


def _unreachable(error: httpx.HTTPError) -> AddOnError:
    reason = str(error) or type(error).__name__
    return AddOnError(
        f"the chat endpoint cannot be reached ({reason}); check its URL and that it is running", 502
    )


def _models_path(completions: httpx.URL) -> str:
    return completions.path.removesuffix("/chat/completions") + "/models"


def _completions(base_url: str) -> httpx.URL:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query or url.fragment:
        raise ConfigurationError(
            "the chat endpoint's URL must be like https://api.openai.com/v1, without a key, a user or a query"
        )
    path = url.path.rstrip("/").removesuffix("/chat/completions") or "/v1"
    return url.copy_with(path=f"{path}/chat/completions")


def _named(optional: dict[str, Any], refused: frozenset[str]) -> dict[str, Any]:
    """The parameters by names that were not refused."""
    kept = {name: value for name, value in optional.items() if name not in refused}
    return kept | {_RENAMED[name]: optional[name] for name in refused if name in _RENAMED}


def _refused_parameter(answer: _Answer) -> str:
    match answer.value():
        case {"error": {"param": str(name)}}:
            return name
    return ""


def _text_of(value: object, max_tokens: int) -> str:
    match value:
        case {"choices": [{"finish_reason": "length"}, *_]}:
            raise AddOnError(f"the chat endpoint's answer was not complete after {max_tokens} tokens", 502)
        case {"choices": [{"message": {"content": str(content)}}, *_]}:
            text = _THOUGHTS.sub("", content).strip()
            if text.startswith("<think>"):
                raise AddOnError("the chat endpoint's model thought and did not answer; try another one", 502)
            if text:
                return text
            raise AddOnError("the chat endpoint gave an empty answer; try another model", 502)
    raise AddOnError("the chat endpoint does not speak OpenAI's API; check its URL", 502)


def _tls() -> ssl.SSLContext:
    """Trusts whom the system trusts; not every system comes with authorities."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
