"""What may be redacted: the types of entities, and presets that name those of a regulation.

Types and names of presets are Gladia's. What a preset stands for follows the text of its regulation, as far
as speech can hold it; it is no legal advice:

- GDPR: Regulation (EU) 2016/679, article 4(1), what identifies a person directly or indirectly;
  GDPR_SENSITIVE: its article 9(1), the special categories alone.
- HIPAA_SAFE_HARBOR, or HIPAA: 45 CFR 164.514(b)(2), the eighteen identifiers.
- HEALTH_INFORMATION: 45 CFR 160.103, what is said of somebody's health and care.
- CPRA: California Civil Code 1798.140(v) and (ae), personal and sensitive personal information.
- APPI: Japan's Act on the Protection of Personal Information, article 2(1) and (2), with the identification
  codes of its cabinet order; APPI_SENSITIVE: article 2(3).
- QUEBEC_PRIVACY_ACT: CQLR c. P-39.1, section 2, what allows a person to be identified.
- PCI: PCI DSS 4.0, cardholder data and sensitive authentication data.
- CORE_ENTITIES: who somebody is and how to reach them; NUMERICAL_EXCL_PCI: numbers that are not a card's;
  CCI: what a company keeps to itself. These are no regulations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Strict

from vivavoce.protocol.sections import Section, at_most
from vivavoce.protocol.validation import refusal

_NAMES = frozenset({"NAME", "NAME_FAMILY", "NAME_GIVEN", "NAME_MEDICAL_PROFESSIONAL"})
_FINE_PLACES = frozenset(
    {"LOCATION_ADDRESS", "LOCATION_ADDRESS_STREET", "LOCATION_COORDINATE", "LOCATION_CITY", "LOCATION_ZIP"}
)
_PLACES = _FINE_PLACES | {"LOCATION", "LOCATION_COUNTRY", "LOCATION_STATE"}
_REACHED = frozenset({"EMAIL_ADDRESS", "PHONE_NUMBER"})
_ONLINE = frozenset({"IP_ADDRESS", "URL", "USERNAME"})
_DOCUMENTS = frozenset({"DRIVER_LICENSE", "HEALTHCARE_NUMBER", "PASSPORT_NUMBER", "SSN", "VEHICLE_ID"})
_ACCOUNTS = frozenset({"ACCOUNT_NUMBER", "BANK_ACCOUNT", "ROUTING_NUMBER"})
_CARDS = frozenset({"CREDIT_CARD", "CREDIT_CARD_EXPIRATION", "CVV"})
_DATES = frozenset({"DATE", "DATE_INTERVAL", "DAY", "DOB", "MONTH", "YEAR"})
_HEALTH = frozenset(
    {"BLOOD_TYPE", "CONDITION", "DOSE", "DRUG", "EFFECT", "INJURY", "MEDICAL_CODE", "MEDICAL_PROCESS"}
)
_CONVICTIONS = frozenset({"ORIGIN", "POLITICAL_AFFILIATION", "RELIGION"})
_SEX = frozenset({"GENDER", "GENDER_SEXUALITY", "SEXUALITY"})
_BUSINESS = frozenset({"CORPORATE_ACTION", "FINANCIAL_METRIC", "PRODUCT", "PROJECT", "TREND"})
_OTHERS = frozenset(
    {
        "AGE",
        "DURATION",
        "EVENT",
        "FILENAME",
        "LANGUAGE",
        "MARITAL_STATUS",
        "MONEY",
        "NUMERICAL_PII",
        "OCCUPATION",
        "ORGANIZATION",
        "ORGANIZATION_ID",
        "ORGANIZATION_MEDICAL_FACILITY",
        "PASSWORD",
        "PHYSICAL_ATTRIBUTE",
        "STATISTICS",
        "TIME",
        "ZODIAC_SIGN",
    }
)

ENTITY_TYPES: Final = (
    _NAMES | _PLACES | _REACHED | _ONLINE | _DOCUMENTS | _ACCOUNTS | _CARDS | _DATES | _HEALTH
) | (_CONVICTIONS | _SEX | _BUSINESS | _OTHERS)

_IDENTIFIED = _NAMES | _REACHED | _ONLINE | _DOCUMENTS | _ACCOUNTS | _FINE_PLACES | {"DOB", "NUMERICAL_PII"}
_GDPR = (
    _IDENTIFIED
    | _CARDS
    | {
        "AGE",
        "LOCATION",
        "MARITAL_STATUS",
        "OCCUPATION",
        "PASSWORD",
        "PHYSICAL_ATTRIBUTE",
    }
)
_HIPAA = (_IDENTIFIED - {"USERNAME"}) | _CARDS | _DATES | {"AGE", "LOCATION", "ORGANIZATION_MEDICAL_FACILITY"}
_SPECIAL = _CONVICTIONS | _SEX | _HEALTH

PRESETS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "APPI": _IDENTIFIED | _CARDS,
        "APPI_SENSITIVE": _CONVICTIONS | _HEALTH,
        "CCI": _BUSINESS | {"MONEY", "ORGANIZATION", "ORGANIZATION_ID"},
        "CORE_ENTITIES": _NAMES | _REACHED | _FINE_PLACES | {"DOB", "SSN"},
        "CPRA": _GDPR | _SPECIAL,
        "GDPR": _GDPR,
        "GDPR_SENSITIVE": _SPECIAL,
        "HEALTH_INFORMATION": _HEALTH
        | {"HEALTHCARE_NUMBER", "NAME_MEDICAL_PROFESSIONAL", "ORGANIZATION_MEDICAL_FACILITY"},
        "HIPAA": _HIPAA,
        "HIPAA_SAFE_HARBOR": _HIPAA,
        "NUMERICAL_EXCL_PCI": _DOCUMENTS
        | _ACCOUNTS
        | {"IP_ADDRESS", "LOCATION_ZIP", "NUMERICAL_PII", "PHONE_NUMBER"},
        "PCI": _CARDS | {"NAME", "NAME_FAMILY", "NAME_GIVEN"},
        "QUEBEC_PRIVACY_ACT": _GDPR | {"ORIGIN"},
    }
)

_COVERED: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "NAME": _NAMES,
        "LOCATION": _PLACES,
        "ORGANIZATION": frozenset({"ORGANIZATION_MEDICAL_FACILITY"}),
        "LOCATION_ADDRESS_STREET": frozenset({"LOCATION_ADDRESS"}),
        "GENDER": frozenset({"GENDER_SEXUALITY"}),
        "SEXUALITY": frozenset({"GENDER_SEXUALITY"}),
        "DATE": frozenset({"DOB", "DAY", "MONTH", "YEAR"}),
        "DAY": frozenset({"DATE", "DOB"}),
        "MONTH": frozenset({"DATE", "DATE_INTERVAL", "DOB"}),
        "YEAR": frozenset({"DATE", "DATE_INTERVAL", "DOB"}),
    }
)
"""What else goes where a type is asked for: what it is made of, and what cannot be told from it."""

NAMED: Final = _NAMES | _PLACES | {"ORGANIZATION", "ORGANIZATION_MEDICAL_FACILITY"}
"""Types that have no form of their own: it takes a model of the language to find them."""

NEVER_FOUND: Final = frozenset({"CORPORATE_ACTION", "EFFECT", "FINANCIAL_METRIC", "PROJECT", "TREND"})
"""Types that may be asked for, and that nothing looks for."""

_MOST_TYPES = 200


def redacted_types(asked: Iterable[str]) -> frozenset[str]:
    """The types of entities that go where these types and presets are asked for."""
    named = frozenset().union(*(PRESETS.get(name, frozenset({name})) for name in asked))
    return named.union(*(_COVERED.get(name, frozenset()) for name in named))


def _known(name: str) -> str:
    if name not in ENTITY_TYPES and name not in PRESETS:
        presets, types = ", ".join(sorted(PRESETS)), ", ".join(sorted(ENTITY_TYPES))
        raise refusal(f"must be a preset ({presets}) or a type of entity ({types})")
    return name


def _some(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise refusal("must name a type of entity or a preset")
    return names


def _as_list(value: Any) -> Any:
    """The official SDK's type is a single name."""
    return [value] if isinstance(value, str) else value


class PiiRedactionConfig(Section):
    """`entity_types`: types, presets or both. MARKER writes `[NAME_1]`, MASK `#### #####`.

    With `bleep` a tone is laid over what is redacted in the recording.
    """

    entity_types: Annotated[
        tuple[Annotated[str, AfterValidator(_known)], ...],
        Strict(False),
        BeforeValidator(_as_list),
        at_most(_MOST_TYPES),
        AfterValidator(_some),
    ] = ("GDPR",)
    processed_text_type: Literal["MARKER", "MASK"] = "MARKER"
    bleep: bool = False
