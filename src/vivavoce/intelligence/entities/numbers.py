"""Numbers that stand for something: cards, accounts, papers, telephones, addresses of the net."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import phonenumbers
from stdnum import iban, luhn

from vivavoce.intelligence.entities.base import Found, Rule, exact, rule
from vivavoce.intelligence.entities.online import FILE_ENDINGS, TOP_DOMAINS

# One or more groups that hold a digit each, perhaps after capitals: "XKH 448 219", "QX7-4492", "0098 4431 27".
_CODE: Final = r"(?:(?-i:[A-Z]{1,5})[ -])?(?=[\w-]*\d)[\w-]+(?:[ .]+(?=[\w-]*\d)[\w-]+)*"
_GAP: Final = r"(?:[?,]?(?: (?:yes|sure|okay|so|um|uh|yeah))*[?,]? (?:number|no|code|id|is|was|are|it's|it|its|that's|this|my|the|a|of|digits?|four|4|last|ending|ends|in|with|to|be|would|will|card|on|for|address|file)\b[,:?]?|[:,#])*[ :#]+"

_CUES: Final = {
    "SSN": r"social security|social(?! media)|s\.?s\.?n\.?|national insurance",
    "ROUTING_NUMBER": r"routing|sort code|a\.?b\.?a\.?(?= number)|transit number",
    "BANK_ACCOUNT": r"iban|i-ban",
    "HEALTHCARE_NUMBER": r"member(?:ship)? id|health(?:care)? (?:number|card|plan)|insurance (?:number|id|policy)|"
    r"policy(?: (?:number|id))|medicare|medicaid|group number|nhs|medical record|m\.?r\.?n\.?|patient (?:id|number)|beneficiary",
    "CVV": r"c\.?v\.?[vc]\.?2?|security code|verification code on|three digits on the back",
    "PASSPORT_NUMBER": r"passport",
    "DRIVER_LICENSE": r"driver'?s?'? ?licen[sc]e|driving licen[sc]e|driver'?s? id|licen[sc]e number",
    "VEHICLE_ID": r"vin|vehicle identification|licen[sc]e plate|plate number|number plate|registration plate|plates?",
    "ACCOUNT_NUMBER": r"account|acct",
    "NUMERICAL_PII": r"(?:order|ticket|confirmation|reference|case|claim|booking|tracking|invoice|employee|"
    r"customer|student|serial|extension|ref|badge|tax|flight|device|loyalty|frequent flyer|transaction|pin|p\.i\.n)"
    r"(?: (?:number|code|id|no|pin))?|pin(?: code)?|passcode|one-time code|verification code|access code",
}  # fmt: skip
_HOST: Final = rf"(?:[^\W_][\w-]*\.)+(?:{'|'.join(TOP_DOMAINS)})\b"
_CARD: Final = r"(?<![\d-])(?:\d[ .,-]{0,2}){12,18}\d(?![\d-])"
_MONTH_OF_YEAR: Final = r"(?:0?[1-9]|1[0-2]) ?[/-] ?(?:20)?[2-4]\d|(?:0[1-9]|1[0-2])[2-4]\d"
_SECRET: Final = (
    r"(?!(?:is|was|has|are|not|reset|protected|wrong|and|or|for|to|the|a|an|in|on|it|please|yet|so)\b)"
)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _is_card(text: str) -> bool:
    return luhn.is_valid(_digits(text))


def _is_iban(text: str) -> bool:
    return bool(iban.is_valid(text))


def _is_ip(text: str) -> bool:
    return all(int(part) < 256 for part in text.split("."))


NET: Final = (
    rule("EMAIL_ADDRESS", r"[\w.+-]*\w@[\w-]+(?:\.[\w-]+)+"),
    rule("URL", r"\bhttps?://[^\s,;]*[\w/]|\bwww\.[\w-]+(?:\.[\w-]+)+(?:/[\w/.?=&%-]*[\w/])?"),
    rule("IP_ADDRESS", r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)", _is_ip),
    rule("IP_ADDRESS", r"\b(?:[\da-f]{1,4}:){7}[\da-f]{1,4}\b|\b(?:[\da-f]{1,4}:)+:(?:[\da-f]{1,4}:?)+\b"),
    rule("FILENAME", rf"\b\w[\w-]*\.(?:{'|'.join(FILE_ENDINGS)})\b(?!/)"),
    rule("URL", rf"\b{_HOST}(?:/[\w/.?=&%-]*[\w/])?"),
    rule("LOCATION_COORDINATE", r"-?\d{1,2}\.\d{3,}°? ?[NS]?,? -?\d{1,3}\.\d{3,}°?(?: ?[EW]\b)?"),
)  # fmt: skip

CARDS: Final = (
    rule("BANK_ACCOUNT", r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z\d]{2,4}){3,8}\b", _is_iban),
    rule("CREDIT_CARD", _CARD, _is_card),
    rule("CREDIT_CARD", rf"\bcard\b[^.?!\d]{{0,40}}(?P<e>{_CARD})"),
    rule("SSN", r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])"),
    rule("VEHICLE_ID", r"\b(?=[A-Z\d]*\d)(?=[A-Z\d]*[A-Z])[A-HJ-NPR-Z\d]{17}\b"),
)

CUED: Final = (
    rule(
        "CREDIT_CARD_EXPIRATION",
        rf"\b(?:expir\w+|exp|valid (?:until|thru|through))\b(?: (?:date|is|on|in|of|the|it's))*[:,]? (?P<e>{_MONTH_OF_YEAR})",
    ),
    rule("CREDIT_CARD", r"\b(?:visa|master ?card|amex|american express|(?:credit|debit)? ?card)(?: card| number)?(?: that)? (?:ending|ends)(?: (?:in|with))? (?P<e>\d{4})\b"),
    *(rule(kind, rf"\b(?:{cue})\b{_GAP}(?P<e>{_CODE})") for kind, cue in _CUES.items()),
    rule("NUMERICAL_PII", r"\blast (?:four|4)(?: digits)?(?: (?:of|on) \w+ \w+)?(?: (?:is|are|were))?[:,]? (?P<e>\d{4})\b"),
    rule("USERNAME", rf"\b(?:user ?name|user id|login|handle|screen name)\b(?: (?:is|was|name|as)\b)*[:,]? {_SECRET}(?P<e>\w(?:[\w.-]*\w)?)"),
    rule("USERNAME", r"(?<!\S)@\w{2,}\b"),
    rule("PASSWORD", rf"\b(?:pass ?word|pass ?phrase|wi-?fi key)(?: (?:is|was|to|will be|should be|it's|the)\b)+[:,]? (?P<e>{_SECRET}[^\s,.;?!]+(?: (?!(?:and|but|so|please|for|to|is|in|now|on|at|if|then)\b)[^\s,.;?!]+){{0,4}})"),
)  # fmt: skip

LOOSE: Final = (
    rule("PHONE_NUMBER", r"(?<![\w.,-])\(?\d{3}\)?[ .-]{0,2}\d{3}[ .-]?\d{4}(?![\w-])"),
    rule("PHONE_NUMBER", r"(?<![\w.,-])0\d{2,4}[ .-]?\d{3}[ .-]?\d{3,4}(?![\w-])"),
    rule("PHONE_NUMBER", rf"\b(?:phone|cell|mobile|telephone|fax|number|(?:call|reach|text|ring|dial)(?: (?:me|us|him|her|them))?(?: back)?(?: (?:at|on))?)(?:'s)?{_GAP}(?P<e>\+?\d(?:[ ().,-]{{0,2}}\d){{6,14}})(?![\w-])"),
)  # fmt: skip

# For redaction: addresses and secrets of which not all has been said yet.
BEGUN: Final = (
    rule("EMAIL_ADDRESS", r"\b[\w.-]+(?: (?:dot|underscore|dash|hyphen) [\w.-]+)+(?: at\b(?: [\w.-]+(?: dot\b(?: \w+)?)?)?)?"),
    rule("EMAIL_ADDRESS", r"\be-?mail(?: address)?(?:'s| is| was|[:,])+ (?:(?:it's|it is|at) )?(?P<e>[^?!,@]{2,60})$"),
    rule("PASSWORD", rf"\b(?:pass ?word|pass ?phrase|passcode)(?: (?:is|was|to|it's))+[:,]? (?P<e>{_SECRET}[^?!.]{{1,60}})"),
)  # fmt: skip

# For redaction too, where a number too many is better than one too few.
EAGER: Final[tuple[Rule, ...]] = (
    rule("CREDIT_CARD", _CARD),
    exact("ACCOUNT_NUMBER", r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z\d]{2,4}){2,8}\b"),
    rule("NUMERICAL_PII", r"(?<![\w$€£])(?:[\dA-Z]*\d[ ,.-]{0,2}){4,}(?:[\dA-Z]*\d)(?![\d%])"),
    rule("NUMERICAL_PII", rf"\b(?:card|phone|cell|mobile|number|code|digits|call me (?:at|on))\b{_GAP}(?P<e>{_CODE})"),
)  # fmt: skip

_REGIONS: Final = {
    "en": "US", "fr": "FR", "de": "DE", "es": "ES", "it": "IT", "pt": "PT", "nl": "NL", "ru": "RU", "tr": "TR",
    "pl": "PL", "sv": "SE", "da": "DK", "no": "NO", "fi": "FI", "ja": "JP", "ko": "KR", "zh": "CN", "uk": "UA",
    "cs": "CZ", "el": "GR", "he": "IL", "hi": "IN", "ar": "AE",
}  # fmt: skip
_MAY_HOLD_PHONE: Final = re.compile(r"\d(?:\D{0,3}\d){6}")
_LEAST_DIGITS = 8


def phones(text: str, language: str) -> Iterator[Found]:
    """Telephone numbers as they are dialled where the language is spoken, and international ones."""
    if not _MAY_HOLD_PHONE.search(text):
        return
    region = _REGIONS.get(language)
    # A number of a film has the right length and no exchange: possible is enough.
    for match in phonenumbers.PhoneNumberMatcher(text, region, phonenumbers.Leniency.POSSIBLE):
        if len(_digits(match.raw_string)) >= _LEAST_DIGITS:
            yield Found("PHONE_NUMBER", match.start, match.end)
