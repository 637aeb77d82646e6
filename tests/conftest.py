"""What several tests share: a real server, a Node project with the official JavaScript SDK."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_server import local_server
from node import NodeProject


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server with the default model, on loopback, without keys; one for the whole run."""
    with local_server(tmp_path_factory.mktemp("server")) as url:
        yield url


@pytest.fixture(scope="session")
def node_project() -> NodeProject:
    """Where scripts find the official JavaScript SDK; skips where there is no suitable Node."""
    return NodeProject.installed()
