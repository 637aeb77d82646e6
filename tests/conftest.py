"""What several tests share: a real server, a Node project with the official JavaScript SDK."""

from __future__ import annotations

import os
from collections.abc import Iterator

import hypothesis
import pytest
import structlog

from node import NodeProject
from speech import ROOT
from vivavoce.cli.local_server import local_server

# How long an example takes says something of the machine's other work, and nothing of the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A test may set up logging as the server does; the next one finds it as it was."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def live_server() -> Iterator[str]:
    """The URL of a server process with the default model, on loopback, without keys; one for the whole run.

    Its data is its own and temporary; the model is joined once, into the checkout's cache.
    """
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("VIVAVOCE_")]:
            environment.delenv(name)
        environment.setenv("VIVAVOCE_DATA_DIR", str(ROOT / ".cache"))
        with local_server() as url:
            yield url


@pytest.fixture(scope="session")
def node_project() -> NodeProject:
    """Where scripts find the official JavaScript SDK; skips where there is no suitable Node."""
    return NodeProject.installed()
