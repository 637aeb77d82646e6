"""The REST bodies: times, timestamps, envelopes."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from vivavoce.protocol import (
    AddonEnvelope,
    AddonError,
    ErrorBody,
    Metadata,
    SentimentAnalysisEnvelope,
    UtteranceModel,
    stream,
    timestamp,
)


def test_an_utterance_is_taken_from_the_stream_with_times_in_milliseconds() -> None:
    words = (
        stream.Word(" Split", 0.1234567, 0.4, 0.91234),
        stream.Word(" infinity", 0.40049, 1 / 3 + 0.5, 0.5),
    )
    utterance = stream.Utterance("01_00000004", 1, 0.1, 1.00051, "en", words)
    assert UtteranceModel.from_stream(utterance).model_dump(mode="json") == {
        "start": 0.1,
        "end": 1.001,
        "confidence": 0.706,
        "channel": 1,
        "words": [
            {"word": " Split", "start": 0.123, "end": 0.4, "confidence": 0.912},
            {"word": " infinity", "start": 0.4, "end": 0.833, "confidence": 0.5},
        ],
        "text": " Split infinity",
        "language": "en",
        "speaker": None,
    }


def test_an_utterance_without_words_has_no_confidence() -> None:
    model = UtteranceModel.from_stream(stream.Utterance("00_00000001", 0, 1.0, 2.0, "en", ()))
    assert (model.text, model.confidence, model.words) == ("", 0.0, ())


@pytest.mark.parametrize("nonsense", [float("nan"), float("inf")])
def test_a_time_is_a_finite_number(nonsense: float) -> None:
    with pytest.raises(ValidationError):
        Metadata(audio_duration=nonsense, number_of_distinct_channels=1, billing_time=1, transcription_time=1)


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 678_999, UTC), "2026-01-02T03:04:05.678Z"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05.000Z"),
        (datetime(2026, 1, 2, 1, 4, 5, tzinfo=timezone(timedelta(hours=2))), "2026-01-01T23:04:05.000Z"),
        (0.25, "1970-01-01T00:00:00.250Z"),
        (1_767_323_045, "2026-01-02T03:04:05.000Z"),
    ],
)
def test_a_timestamp_is_utc_with_milliseconds(moment: datetime | float, written: str) -> None:
    assert timestamp(moment) == written


def test_a_naive_datetime_is_no_timestamp() -> None:
    with pytest.raises(ValueError, match="aware"):
        timestamp(datetime(2026, 1, 2))


def test_a_failed_addon_is_an_empty_envelope_with_its_error() -> None:
    error = AddonError(status_code=501, exception="NotImplemented", message="not there yet")
    expected = {
        "success": False,
        "is_empty": True,
        "exec_time": 0.0,
        "error": {"message": "not there yet", "status_code": 501, "exception": "NotImplemented"},
    }
    assert AddonEnvelope[str].failed(error).model_dump(mode="json") == {**expected, "results": None}
    assert SentimentAnalysisEnvelope.failed(error).model_dump(mode="json") == {**expected, "results": ""}


def test_an_error_body_has_validation_errors_only_where_there_are_some() -> None:
    body = ErrorBody(
        timestamp="2026-01-02T03:04:05.678Z",
        path="/v2/live/x",
        request_id="G-1",
        statusCode=404,
        message="no such session",
    )
    assert "validation_errors" not in body.model_dump(mode="json", exclude_none=True)
