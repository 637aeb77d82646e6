"""The settings of the server and of the client commands."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import (
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
)

from vivavoce.cores import usable_cores
from vivavoce.environment import EnvironmentSettings, data_home, lacking, variable

SAME_MODEL: Final = "same"
_ORIGIN: Final = r"^(\*|https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]+)?)$"  # as browsers write them
_MODEL_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def _listed(separator: str) -> BeforeValidator:
    def split(value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(separator) if part.strip())

    return BeforeValidator(split)


def _network(value: object) -> object:
    return ip_network(value, strict=False) if isinstance(value, str) else value


Paths = Annotated[tuple[Path, ...], _listed(os.pathsep)]
Listed = Annotated[tuple[str, ...], _listed(",")]
Names = Annotated[Listed, Field(min_length=1)]
Networks = Annotated[
    tuple[Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)], ...], _listed(",")
]
Origins = Annotated[tuple[Annotated[str, Field(pattern=_ORIGIN)], ...], _listed(",")]


class Settings(EnvironmentSettings):
    """Everything about a server that can be set."""

    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on. Other than loopback, it takes an API key first.",
        json_schema_extra={"allowed": "an address or a host name"},
    )
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    public_url: str | None = Field(
        default=None,
        description="The server's URL as its clients see it, where that is not how requests arrive.",
        json_schema_extra={"allowed": "a URL such as https://speech.example.org"},
    )
    trusted_proxies: Networks = Field(
        default=(),
        description="Proxies whose X-Forwarded-Proto, -Host and -For are believed.",
        json_schema_extra={"allowed": "addresses or networks such as 10.0.0.0/8, separated by commas"},
    )
    allowed_origins: Origins = Field(
        default=(),
        description="Web pages that may make REST calls from a browser. A session's socket is open to all.",
        json_schema_extra={
            "allowed": "origins such as https://app.example.org, separated by commas; * for all"
        },
    )
    tls_cert: Path | None = Field(
        default=None,
        description="Certificate, with what leads to its root, for HTTPS; together with VIVAVOCE_TLS_KEY.",
        json_schema_extra={"allowed": "a PEM file"},
    )
    tls_key: Path | None = Field(
        default=None,
        description="The certificate's private key, not encrypted.",
        json_schema_extra={"allowed": "a PEM file"},
    )
    data_dir: Path = Field(
        default_factory=data_home,
        description="Where recordings, transcripts, keys and joined model weights are kept.",
        json_schema_extra={
            "allowed": "a directory",
            "default": "~/.local/share/vivavoce, or vivavoce in $XDG_DATA_HOME",
        },
    )
    fsync: bool = Field(
        default=False,
        description="Wait for the disk before acknowledging, in case of a loss of power. See durability.md.",
    )
    models: Names = Field(
        default=("base",),
        description="Models to load; the first is the default, known as solaria-1. See models.md.",
        json_schema_extra={"allowed": "one or more of NAME, NAME=PLACE or PLACE, separated by commas"},
    )
    partials_model: str = Field(
        default="tiny.en",
        min_length=1,
        description="A quicker model for partials, where it knows the language; `same`: none.",
        json_schema_extra={"allowed": "NAME, NAME=PLACE, PLACE or same"},
    )
    model_dirs: Paths = Field(
        default=(),
        description="Where to look for model weights first.",
        json_schema_extra={"allowed": f"directories, separated by {os.pathsep!r}"},
    )
    decoder_threads: int = Field(
        default_factory=usable_cores,
        ge=1,
        le=256,
        description="Threads that decode, one core each.",
        json_schema_extra={"default": "the cores it may use, a container's quota counted"},
    )
    capacity: int | None = Field(
        default=None,
        ge=1,
        description="Sessions at once, those of all keys together; more are refused with 429.",
        json_schema_extra={"default": "measured at the start"},
    )
    max_session_duration: float = Field(
        gt=0,
        allow_inf_nan=False,
        default=3 * 3600.0,
        description="Seconds of audio after which a session is finished as if stopped.",
    )
    idle_timeout: float = Field(
        gt=0,
        allow_inf_nan=False,
        default=60.0,
        description="Seconds without a frame after which a session is finished as if stopped.",
    )
    abandon_after: float = Field(
        gt=0,
        allow_inf_nan=False,
        default=30.0,
        description="Seconds without a connection after which a session stops counting as concurrent.",
    )
    max_connections: int = Field(
        default=1000,
        ge=10,
        description="Connections at once, of all kinds; see limits.md for who makes room for a newcomer.",
    )
    client_timeout: float = Field(
        gt=0,
        allow_inf_nan=False,
        default=20.0,
        description="Seconds that a request may stay unfinished, or a client hardly take what it is sent.",
    )
    max_frame_bytes: int = Field(
        default=32 * 1024 * 1024, ge=64 * 1024, description="The largest WebSocket frame that is accepted."
    )
    max_body_bytes: int = Field(
        default=1024 * 1024, ge=1024, description="The largest body of a REST call that is accepted."
    )
    callback_allow: Networks = Field(
        default=(),
        description="Networks that callbacks and webhooks may go to although they are not public.",
        json_schema_extra={"allowed": "addresses or networks such as 10.0.0.0/8, separated by commas"},
    )
    callback_timeout: float = Field(
        gt=0,
        allow_inf_nan=False,
        default=15.0,
        description="Seconds that the receiver of a callback has to answer.",
    )
    callback_backoff: float = Field(
        gt=0,
        le=3600,
        allow_inf_nan=False,
        default=1.0,
        description="Seconds until a callback that failed is tried again; doubled each time, up to an hour.",
        json_schema_extra={"allowed": "a number above 0, to 3600"},
    )
    callback_persistence: float = Field(
        gt=0,
        allow_inf_nan=False,
        default=24 * 3600.0,
        description="Seconds for which a receiver may fail before what is due to it is given up.",
    )
    entities: Literal["embedded", "off"] = Field(
        default="embedded",
        description="What finds named entities, and what is redacted. See intelligence.md.",
    )
    entity_models: Listed = Field(
        default=(),
        description="spaCy models for entities in further languages, or other ones.",
        json_schema_extra={"allowed": "LANGUAGE=DIRECTORY, separated by commas"},
    )
    sentiment: Literal["embedded", "off"] = Field(
        default="embedded", description="What tells sentiment and emotion."
    )
    translation: Literal["embedded", "off"] = Field(
        default="embedded", description="Whether the models that come with the server translate."
    )
    translation_models: Listed = Field(
        default=(),
        description="Translation models in CTranslate2's format, which go before those of the server.",
        json_schema_extra={"allowed": "PAIR=DIRECTORY, such as en-fr=DIRECTORY, separated by commas"},
    )
    whisper_translates: bool = Field(
        default=False,
        description="Whether the default model writes English for what it hears, where nothing else does.",
    )
    translates_through_english: bool = Field(
        default=False,
        description="Whether a pair that nothing serves goes through English where both ways are served.",
    )
    summaries: Literal["extractive", "chat", "off"] = Field(
        default="extractive",
        description="What writes summaries and chapters: the speakers' own words, or the chat endpoint.",
    )
    chat_url: str | None = Field(
        default=None,
        description="An OpenAI-compatible endpoint, for `enhanced` translations and for summaries.",
        json_schema_extra={"allowed": "a URL such as http://127.0.0.1:11434/v1"},
    )
    chat_model: str | None = Field(
        default=None,
        min_length=1,
        description="The model to ask for there.",
        json_schema_extra={"allowed": "a name that the endpoint knows"},
    )
    chat_key: str | None = Field(
        default=None,
        repr=False,
        description="The API key of the endpoint, if it wants one.",
        json_schema_extra={"allowed": "a key"},
    )
    chat_timeout: float = Field(
        gt=0,
        allow_inf_nan=False,
        default=60.0,
        description="Seconds that an answer of the endpoint may take.",
    )
    chat_translates: bool = Field(
        default=False,
        description="Whether it translates for model `base`, too, where nothing else knows the pair.",
    )
    preload_add_ons: bool = Field(
        default=False,
        description="Load what works on the words at the start, not when it is first asked for.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severe message that is logged."
    )
    log_format: Literal["console", "json"] = Field(default="console", description="How logs are written.")

    @property
    def served(self) -> tuple[str, ...]:
        """The names of the models that sessions may ask for."""
        return tuple(dict.fromkeys(name for name, _ in map(_named, self.models)))

    @property
    def partials_name(self) -> str:
        """The name of the model for partials, or `SAME_MODEL`."""
        return _named(self.partials_model)[0]

    @property
    def weights(self) -> tuple[str, ...]:
        """The names of all models that are loaded."""
        quick = () if self.partials_name == SAME_MODEL else (self.partials_name,)
        return tuple(dict.fromkeys((*self.served, *quick)))

    @property
    def places(self) -> Mapping[str, str]:
        """Where models are that were given with their place: a directory or a name on the hub, by name."""
        return {name: place for name, place in map(_named, (*self.models, self.partials_model)) if place}

    @property
    def data_dir_option(self) -> str:
        """How to name the data directory to a command, quoted for the shell: nothing if it is the default."""
        return "" if self.data_dir == data_home() else f" --data-dir {shlex.quote(str(self.data_dir))}"

    @field_validator("models", "partials_model")
    @classmethod
    def _models_have_names(cls, given: tuple[str, ...] | str) -> tuple[str, ...] | str:
        places: dict[str, str | None] = {}
        for name, place in map(_named, (given,) if isinstance(given, str) else given):
            if not _MODEL_NAME.fullmatch(name) or places.setdefault(name, place) != place:
                raise ValueError("not a name, or one name for two models")
        return given

    @field_validator("partials_model")
    @classmethod
    def _partials_model_has_one_place(cls, given: str, info: ValidationInfo) -> str:
        name, place = _named(given)
        known = dict(map(_named, info.data.get("models", ())))
        if place and known.get(name, place) != place:
            raise ValueError("one name for two models")
        return given

    @field_validator("chat_model")
    @classmethod
    def _chat_has_both(cls, model: str | None, info: ValidationInfo) -> str | None:
        url, name = variable("chat_url"), variable("chat_model")
        if model and not info.data.get("chat_url"):
            raise lacking(f"set {url}: {name} is the name of a model there")
        if info.data.get("chat_url") and not model:
            raise lacking(f"set {name}: {url} takes the name of a model there")
        return model

    @field_validator("chat_translates")
    @classmethod
    def _chat_translates_by_an_endpoint(cls, translates: bool, info: ValidationInfo) -> bool:
        # Where there is a model alone, that has been said.
        if translates and not info.data.get("chat_url") and "chat_model" in info.data:
            needed = f"{variable('chat_url')} and {variable('chat_model')}"
            raise lacking(f"set {needed}: {variable('chat_translates')}=true takes an endpoint")
        return translates

    @field_validator("public_url")
    @classmethod
    def _public_url_is_one(cls, url: str | None) -> str | None:
        return url and _web_address(url)


class ClientSettings(EnvironmentSettings):
    """What the client commands need to find a server."""

    url: str = Field(
        default="http://127.0.0.1:8080",
        description="The server that client commands talk to.",
        json_schema_extra={"allowed": "a URL such as http://127.0.0.1:8080"},
    )
    api_key: str | None = Field(
        default=None,
        repr=False,
        description="The API key that client commands send.",
        json_schema_extra={"allowed": "a key from `vivavoce keys create`"},
    )

    @field_validator("url")
    @classmethod
    def _url_is_one(cls, url: str) -> str:
        return _web_address(url)


def _web_address(url: str) -> str:
    """The URL of a server, without a slash at its end."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("not a web address")
    return url.rstrip("/")


def _named(model: str) -> tuple[str, str | None]:
    """A model's name and, if given, where it is. Without a name, it is called as its place ends."""
    name, equals, place = model.partition("=")
    if equals:
        return name.strip(), place.strip()
    last = model.rstrip("/").rpartition("/")[2].partition("@")[0]
    return (last, model) if "/" in model else (model, None)
