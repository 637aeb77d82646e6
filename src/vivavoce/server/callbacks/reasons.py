"""Why an attempt got no answer, in words for who runs the receiver."""

from __future__ import annotations

import ssl

from vivavoce.errors import causes
from vivavoce.server.callbacks.network import NoAddress
from vivavoce.server.callbacks.urls import host_of


def reason(error: Exception, url: str) -> str:
    """What `error`, one of httpcore's, says of the receiver at `url`."""
    if isinstance(error, NoAddress):
        return str(error)
    for cause in causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                return f"its certificate is not trusted: {cause.verify_message}"
            case ssl.SSLError(reason="WRONG_VERSION_NUMBER"):
                return "it does not speak HTTPS: is it http://?"
            case ssl.SSLError():
                return f"TLS failed: {cause.reason or cause}"
            case ConnectionRefusedError():
                return f"nothing listens at {host_of(url)}"
    return f"{type(error).__name__}: {error}"
