"""Whisper on CTranslate2: features, decoding, word times and the guards against invented words."""

from vivavoce.recognizers.whisper.recognizer import WhisperRecognizer

__all__ = ["WhisperRecognizer"]
