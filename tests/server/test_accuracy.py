"""What `VIVAVOCE_ACCURACY` buys and costs, from the setting to the stored words."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.harness import Server, create, record, serving
from speech import ROOT, two_cities
from vivavoce.bench.error_rate import errors
from vivavoce.server.capacity import measured
from vivavoce.server.models import DEFAULT_MODEL, Models, load_models
from vivavoce.settings import Settings


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """The weights, joined already, and nothing else."""
    (tmp_path / "models").symlink_to(ROOT / ".cache" / "models")
    return tmp_path


def test_with_high_accuracy_a_reading_is_heard_without_faults(data_dir: Path) -> None:
    reading = two_cities()
    heard: list[str] = []

    async def body(server: Server) -> None:
        languages = {"languages": ["en"]}
        created = await create(server.http, endpointing=0.3, language_config=languages)
        await record(server, created["url"], reading.pcm())
        session = (await server.http.get(f"/v2/live/{created['id']}")).json()
        heard.append(session["result"]["transcription"]["full_transcript"])

    serving(data_dir, body, load_models, accuracy="high", decoder_threads=2)
    assert errors("en", [(reading.text, heard[0])]).wrong <= 1


def test_high_accuracy_is_dearer_and_the_server_knows(data_dir: Path) -> None:
    def sessions(models: Models) -> int:
        return measured(models.recognizers[DEFAULT_MODEL], None, 2)[0]

    quick = Settings(data_dir=data_dir, partials_model="same")
    standard, high = (
        sessions(load_models(quick.model_copy(update={"accuracy": accuracy})))
        for accuracy in ("standard", "high")
    )
    assert 1 <= high < standard
