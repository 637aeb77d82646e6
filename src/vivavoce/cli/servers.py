"""The server that a command talks to."""

from __future__ import annotations

import ssl

from vivavoce.environment import authorities_file
from vivavoce.errors import ConfigurationError
from vivavoce.settings import ClientSettings


def client_settings(url: str | None, key: str | None) -> ClientSettings:
    """Where the server is and with what key, by a command's options or the environment.

    Raises ConfigurationError, also where OpenSSL would pass over those whom it is to trust without a word.
    """
    settings = ClientSettings.from_environment({"url": url, "api_key": key})
    if settings.url.startswith("https:") and (path := authorities_file()):
        _check_authorities(path)
    return settings


def _check_authorities(path: str) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError as error:
        raise ConfigurationError(f"SSL_CERT_FILE: {path} holds no certificate as PEM") from error
    except OSError as error:
        raise ConfigurationError(f"SSL_CERT_FILE: {path} cannot be read: {error.strerror}") from error
