"""Sums of money, doses and shares."""

from __future__ import annotations

from typing import Final

from vivavoce.intelligence.entities.base import any_of, rule

_N: Final = r"\d+(?:[.,  ]\d{3})*(?:[.,]\d+)?"
_SCALE: Final = r"(?:[ -]?(?:thousand|million|billion|trillion|mille|millions?|milliards?|mil|millones|millionen|milliarden|tausend|milioni|miliardi|milhões|miljoen|k|m|bn)\b)"
_SIGN: Final = r"(?:US\$|A\$|C\$|R\$|[$€£¥₹₽₺₩₴₪]|\bCHF|\bUSD|\bEUR|\bGBP|\bJPY)"
_CURRENCIES: Final = (
    "dollars|dollar|bucks|buck|cents|euros|euro|pounds|pound sterling|quid|pence|yen|yuan|rupees|rupee|francs|franc|"
    "pesos|peso|reais|rubles|roubles|ruble|lira|liras|won|kronor|kroner|zloty|shekels|dirhams|rand|naira|USD|EUR|GBP|"
    "JPY|CHF|livres|dólares|dólar|pfund|franken|dollari|sterline|lire|円|元|원|рублей|рубля|рубль|евро|долларов"
)
_CURRENCY: Final = any_of(_CURRENCIES)

ANYWHERE: Final = (
    rule("MONEY", rf"{_SIGN} ?{_N}{_SCALE}?(?: {_CURRENCY}(?!\w))?"),
    rule("MONEY", rf"(?<![\w.]){_N}{_SCALE}? ?(?:€|\$|£|¥|₽|₺)(?: \d{{1,2}}\b)?"),
    rule("MONEY", rf"(?<![\w.]){_N}{_SCALE}?(?: (?:de|d'|di|of))? ?(?:(?:US|Canadian|Australian|Swiss|Indian|British|american) )?{_CURRENCY}(?!\w)(?:,? (?:(?:and|et|y|und|e|con) )?\d{{1,2}}(?: (?:cents?|céntimos|centimes|centesimi|centavos|pence))?(?! ?[\w%]))?"),
    rule("STATISTICS", rf"(?<![\w.]){_N} ?(?:%|percent\b|per cent\b|percentage points?\b|pour cent\b|por ciento\b|por cento\b|prozent\b|per cento\b|procent\b|процент\w*)"),
    rule("DOSE", rf"(?<![\w.]){_N} ?(?:mg|mcg|µg|ml|cc|milligrams?|milligrammes?|micrograms?|milliliters?|millilitres?|miligramos|milligramm|milligrammi|mililitros|milligrams)\b(?:/\w+)?"),
)  # fmt: skip

ENGLISH: Final = (
    rule("STATISTICS", r"\b\d+ (?:out of|in) (?:every )?\d+\b(?! (?:minutes|hours|days|weeks|months|years))"),
    rule("STATISTICS", r"\b(?:one|two|three) (?:thirds?|quarters?|fifths?)\b"),
    rule("DOSE", rf"(?<![\w.]){_N} (?:(?:units?|tablets?|pills?|capsules?|puffs?|drops|teaspoons?|tablespoons?)\b(?: of (?=insulin|it|the medic\w+))?)"),
    rule("MONEY", r"\b(?:costs?|about|around|for|pays?|paid|earns?|makes?|worth|salary of|spent|spend|at)(?: (?:about|around|just|only|over))? (?P<e>\d+(?:\.\d+)?k)\b"),
    rule("MONEY", r"\b(?:a|half a|1) (?:thousand|million|billion) (?:dollars|bucks|euros|pounds)\b"),
)  # fmt: skip

EAGER: Final = (rule("MONEY", rf"(?<![\w.]){_N}{_SCALE}"),)
