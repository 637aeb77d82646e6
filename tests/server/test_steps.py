"""Where add-ons run: what computes here has one thread, what asks an endpoint waits on its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from intelligence.chat_server import MODEL
from vivavoce.protocol.requests import LiveRequest
from vivavoce.server.backends import backends_of
from vivavoce.server.intelligence import Where
from vivavoce.server.steps import live_steps
from vivavoce.settings import Settings


@pytest.mark.parametrize(
    ("model", "by_chat", "where"),
    [("base", False, "live"), ("base", True, "remote"), ("enhanced", False, "remote")],
)
def test_a_translation_is_computed_here_unless_it_may_be_asked_of_the_endpoint(
    tmp_path: Path, model: str, by_chat: bool, where: Where
) -> None:
    settings = Settings(
        data_dir=tmp_path, chat_url="http://127.0.0.1:1/v1", chat_model=MODEL, chat_translates=by_chat
    )
    config = {"model": model, "target_languages": ["fr", "pt"]}
    request = LiveRequest.model_validate(
        {"realtime_processing": {"translation": True, "translation_config": config}}
    )
    steps = list(live_steps(request, backends_of(settings), lambda _: pytest.fail("nothing is heard yet")))
    assert [step.where for step in steps] == [where, where]
