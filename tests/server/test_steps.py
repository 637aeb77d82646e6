"""Where add-ons run: what computes here has one thread, what asks an endpoint waits on its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from intelligence.chat_server import MODEL
from intelligence.finders import said
from vivavoce.protocol.requests import LiveRequest
from vivavoce.server.backends import backends_of
from vivavoce.server.intelligence import Where
from vivavoce.server.steps import live_steps
from vivavoce.settings import Settings


@pytest.mark.parametrize(
    ("model", "by_chat", "to_french", "to_portuguese"),
    [
        ("base", False, "live", "live"),
        # What this server does itself has one thread, whatever else the endpoint serves.
        ("base", True, "remote", "live"),
        ("enhanced", False, "remote", "remote"),
    ],
)
def test_a_translation_is_computed_here_unless_the_endpoint_is_asked_for_it(
    tmp_path: Path, model: str, by_chat: bool, to_french: Where, to_portuguese: Where
) -> None:
    settings = Settings(
        data_dir=tmp_path, chat_url="http://127.0.0.1:1/v1", chat_model=MODEL, chat_translates=by_chat
    )
    config = {"model": model, "target_languages": ["fr", "pt"]}
    request = LiveRequest.model_validate(
        {"realtime_processing": {"translation": True, "translation_config": config}}
    )
    steps = list(live_steps(request, backends_of(settings), lambda _: pytest.fail("nothing is heard yet")))
    hello = said("Hello.")
    assert [step.where(hello) for step in steps] == [to_french, to_portuguese]


def test_what_stands_for_something_redacted_is_no_entity(tmp_path: Path) -> None:
    request = LiveRequest.model_validate({"realtime_processing": {"named_entity_recognition": True}})
    backends = backends_of(Settings(data_dir=tmp_path))
    [step] = live_steps(request, backends, lambda _: pytest.fail("nothing is heard"))
    found = step.work(said("I moved from [LOCATION_CITY_2] to Paris"))
    assert isinstance(found, list)
    assert [each["text"] for each in found if isinstance(each, dict)] == ["Paris"]
