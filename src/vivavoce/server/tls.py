"""HTTPS without a proxy: the certificate and its key, read before anything else is started."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import structlog

from vivavoce.environment import variable
from vivavoce.errors import ConfigurationError
from vivavoce.settings import Settings

_log = structlog.get_logger(__name__)


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """TLS 1.2 or later with the configured certificate; None where none is configured.

    Raises `ConfigurationError` for a file that cannot be read or is not what it should be.
    """
    cert, key = settings.tls_cert, settings.tls_key
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise ConfigurationError("VIVAVOCE_TLS_CERT and VIVAVOCE_TLS_KEY go together: set both, or none")
    for name, path in (("tls_cert", cert), ("tls_key", key)):
        _check_readable(variable(name), path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Python before 3.13 lets a thread of a client write to a connection while another one reads. A ticket is
    # what there is to read just when the first request is written, and of a hundred requests one was lost.
    context.num_tickets = 0
    try:
        context.load_cert_chain(cert, key, password=_encrypted(key))
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            problem = f"the key {key} is not that of the certificate {cert}"
        else:
            problem = f"{cert} and {key} are not a certificate and its key, both as PEM"
        raise ConfigurationError(f"{problem}: check VIVAVOCE_TLS_CERT and VIVAVOCE_TLS_KEY") from error
    if key.stat().st_mode & 0o007:
        _log.warning("tls_key_open_to_others", path=str(key), advice=f"chmod 600 {key}")
    return context


def _check_readable(name: str, path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise ConfigurationError(f"{name}: {path} cannot be read: {error.strerror}") from error


def _encrypted(key: Path) -> Callable[[], str]:
    """Asked for the key's password, where OpenSSL would ask the terminal."""

    def refuse() -> str:
        raise ConfigurationError(
            f"the key {key} is encrypted, and nobody is there to type its password: "
            f"decrypt it with `openssl pkey -in {key} -out KEY`"
        )

    return refuse
