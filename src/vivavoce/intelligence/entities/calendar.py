"""Dates, intervals, clock times, durations and ages, in English and where the words are few in others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from vivavoce.intelligence.entities.base import Rule, any_of, rule

_YEAR: Final = r"(?:1[6-9]|20)\d\d"
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
# "may" and "march" are other words too: alone they are months only with a capital.
_MONTH: Final = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december|"
    r"(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?)"
)
_SURE_MONTH: Final = (
    r"(?:january|february|april|june|july|august|september|october|november|december|(?-i:May|March))"
)
_WEEKDAY: Final = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_SEASON: Final = r"(?:spring|summer|autumn|fall|winter)"
_DECADES: Final = r"(?:twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties)"
_UNIT: Final = (
    r"(?:milliseconds?|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|nights?|weeks?|weekends?|months?|years?|"
    r"decades?|centur(?:y|ies)|semesters?|fortnights?)\b"
)
_AMPM: Final = r"(?:[ap]\.? ?m\b\.?)"
_HOUR: Final = r"(?:[01]?\d|2[0-4])"
_HOLIDAY: Final = (
    r"(?:christmas(?: (?:eve|day))?|new year'?s?(?: (?:eve|day))?|easter|thanksgiving|halloween|ramadan|"
    r"hanukkah|diwali|valentine'?s day|independence day|labor day|memorial day)"
)
_AN_AGE: Final = r"(?:1[01]\d|[1-9]?\d)"

ENGLISH: Final = (
    rule("AGE", rf"\b{_AN_AGE}(?: and a half)?[- ](?:years?|months?|weeks?|days?)[- ]olds?\b"),
    rule("AGE", rf"\b(?:aged?|age of|turn(?:s|ed|ing)?|age is|age was|years? of age)(?: of)? (?P<e>{_AN_AGE})\b(?! ?[%$:]| (?:people|percent|dollars|into))"),
    rule("AGE", rf"\b{_AN_AGE} years of age\b"),
    rule("AGE", rf"\b(?:i'm|i am|he's|she's|he is|she is|he was|she was|they're) (?P<e>{_AN_AGE})(?=[.,?!]|$| (?:and|now|but|so)\b)"),
    rule("AGE", rf"\b(?:in (?:my|his|her|their) )(?:early |mid |late |mid-)?(?P<e>{_DECADES}|[2-9]0s)\b"),
    rule("AGE", rf"\b(?:married|retired|died|out as \w+|started|diagnosed) at (?P<e>{_AN_AGE})(?=[.,?!]|$)"),
    rule("DATE_INTERVAL", rf"\b{_YEAR} ?(?:to|through|until|till|-|–|and) ?{_YEAR}\b"),
    rule("DATE_INTERVAL", rf"\b{_SURE_MONTH} (?:to|through|until|till) {_MONTH}(?:,? {_YEAR})?\b"),
    rule("DATE_INTERVAL", rf"\b{_WEEKDAY} (?:to|through|until|till) {_WEEKDAY}\b"),
    rule("DATE_INTERVAL", rf"\b{_MONTH} {_DAY} ?(?:to|through|until|till|-|–) ?(?:{_MONTH} )?{_DAY}(?:,? {_YEAR})?\b"),
    rule("DATE_INTERVAL", rf"\b{_HOLIDAY} (?:and|to|until|till) {_HOLIDAY}\b"),
    rule("DATE", rf"\b{_MONTH} (?:the )?{_DAY}(?!\d|:| ?(?:people|percent|%|{_UNIT}))(?:,? (?:of )?{_YEAR})?\b"),
    rule("DATE", rf"\b(?:the )?{_DAY} (?:of )?{_MONTH}(?:,? (?:of )?{_YEAR})?\b"),
    rule("DATE", rf"(?<![\d/.-]){_YEAR}[-/](?:0?[1-9]|1[0-2])[-/](?:0?[1-9]|[12]\d|3[01])(?![\d/-])"),
    rule("DATE", r"(?<![\d/.-])(?:0?[1-9]|[12]\d|3[01])([/.-])(?:0?[1-9]|[12]\d|3[01])\1(?:(?:19|20)\d\d|\d\d)(?![\d/-]|\.\d)"),
    rule("DATE", rf"\b(?:on|by|until|from|since) (?P<e>the {_DAY.replace(')?', ')')})(?=[.,?!]|$| (?:at|to|and)\b)"),
    rule("DATE", rf"\b(?:on|by|until|from|since|for|at|before|after|over) (?P<e>{_HOLIDAY})\b"),
    rule("TIME", rf"\b{_HOUR}[:.][0-5]\d(?::[0-5]\d)? ?{_AMPM}"),
    rule("TIME", rf"(?<![\d:.]){_HOUR} ?{_AMPM}"),
    rule("TIME", rf"(?<![\d:.,/]){_HOUR}:[0-5]\d(?::[0-5]\d)?(?! ?(?:percent|%)|[:\d])"),
    rule("TIME", rf"\b{_HOUR} o'? ?clock\b"),
    rule("TIME", rf"\b(?P<e>{_HOUR}) (?:and|to|until|till|or|-) (?={_HOUR}(?::[0-5]\d)? ?(?:{_AMPM}|o'? ?clock))"),
    rule("TIME", r"\b(?:at|by|until|till|before|after|around|from|about|to|since|and) (?P<e>(?:12 )?(?:noon|midnight))\b"),
    rule("TIME", r"\b(?:at|by|until|till|around) (?P<e>(?:1[0-2]|[1-9]))(?=[.,?!]|$| (?:on|tomorrow|today|tonight|this|in the|sharp)\b)"),
    rule("DURATION", rf"\b(?:(?:\d+(?:[.,]\d+)?(?: (?:to|or|-) \d+)?|an?|one|half an?|an? half)[ -]{_UNIT})(?: and (?:a half|\d+ {_UNIT}))?(?! (?:ago )?old)(?<!a second)(?<!a day)(?<!a week)(?<!a month)(?<!a year)(?<!a night)(?<!a minute)"),
    rule("DURATION", r"\b(?:for|takes?|took|lasts?|lasted|in|spent|within) (?P<e>an? (?:second|minute|day|week|month|year|night|decade))\b(?! (?:ago )?old)"),
    rule("DATE_INTERVAL", rf"\b(?:the )?(?:(?:early|mid|late)[ -])?{_SEASON} (?:of )?{_YEAR}\b"),
    rule("DATE_INTERVAL", rf"\bthe {_SEASON} of {_YEAR}\b"),
    rule("DATE_INTERVAL", rf"\b{_MONTH}(?: of|,)? {_YEAR}\b"),
    rule("DATE_INTERVAL", rf"\b(?:the )?(?:first|second|third|fourth|last|1st|2nd|3rd|[1-4]th) (?:quarter|half|semester)(?: of {_YEAR})?\b"),
    rule("DATE_INTERVAL", rf"\b(?-i:Q)[1-4](?: (?:of )?{_YEAR})?\b"),
    rule("DATE_INTERVAL", rf"\b(?:the )?(?P<e>{_DECADES}|(?:1[6-9]|20)?\d0'?s)\b"),
    rule("DATE_INTERVAL", r"\bthe \d\dth century\b|\b\d\dth century\b"),
    rule("DATE_INTERVAL", rf"\b(?:in|since|until|till|before|after|back in|year) (?P<e>1[0-5]\d\d)\b(?!,\d| ?(?:people|dollars|euros|pounds|%|percent|meters|metres|feet|miles|kilometers|{_UNIT}|\w+ (?:street|avenue|road)))"),
    rule("DATE_INTERVAL", rf"\b(?:in|since|by|of|for|from|until|till|during|before|after|back in|year|fiscal|to|around|late|early) (?P<e>{_YEAR})\b(?! ?(?:people|dollars|euros|%|percent|{_UNIT}|\w+ (?:street|avenue|road)))"),
    rule("DATE_INTERVAL", rf"\b(?:in|since|by|until|till|during|of|for|from|last|next|this|early|late|mid|before|after|through) (?P<e>{_SURE_MONTH})\b"),
    rule("DATE_INTERVAL", r"\b(?:in|this|last|next|during)(?: the)? (?P<e>spring|summer|autumn|winter)\b"),
)  # fmt: skip

EAGER: Final = (
    rule("DATE", rf"\b{_SURE_MONTH}\b|(?<!\d){_YEAR}(?!\d)"),
    rule("AGE", rf"\b{_AN_AGE} years\b"),
)

BIRTH: Final = re.compile(
    r"\b(?:born|birth ?days?|date of birth|d\.?o\.?b\b\.?|birth date|née?|nacid[oa]|nacimiento|geboren|naissance|nat[oa]|nascita|"
    r"nascid[oa]|nascimento)\b[^.?!\d]{0,30}$",
    re.IGNORECASE,
)
"""What stands before a date of birth."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The words of a language: months, weekdays are none of our business, units of time, "years old"."""

    months: str
    units: str
    age: str
    hour: str
    of: str = r"(?:de |del |di |do )?"

    def rules(self) -> tuple[Rule, ...]:
        months, units = any_of(self.months), any_of(self.units)
        return (
            rule("AGE", self.age.replace("N", _AN_AGE)),
            rule("DATE", rf"\b{_DAY}(?:er|\.|º)? {self.of}{months}(?:,? {self.of}{_YEAR})?\b"),
            rule("DATE", r"(?<![\d/.-])(?:0?[1-9]|[12]\d|3[01])([/.-])(?:0?[1-9]|1[0-2])\1(?:(?:19|20)\d\d|\d\d)(?![\d/-]|\.\d)"),
            rule("DATE", rf"(?<![\d/.-]){_YEAR}[-/](?:0?[1-9]|1[0-2])[-/](?:0?[1-9]|[12]\d|3[01])(?![\d/-])"),
            rule("TIME", self.hour.replace("H", _HOUR)),
            rule("TIME", rf"(?<![\d:.,/]){_HOUR}:[0-5]\d(?![:\d])"),
            rule("DATE_INTERVAL", rf"\b{months} {self.of}{_YEAR}\b"),
            rule("DATE_INTERVAL", rf"\b(?:en|in|im|em|nel|seit|depuis|desde|dal|del|von|années?|anno|año|ano|jahr|jaar|sinds) (?P<e>{_YEAR})\b"),
            rule("DURATION", rf"\b\d+(?:[.,]\d+)? {units}\b"),
        )  # fmt: skip


OTHERS: Final = {
    "fr": Calendar(
        "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre",
        "secondes|seconde|minutes|minute|heures|heure|jours|jour|nuits|nuit|semaines|semaine|mois|années|année|ans|an",
        r"\b(?:j'ai|a|as|avait|âgée? de|avons|ont|de) (?P<e>N ans)\b",
        r"\bH ?(?:h|heures?) ?[0-5]\d\b|\b(?:à|vers|dès|jusqu'à) (?P<e>H ?(?:h|heures?))\b",
    ),
    "es": Calendar(
        "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre",
        "segundos|segundo|minutos|minuto|horas|hora|días|día|noches|noche|semanas|semana|meses|mes|años|año",
        r"\b(?:tengo|tiene|tienes|tenía|de|cumple|cumplió) (?P<e>N años)\b",
        r"\b(?:las?) (?P<e>H(?:[:.][0-5]\d)?(?: (?:de la (?:mañana|tarde|noche)|horas))?)\b(?! \w+s\b)",
    ),
    "de": Calendar(
        "Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember",
        "Sekunden|Sekunde|Minuten|Minute|Stunden|Stunde|Tage|Tagen|Tag|Nächte|Wochen|Woche|Monate|Monaten|Monat|Jahre|Jahren|Jahr",
        r"\bN (?:Jahre|Monate) alt\b|\bN-?jährige?[rsn]?\b",
        r"\bH(?:[:.][0-5]\d)? Uhr(?: [0-5]?\d)?\b",
        of="",
    ),
    "it": Calendar(
        "gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|dicembre",
        "secondi|minuti|minuto|ore|ora|giorni|giorno|notti|notte|settimane|settimana|mesi|mese|anni|anno",
        r"\b(?:ho|ha|hai|aveva|di) (?P<e>N anni)\b",
        r"\b(?:alle|le|dalle) (?:ore )?(?P<e>H(?:[:.][0-5]\d)?)\b",
    ),
    "pt": Calendar(
        "janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|outubro|novembro|dezembro",
        "segundos|segundo|minutos|minuto|horas|hora|dias|dia|noites|noite|semanas|semana|meses|mês|anos|ano",
        r"\b(?:tenho|tem|tinha|de|com) (?P<e>N anos)\b",
        r"\b(?:às|as) (?P<e>H(?:[:h][0-5]\d|h)?(?: horas)?)\b",
    ),
    "nl": Calendar(
        "januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december",
        "seconden|minuten|minuut|uren|dagen|dag|nachten|weken|week|maanden|maand|jaren|jaar",
        r"\bN jaar oud\b|\b(?:ben|is|was) (?P<e>N jaar)\b",
        r"\bH(?:[:.][0-5]\d)? uur\b",
        of="",
    ),
}  # fmt: skip

ANYWHERE: Final = (
    rule("DATE", rf"(?<![\d/.-]){_YEAR}[-/](?:0?[1-9]|1[0-2])[-/](?:0?[1-9]|[12]\d|3[01])(?![\d/-])"),
    rule("DATE", r"(?<![\d/.-])(?:0?[1-9]|[12]\d|3[01])([/.-])(?:0?[1-9]|1[0-2])\1(?:(?:19|20)\d\d|\d\d)(?![\d/-]|\.\d)"),
    rule("TIME", rf"(?<![\d:.,/]){_HOUR}:[0-5]\d(?![:\d])"),
    rule("DATE", r"(?:\d{4}年)?\d{1,2}月\d{1,2}日|\d{1,2}월 ?\d{1,2}일"),
    rule("DATE_INTERVAL", r"(?:19|20)\d\d年(?:\d{1,2}月)?|(?:19|20)\d\d년"),
    rule("TIME", r"\d{1,2}[時点點](?:\d{1,2}分|半)?|\d{1,2}시(?: ?\d{1,2}분)?"),
)  # fmt: skip
