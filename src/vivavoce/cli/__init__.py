"""The command line."""

from __future__ import annotations

import signal


def main() -> None:
    """The program `vivavoce`."""
    # Ctrl-C while the commands are being read from disk ends it without a traceback.
    heeded = signal.getsignal(signal.SIGINT)
    if heeded is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from vivavoce.cli.commands import app

    signal.signal(signal.SIGINT, heeded)
    app()
