"""A server whose model is a streaming transducer, from its settings to the stored words."""

from __future__ import annotations

from pathlib import Path

from server.harness import Server, create, record, serving
from speech import clip
from tones import RATE, write_transducer
from vivavoce.server.models import load_models


def test_a_transducer_given_by_its_directory_serves_its_own_language(tmp_path: Path) -> None:
    directory = write_transducer(tmp_path / "tones")
    samples = clip("en", "quick_brown_fox").samples()
    audio = (samples.clip(-1, 1) * 32_767).astype("<i2").tobytes()

    async def body(server: Server) -> None:
        created = await create(server.http)
        await record(server, created["url"], audio)
        session = (await server.http.get(f"/v2/live/{created['id']}")).json()
        assert session["request_params"]["language_config"]["languages"] == ["en"]
        utterances = session["result"]["transcription"]["utterances"]
        words = [word for utterance in utterances for word in utterance["words"]]
        assert {word["word"].strip() for word in words} <= {"low", "mid", "high"}
        times = [word[bound] for word in words for bound in ("start", "end")]
        assert times == sorted(times)
        assert 0 < times[0] < times[-1] <= len(samples) / RATE
        refused = await server.http.post("/v2/live", json={"language_config": {"languages": ["fr"]}})
        assert refused.status_code == 400
        assert "knows: en" in refused.text

    serving(tmp_path / "data", body, load_models, models=(str(directory),))
