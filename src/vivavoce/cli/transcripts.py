"""Finals in the forms that people keep: plain text, JSON, SRT, WebVTT. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import typer

from vivavoce.cli.terminal import clock, printable_json
from vivavoce.protocol.languages import joined
from vivavoce.protocol.responses import UtteranceModel
from vivavoce.subtitles import cues_of, srt, vtt


class Form(StrEnum):
    """How to write a transcript. Captions are lines that begin with their time."""

    CAPTIONS = "captions"
    TEXT = "text"
    JSON = "json"
    SRT = "srt"
    VTT = "vtt"

    @property
    def suffix(self) -> str:
        return ".txt" if self in (Form.CAPTIONS, Form.TEXT) else f".{self.value}"


def chosen(text: bool, json: bool, srt: bool, vtt: bool) -> Form:
    """The form that the flags ask for, captions if none does. Raises BadParameter for more than one."""
    flags = {Form.TEXT: text, Form.JSON: json, Form.SRT: srt, Form.VTT: vtt}
    wanted = [form for form, is_wanted in flags.items() if is_wanted]
    if len(wanted) > 1:
        raise typer.BadParameter(f"choose one of {' and '.join(f'--{form}' for form in wanted)}")
    return wanted[0] if wanted else Form.CAPTIONS


def written(
    form: Form,
    utterances: Sequence[UtteranceModel],
    name: str,
    session_id: str,
    add_ons: Mapping[str, Any] = MappingProxyType({}),
) -> str:
    """The transcript of one recording, ending in a line break unless it is empty.

    `add_ons`, what else was asked for, is in the JSON only.
    """
    utterances = sorted(utterances, key=lambda utterance: (utterance.start, utterance.channel))
    match form:
        case Form.SRT:
            return srt(cues_of(utterances))
        case Form.VTT:
            return vtt(cues_of(utterances))
        case Form.JSON:
            return _json(utterances, name, session_id, add_ons)
        case Form.TEXT:
            return "".join(f"{utterance.text.strip()}\n" for utterance in utterances)
        case Form.CAPTIONS:
            several = len({utterance.channel for utterance in utterances}) > 1
            return "".join(f"{caption(utterance, several)}\n" for utterance in utterances)


def caption(utterance: UtteranceModel, with_channel: bool = False) -> str:
    """One line: when, on which of several channels, what."""
    return "  ".join([f"{clock(utterance.start):>7}", spoken(utterance, with_channel)])


def spoken(utterance: UtteranceModel, with_channel: bool) -> str:
    """What was said, with the channel before it if there are several."""
    text = utterance.text.strip()
    return f"[{utterance.channel + 1}] {text}" if with_channel else text


def _json(
    utterances: Sequence[UtteranceModel], name: str, session_id: str, add_ons: Mapping[str, Any]
) -> str:
    """One line of JSON, so that several recordings make JSON Lines."""
    heard = Counter[str]()
    for utterance in utterances:
        heard[utterance.language] += max(1, len(utterance.words))
    transcript = {
        "file": name,
        "session_id": session_id,
        "languages": [language for language, _ in heard.most_common()],
        "text": joined((utterance.language, utterance.text) for utterance in utterances),
        "utterances": [utterance.model_dump(mode="json") for utterance in utterances],
        **add_ons,
    }
    return printable_json(json.dumps(transcript, ensure_ascii=False)) + "\n"
