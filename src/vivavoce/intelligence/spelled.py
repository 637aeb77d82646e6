"""What is said piece by piece: digits, letters and the signs between them, written or in words.

Number words are known in English, French, German, Spanish, Italian and Portuguese; digits in every script.
Words that are also something else ("a", "I", "to", "for") do not count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import Enum

from vivavoce.protocol.stream import Word

_NUMBERS = {
    "en": "zero oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety "
    "hundred thousand double triple",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize "
    "vingt vingts trente quarante cinquante soixante septante huitante nonante cent cents mille",
    "de": "null ein eins zwei zwo drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn "
    "fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig dreißig vierzig fünfzig sechzig siebzig "
    "achtzig neunzig hundert tausend",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince "
    "dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro "
    "veinticinco veintiséis veintisiete veintiocho veintinueve treinta cuarenta cincuenta sesenta "
    "setenta ochenta noventa cien ciento mil",
    "it": "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici "
    "quindici sedici diciassette diciotto diciannove venti trenta quaranta cinquanta sessanta "
    "settanta ottanta novanta cento mille",
    "pt": "zero um uma dois duas três quatro cinco seis meia sete oito nove dez onze doze treze catorze "
    "quatorze quinze dezesseis dezasseis dezessete dezassete dezoito dezenove dezanove vinte trinta "
    "quarenta cinquenta sessenta setenta oitenta noventa cem cento mil",
}
_DIGITS = {
    "0": "zero oh o null zéro cero",
    "1": "one un eins ein uno um uma",
    "2": "two deux zwei zwo dos due dois duas",
    "3": "three trois drei tres tre três",
    "4": "four quatre vier cuatro quattro quatro",
    "5": "five cinq fünf cinco cinque",
    "6": "six sechs seis sei meia",
    "7": "seven sept sieben siete sette sete",
    "8": "eight huit acht ocho otto oito",
    "9": "nine neuf neun nueve nove",
}
_DIGIT_OF = {word: digit for digit, words in _DIGITS.items() for word in words.split()}
_JOINTS = frozenset(
    [
        "dot",
        "point",
        "punkt",
        "punto",
        "ponto",
        "at",
        "arobase",
        "arroba",
        "chiocciola",
        "klammeraffe",
        "underscore",
        "dash",
        "hyphen",
        "slash",
        "hashtag",
        "tiret",
        "bindestrich",
        "unterstrich",
        "guion",
        "guión",
        "trattino",
        "hífen",
        "plus",
        "double",
        "triple",
        "@",
        ".",
        "-",
        "_",
        "/",
        "#",
        "+",
    ]
)
_SIGNS = {"dot": ".", "point": ".", "punkt": ".", "punto": ".", "ponto": ".", "at": "@", "arobase": "@"} | {
    "arroba": "@",
    "chiocciola": "@",
    "underscore": "_",
    "dash": "-",
    "hyphen": "-",
}
# Ten and more in German are one word.
_GERMAN = "|".join(sorted(_NUMBERS["de"].split(), key=len, reverse=True))
_COMPOUND = {
    "de": re.compile(f"(?:(?:{_GERMAN}|und))+"),
    "it": re.compile("(?:vent|trent|quarant|cinquant|sessant|settant|ottant|novant)[aio]?"
                     "(?:uno|un|due|tre|tré|quattro|cinque|sei|sette|otto|nove)"),
}  # fmt: skip
_KNOWN = {language: frozenset(words.split()) for language, words in _NUMBERS.items()}
LANGUAGES = tuple(_KNOWN)
"""In which number words are known."""
_HAN = frozenset("〇零一二三四五六七八九十")
_NUMBER = re.compile(r"[(+#]*\d[\d\s().,/+–-]*")
# What has letters beside digits and is no measure, clock time or ordinal.
_CODE = re.compile(r"(?=.*\d)(?=.*[^\W\d_])[\w-]+")
_MEASURED = re.compile(
    r"\d+(?:[.,:]\d+)*(?:st|nd|rd|th|am|pm|h|e|er|ème|ª|º|k|m|km|kg|g|mg|ml|l|cm|mm|s|ms|x|d|gb|mb|%)",
    re.IGNORECASE,
)
_EDGES = ".,;:!?…\"'()[]{}«»“”‘’¿¡、。，？！"


class Kind(Enum):
    """What a word may be a piece of."""

    DIGITS = "digits"
    LETTERS = "letters"
    JOINT = "joint"


def bare(text: str) -> str:
    """A word without the space and the punctuation around it."""
    return text.strip().strip(_EDGES)


def kind_of(text: str, language: str) -> Kind | None:
    """What the word is a piece of; None for words as they are."""
    word = bare(text)
    lower = word.casefold()
    if not word:
        return Kind.JOINT if text.strip() and text.strip() in _JOINTS else None
    if _NUMBER.fullmatch(word) or (_HAN.issuperset(word)) or _is_number(lower, language):
        return Kind.DIGITS
    if lower in _JOINTS or "@" in word or re.search(r"\w\.\w", word):
        return Kind.JOINT
    if _CODE.fullmatch(word) and not _MEASURED.fullmatch(word):
        return Kind.DIGITS
    if _is_spelled(word):
        return Kind.LETTERS
    return None


def _is_number(word: str, language: str) -> bool:
    known = _KNOWN.get(language)
    if known is None:
        return False
    parts = [part for part in word.split("-") if part]
    compound = _COMPOUND.get(language)
    return bool(parts) and all(
        part in known or (compound is not None and compound.fullmatch(part) is not None) for part in parts
    )


def _is_spelled(word: str) -> bool:
    """One letter, "A" and "I" aside, or several with hyphens between them, as in "J-O-H-N"."""
    letters = word.split("-")
    if len(letters) == 1:
        return len(word) == 1 and word.isalpha() and word.isupper() and word not in "AI"
    return len(letters) > 2 and all(len(letter) == 1 and letter.isalnum() for letter in letters)


def digits(words: Sequence[Word]) -> int:
    """About how many digits the words stand for."""
    return sum(max(1, sum(map(str.isdigit, word.text))) for word in words)


def folded(words: Sequence[Word]) -> str:
    """The same for what was said in pieces, in one, or in other letters: "four one", "4 1" and "41"."""
    text = ""
    for word in words:
        lower = unicodedata.normalize("NFKC", bare(word.text)).casefold()
        text += _DIGIT_OF.get(lower) or _SIGNS.get(lower) or lower
    return "".join(letter for letter in text if letter.isalnum() or letter in "@._")
