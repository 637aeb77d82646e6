"""The languages of the API: codes, names, how they are spaced, and the nearest code to an unknown one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

LANGUAGE_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "af": "Afrikaans",
        "am": "Amharic",
        "ar": "Arabic",
        "as": "Assamese",
        "az": "Azerbaijani",
        "ba": "Bashkir",
        "be": "Belarusian",
        "bg": "Bulgarian",
        "bn": "Bengali",
        "bo": "Tibetan",
        "br": "Breton",
        "bs": "Bosnian",
        "ca": "Catalan",
        "cs": "Czech",
        "cy": "Welsh",
        "da": "Danish",
        "de": "German",
        "el": "Greek",
        "en": "English",
        "es": "Spanish",
        "et": "Estonian",
        "eu": "Basque",
        "fa": "Persian",
        "fi": "Finnish",
        "fo": "Faroese",
        "fr": "French",
        "gl": "Galician",
        "gu": "Gujarati",
        "ha": "Hausa",
        "haw": "Hawaiian",
        "he": "Hebrew",
        "hi": "Hindi",
        "hr": "Croatian",
        "ht": "Haitian Creole",
        "hu": "Hungarian",
        "hy": "Armenian",
        "id": "Indonesian",
        "is": "Icelandic",
        "it": "Italian",
        "ja": "Japanese",
        "jw": "Javanese",
        "ka": "Georgian",
        "kk": "Kazakh",
        "km": "Khmer",
        "kn": "Kannada",
        "ko": "Korean",
        "la": "Latin",
        "lb": "Luxembourgish",
        "ln": "Lingala",
        "lo": "Lao",
        "lt": "Lithuanian",
        "lv": "Latvian",
        "mg": "Malagasy",
        "mi": "Maori",
        "mk": "Macedonian",
        "ml": "Malayalam",
        "mn": "Mongolian",
        "mr": "Marathi",
        "ms": "Malay",
        "mt": "Maltese",
        "my": "Burmese",
        "ne": "Nepali",
        "nl": "Dutch",
        "nn": "Norwegian Nynorsk",
        "no": "Norwegian",
        "oc": "Occitan",
        "pa": "Punjabi",
        "pl": "Polish",
        "ps": "Pashto",
        "pt": "Portuguese",
        "ro": "Romanian",
        "ru": "Russian",
        "sa": "Sanskrit",
        "sd": "Sindhi",
        "si": "Sinhala",
        "sk": "Slovak",
        "sl": "Slovenian",
        "sn": "Shona",
        "so": "Somali",
        "sq": "Albanian",
        "sr": "Serbian",
        "su": "Sundanese",
        "sv": "Swedish",
        "sw": "Swahili",
        "ta": "Tamil",
        "te": "Telugu",
        "tg": "Tajik",
        "th": "Thai",
        "tk": "Turkmen",
        "tl": "Tagalog",
        "tr": "Turkish",
        "tt": "Tatar",
        "uk": "Ukrainian",
        "ur": "Urdu",
        "uz": "Uzbek",
        "vi": "Vietnamese",
        "wo": "Wolof",
        "yi": "Yiddish",
        "yo": "Yoruba",
        "zh": "Chinese",
    }
)
"""English name by code: ISO 639-1, `haw` of ISO 639-2, and the API's own `jw` for Javanese."""

TRANSLATION_LANGUAGES: Final = frozenset(LANGUAGE_NAMES)
"""What `translation_config.target_languages` takes."""

TRANSCRIPTION_LANGUAGES: Final = TRANSLATION_LANGUAGES - {"wo"}
"""What `language_config.languages` takes."""

OLDER_CODES: Final[Mapping[str, str]] = MappingProxyType({"jv": "jw", "mymr": "my"})
"""Codes that the API used before and that clients still send, and today's code for each."""


WRITTEN_WITHOUT_SPACES: Final = frozenset({"bo", "ja", "km", "lo", "my", "th", "yue", "zh"})
"""Languages that put no space between words; models know Cantonese (`yue`) too."""


def joined(texts: Iterable[tuple[str, str]]) -> str:
    """Pairs of a language and a text as one text, spaced as the languages are written."""
    whole, spaced = "", False
    for language, text in texts:
        spaced_here = language not in WRITTEN_WITHOUT_SPACES
        separator = " " if whole and (spaced or spaced_here) else ""
        whole += separator + text.strip()
        spaced = spaced_here
    return whole


def nearest_language(code: str) -> str | None:
    """The code that was probably meant by one that is not in the API's list.

    Takes locales (`en-US`, `pt_BR`), capitals, English names (`german`) and three-letter codes (`eng`).
    """
    written = code.strip().casefold().replace("_", "-")
    language = written.partition("-")[0]
    if language in LANGUAGE_NAMES:
        return language
    by_name = {name.casefold(): known for known, name in LANGUAGE_NAMES.items()}
    if names := get_close_matches(written, by_name, n=1, cutoff=0.75):
        return by_name[names[0]]
    codes = get_close_matches(language, LANGUAGE_NAMES, n=1, cutoff=0.75)
    return codes[0] if codes else None
