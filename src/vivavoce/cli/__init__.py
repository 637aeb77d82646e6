"""The command line."""

from vivavoce.cli.commands import app, main

__all__ = ["app", "main"]
