"""Settings come from the environment, and a wrong one is named together with what it may be."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from vivavoce.environment import EnvironmentSettings, environment_of_own_server
from vivavoce.errors import ConfigurationError
from vivavoce.settings import ClientSettings, Settings


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for reference in (*Settings.reference(), *ClientSettings.reference()):
        monkeypatch.delenv(reference.variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)


def test_without_an_environment_the_defaults_hold(tmp_path: Path) -> None:
    settings = Settings.from_environment()
    assert (settings.host, settings.port, settings.models) == ("127.0.0.1", 8080, ("base",))
    assert settings.data_dir == tmp_path / ".local/share/vivavoce"
    assert settings.decoder_threads >= 1
    assert (settings.idle_timeout, settings.max_session_duration, settings.abandon_after) == (60, 10_800, 30)
    assert settings.max_frame_bytes == 32 * 1024 * 1024


def test_commands_are_told_a_data_directory_that_is_not_the_default_as_the_shell_takes_it() -> None:
    assert Settings().data_dir_option == ""
    assert Settings(data_dir=Path("my data")).data_dir_option == " --data-dir 'my data'"


@pytest.mark.parametrize(
    ("models", "partials", "served", "weights", "places"),
    [
        ("base", None, ("base",), ("base", "tiny.en"), {}),
        ("base,small=owner/model", "same", ("base", "small"), ("base", "small"), {"small": "owner/model"}),
        ("owner/model@v1", "same", ("model",), ("model",), {"model": "owner/model@v1"}),
        (
            "/srv/models/fast/",
            "x=./tiny",
            ("fast",),
            ("fast", "x"),
            {"fast": "/srv/models/fast/", "x": "./tiny"},
        ),
    ],
)
def test_models_are_named_by_themselves_or_by_their_place(
    models: str,
    partials: str | None,
    served: tuple[str, ...],
    weights: tuple[str, ...],
    places: dict[str, str],
) -> None:
    settings = Settings.from_environment({"models": models, "partials_model": partials})
    assert (settings.served, settings.weights, dict(settings.places)) == (served, weights, places)


@pytest.mark.parametrize("models", ["a b", "a=one,a=two", "=place", "..", "a/.."])
def test_models_without_a_name_of_their_own_are_refused(models: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_MODELS", models)
    with pytest.raises(ConfigurationError, match="VIVAVOCE_MODELS must be one or more of NAME"):
        Settings.from_environment()


@pytest.mark.parametrize("models", ["a=/one", "a"])
def test_a_model_for_partials_cannot_bear_the_name_of_another(
    models: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIVAVOCE_PARTIALS_MODEL", "a=/two")
    with pytest.raises(ConfigurationError, match="VIVAVOCE_PARTIALS_MODEL must be"):
        Settings.from_environment({"models": models})
    same = Settings.from_environment({"models": "a=/one", "partials_model": "a"})
    assert dict(same.places) == {"a": "/one"}


def test_each_kind_of_value_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PORT": "9000",
        "FSYNC": "true",
        "IDLE_TIMEOUT": "2.5",
        "MODELS": "base, tiny.en",
        "MODEL_DIRS": "one:two",
        "DATA_DIR": "somewhere",
        "TRUSTED_PROXIES": "10.0.0.0/8,::1",
        "PUBLIC_URL": "https://speech.example.org/live/",
        "LOG_FORMAT": "json",
    }.items():
        monkeypatch.setenv(f"VIVAVOCE_{name}", value)
    settings = Settings.from_environment()
    assert (settings.port, settings.fsync, settings.idle_timeout) == (9000, True, 2.5)
    assert (settings.models, settings.model_dirs) == (("base", "tiny.en"), (Path("one"), Path("two")))
    assert settings.data_dir == Path("somewhere")
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1/128"))
    assert settings.public_url == "https://speech.example.org/live"
    assert settings.log_format == "json"


def test_an_option_wins_over_the_environment_unless_it_was_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_PORT", "9000")
    monkeypatch.setenv("VIVAVOCE_HOST", "::1")
    settings = Settings.from_environment({"port": 9001, "host": None})
    assert (settings.port, settings.host) == (9001, "::1")


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_PORT", "")
    assert Settings.from_environment().port == 8080


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("PORT", "http", "VIVAVOCE_PORT must be a whole number from 0 to 65535, not 'http'"),
        ("PORT", "65536", "VIVAVOCE_PORT must be a whole number from 0 to 65535, not '65536'"),
        ("FSYNC", "maybe", "VIVAVOCE_FSYNC must be true or false, not 'maybe'"),
        ("IDLE_TIMEOUT", "0", "VIVAVOCE_IDLE_TIMEOUT must be a number above 0, not '0'"),
        ("IDLE_TIMEOUT", "inf", "VIVAVOCE_IDLE_TIMEOUT must be a number above 0, not 'inf'"),
        ("CAPACITY", "0", "VIVAVOCE_CAPACITY must be a whole number from 1, not '0'"),
        ("MAX_BODY_BYTES", "1", "VIVAVOCE_MAX_BODY_BYTES must be a whole number from 1024, not '1'"),
        ("LOG_LEVEL", "loud", "VIVAVOCE_LOG_LEVEL must be debug or info or warning or error, not 'loud'"),
        (
            "MODELS",
            ",",
            "VIVAVOCE_MODELS must be one or more of NAME, NAME=PLACE or PLACE, separated by commas, not ','",
        ),
        ("TRUSTED_PROXIES", "nginx", "VIVAVOCE_TRUSTED_PROXIES must be addresses or networks"),
        ("PUBLIC_URL", "speech.example.org", "VIVAVOCE_PUBLIC_URL must be a URL such as https://"),
        ("PUBLIC_URL", "https://[", "VIVAVOCE_PUBLIC_URL must be a URL such as https://"),
    ],
)
def test_a_wrong_value_is_named_with_what_it_may_be(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(f"VIVAVOCE_{name}", value)
    with pytest.raises(ConfigurationError) as raised:
        Settings.from_environment()
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


CHAT = "http://127.0.0.1:8098/v1"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"CHAT_URL": CHAT}, "set VIVAVOCE_CHAT_MODEL: VIVAVOCE_CHAT_URL takes"),
        ({"CHAT_MODEL": "toy"}, "set VIVAVOCE_CHAT_URL: VIVAVOCE_CHAT_MODEL is"),
        ({"CHAT_MODEL": "toy", "CHAT_TRANSLATES": "true"}, "set VIVAVOCE_CHAT_URL: VIVAVOCE_CHAT_MODEL is"),
        (
            {"CHAT_TRANSLATES": "true"},
            "set VIVAVOCE_CHAT_URL and VIVAVOCE_CHAT_MODEL: VIVAVOCE_CHAT_TRANSLATES=true takes",
        ),
        ({"CHAT_URL": CHAT, "CHAT_TRANSLATES": "true"}, "set VIVAVOCE_CHAT_MODEL: VIVAVOCE_CHAT_URL takes"),
    ],
)
def test_a_setting_that_takes_another_one_says_which(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], message: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"VIVAVOCE_{name}", value)
    with pytest.raises(ConfigurationError) as raised:
        Settings.from_environment()
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_a_setting_that_takes_another_one_does_not_hide_what_else_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VIVAVOCE_CHAT_URL", CHAT)
    monkeypatch.setenv("VIVAVOCE_PORT", "http")
    with pytest.raises(ConfigurationError) as raised:
        Settings.from_environment()
    said = [line.split()[1 if line.startswith("set") else 0] for line in str(raised.value).splitlines()]
    assert said == ["VIVAVOCE_CHAT_MODEL:", "VIVAVOCE_PORT"]


def test_nothing_far_away_is_suggested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_LANG", "en")
    with pytest.raises(ConfigurationError, match=r"^VIVAVOCE_LANG is not a setting$"):
        Settings.from_environment()


def test_everything_that_is_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_PORT", "http")
    monkeypatch.setenv("VIVAVOCE_FSYNC", "maybe")
    monkeypatch.setenv("VIVAVOCE_DATADIR", "somewhere")
    with pytest.raises(ConfigurationError) as raised:
        Settings.from_environment()
    assert "VIVAVOCE_DATADIR is not a setting; did you mean VIVAVOCE_DATA_DIR?" in str(raised.value)
    assert str(raised.value).count("VIVAVOCE_") == 4


@pytest.mark.parametrize("kind", [Settings, ClientSettings])
def test_the_variables_of_server_and_client_do_not_disturb_each_other(
    monkeypatch: pytest.MonkeyPatch, kind: type[EnvironmentSettings]
) -> None:
    monkeypatch.setenv("VIVAVOCE_PORT", "9000")
    monkeypatch.setenv("VIVAVOCE_API_KEY", "vv_secret")
    assert "vv_secret" not in repr(kind.from_environment())


def test_a_server_of_a_commands_own_is_not_reached_as_the_machines_server_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VIVAVOCE_PUBLIC_URL", "https://speech.example.org")
    monkeypatch.setenv("VIVAVOCE_TLS_CERT", "cert.pem")
    monkeypatch.setenv("VIVAVOCE_MODELS", "base")
    environment = environment_of_own_server()
    assert {name for name in environment if name.startswith("VIVAVOCE_")} == {"VIVAVOCE_MODELS"}
    assert environment["PATH"]


def test_the_reference_describes_every_setting() -> None:
    references = (*Settings.reference(), *ClientSettings.reference())
    assert all(reference.allowed and reference.description for reference in references)
    by_variable = {reference.variable: reference for reference in references}
    assert by_variable["VIVAVOCE_PORT"].default == "8080"
    assert by_variable["VIVAVOCE_FSYNC"].default == "false"
    assert (
        by_variable["VIVAVOCE_DECODER_THREADS"].default == "the cores it may use, a container's quota counted"
    )
