"""What short lists know: languages, origins, beliefs, occupations, states of health. Lists, not knowledge:
what is not on them is not found."""

from __future__ import annotations

import re
from typing import Final

from vivavoce.intelligence.entities.base import Found, Rule, any_of, rule

_LANGUAGES: Final = (
    "English|Spanish|Portuguese|French|German|Italian|Dutch|Polish|Russian|Ukrainian|Czech|Greek|Turkish|Arabic|"
    "Hebrew|Hindi|Urdu|Bengali|Punjabi|Tamil|Telugu|Gujarati|Mandarin|Cantonese|Chinese|Japanese|Korean|Vietnamese|"
    "Thai|Tagalog|Indonesian|Malay|Swahili|Yoruba|Swedish|Norwegian|Danish|Finnish|Hungarian|Romanian|Bulgarian|"
    "Croatian|Serbian|Persian|Farsi|Latin|Catalan|Welsh|Esperanto|sign language"
)
_ORIGINS: Final = (
    "American|British|Canadian|Australian|Mexican|Brazilian|Argentinian|Argentine|Colombian|Chilean|Peruvian|Cuban|"
    "Puerto Rican|Spanish|Portuguese|French|German|Italian|Dutch|Belgian|Swiss|Austrian|Polish|Russian|Ukrainian|"
    "Czech|Slovak|Greek|Turkish|Egyptian|Moroccan|Algerian|Tunisian|Lebanese|Syrian|Iraqi|Iranian|Israeli|Saudi|"
    "Indian|Pakistani|Bangladeshi|Nepali|Sri Lankan|Chinese|Japanese|Korean|Taiwanese|Vietnamese|Thai|Filipino|"
    "Filipina|Indonesian|Malaysian|Nigerian|Ghanaian|Kenyan|Ethiopian|South African|Swedish|Norwegian|Danish|"
    "Finnish|Icelandic|Hungarian|Romanian|Bulgarian|Croatian|Serbian|Irish|Scottish|Welsh|English|European|African|"
    "Asian|African American|Asian American|Hispanic|Latino|Latina|Caucasian|Native American|Jamaican|Haitian|Dominican"
)
_RELIGIONS: Final = (
    "Catholic|Protestant|Christian|Orthodox Christian|Jewish|Muslim|Islamic|Buddhist|Hindu|Sikh|Mormon|atheist|agnostic|"
    "Baptist|Methodist|Lutheran|Presbyterian|Anglican|Evangelical|Jehovah's Witness|Quaker|Sunni|Shia|Catholicism|"
    "Christianity|Islam|Judaism|Buddhism|Hinduism|Atheism"
)
_POLITICS: Final = (
    "Republican|Republicans|Democrat|Democrats|Democratic Party|Republican Party|Tory|Tories|Labour Party|socialist|"
    "communist|libertarian|Social Democrat|Green Party|Liberal Democrat|Conservative Party|Marxist|anarchist"
)
_MARITAL: Final = "divorced|widowed|widower|widow|separated from my|engaged to be married|unmarried"
_SIGNS: Final = "Aries|Taurus|Gemini|Leo|Virgo|Libra|Scorpio|Sagittarius|Capricorn|Aquarius|Pisces"
_GENDER: Final = (
    "gay|lesbian|bisexual|transgender|trans woman|trans man|non-binary|nonbinary|heterosexual|homosexual|asexual|"
    "pansexual|genderfluid|queer"
)
_OCCUPATIONS: Final = (
    "accountant|actor|actress|architect|artist|assistant manager|attorney|baker|barista|barber|bartender|bookkeeper|"
    "bus driver|butcher|carpenter|cashier|chef|chief executive officer|chief executive|CEO|CFO|CTO|civil engineer|"
    "consultant|construction worker|customer service representative|data scientist|dentist|designer|developer|doctor|"
    "economist|electrician|engineer|farmer|firefighter|flight attendant|gardener|graphic designer|hairdresser|"
    "housekeeper|janitor|journalist|judge|lawyer|librarian|lifeguard|marketing manager|mechanic|midwife|"
    "mechanical engineer|musician|nurse|office manager|optician|painter|paralegal|paramedic|pharmacist|photographer|"
    "physician|physiotherapist|pilot|plumber|police officer|product manager|professor|programmer|project manager|"
    "psychiatrist|psychologist|real estate agent|receptionist|reporter|sales manager|salesman|salesperson|scientist|"
    "secretary|security guard|singer|social worker|software developer|software engineer|surgeon|surveyor|tailor|"
    "taxi driver|teacher|technician|therapist|translator|travel agent|truck driver|veterinarian|waiter|waitress|welder|writer"
)
_CONDITIONS: Final = (
    "diabetes|type 1 diabetes|type 2 diabetes|asthma|cancer|breast cancer|lung cancer|prostate cancer|leukemia|hypertension|"
    "high blood pressure|pneumonia|bronchitis|influenza|the flu|COVID|COVID-19|arthritis|osteoporosis|migraine|migraines|"
    "epilepsy|anemia|depression|anxiety disorder|bipolar disorder|schizophrenia|dementia|Alzheimer's|Parkinson's|"
    "multiple sclerosis|HIV|hepatitis|tuberculosis|heart disease|heart failure|heart attack|stroke|angina|arrhythmia|"
    "kidney failure|appendicitis|eczema|psoriasis|gastritis|ulcer|celiac disease|Crohn's disease|COPD|sleep apnea|"
    "insomnia|obesity|endometriosis|glaucoma|cataracts|gout|lupus|autism|ADHD|PTSD|sepsis"
)
_DRUGS: Final = (
    "ibuprofen|aspirin|paracetamol|acetaminophen|penicillin|amoxicillin|azithromycin|metformin|insulin|lisinopril|"
    "atorvastatin|simvastatin|amlodipine|metoprolol|omeprazole|pantoprazole|losartan|gabapentin|sertraline|fluoxetine|"
    "citalopram|escitalopram|prednisone|levothyroxine|albuterol|salbutamol|warfarin|clopidogrel|tramadol|oxycodone|"
    "morphine|codeine|diazepam|lorazepam|alprazolam|naproxen|doxycycline|ciprofloxacin|furosemide|hydrochlorothiazide|"
    "Tylenol|Advil|Xanax|Prozac|Zoloft|Lipitor|Xarelto|Eliquis|Ozempic|Humira|Viagra|Ventolin|Adderall|Ritalin|Benadryl"
)
_PROCEDURES: Final = (
    "MRI|MRI scan|CT scan|CAT scan|X-ray|ultrasound|biopsy|colonoscopy|mammogram|chemotherapy|radiation therapy|dialysis|"
    "blood test|blood transfusion|surgery|bypass surgery|C-section|vaccination|echocardiogram|electrocardiogram|EKG|ECG|"
    "endoscopy|hysterectomy|appendectomy|physical therapy|root canal|hip replacement|knee replacement"
)
_INJURIES: Final = (
    "broken (?:arm|leg|wrist|ankle|hip|nose|rib|ribs|finger|toe|collarbone)|sprained (?:ankle|wrist)|fractured \\w+|concussion|"
    "dislocated \\w+|whiplash|torn (?:ligament|ACL|meniscus)"
)
_EVENTS: Final = (
    "Super Bowl|World Cup|Olympics|Olympic Games|World War I|World War II|World War One|World War Two|Black Friday|"
    "Wimbledon|Oktoberfest|World Series|Champions League|Grand Prix"
)
_PRODUCTS: Final = (
    "iPhone|iPad|MacBook|AirPods|Android|PlayStation|Xbox|Kindle|Galaxy|Windows 10|Windows 11|Chromebook|Apple Watch|"
    "Alexa|Photoshop|Excel|PowerPoint|Outlook|Google Maps|Gmail"
)
_MEDICAL_CODES: Final = (
    r"\b(?-i:[A-TV-Z])\d{2}\.\d{1,3}\b|\b(?:ICD|CPT)(?:-10)?(?: code)? (?P<e>[A-Z]?\d[\w.]*)"
)
# What is no origin or language but a thing: French fries, English breakfast.
_NOT_PEOPLE: Final = r"(?! (?:fries|toast|breakfast|muffin|shepherd|cheese|airlines|airways|express|open|bank|revolution|dollars?|francs?|pounds|history|literature))"

ENGLISH: Final[tuple[Rule, ...]] = (
    rule("BLOOD_TYPE", r"\b(?:AB|A|B|O)[ -]?(?:positive|negative|pos|neg)\b|\bblood (?:type|group)(?: is)? (?P<e>(?:AB|A|B|O)\b[+-]?)|\b(?-i:AB|A|B|O)[+-](?=\W|$)"),
    rule("MEDICAL_CODE", _MEDICAL_CODES),
    rule("EVENT", rf"\b{any_of(_EVENTS)}\b"),
    Rule("PRODUCT", re.compile(rf"\b{any_of(_PRODUCTS)}\b(?: \d{{1,2}})?(?: (?:Pro|Max|Plus|Mini|Air)\b)*")),
    rule("RELIGION", rf"\b{any_of(_RELIGIONS)}s?\b"),
    rule("POLITICAL_AFFILIATION", rf"\b{any_of(_POLITICS)}\b"),
    rule("MARITAL_STATUS", rf"\b{any_of(_MARITAL)}\b|\b(?:i'm|i am|he's|she's|he is|she is|are|was|we're|get|got|getting|not|never|been|status is|and) (?P<e>married|single)(?=[.,?!]|$| (?:to|and|with|for|but|now)\b)"),
    Rule("ZODIAC_SIGN", re.compile(rf"\b{any_of(_SIGNS)}\b")),
    rule("ZODIAC_SIGN", rf"\b(?:i'm|he's|she's|is|am|a|an|was|sign is) (?P<e>{any_of(_SIGNS)})\b"),
    rule("GENDER_SEXUALITY", rf"\b{any_of(_GENDER)}\b"),
    rule("DRUG", rf"\b{any_of(_DRUGS)}\b"),
    rule("CONDITION", rf"\b{any_of(_CONDITIONS)}\b"),
    rule("INJURY", rf"\b(?:{_INJURIES})\b"),
    rule("MEDICAL_PROCESS", rf"\b{any_of(_PROCEDURES)}s?\b"),
    rule("OCCUPATION", rf"\b{any_of(_OCCUPATIONS)}s?\b(?!'s office)"),
    rule("LANGUAGE", rf"\b(?:speaks?|speaking|spoke|spoken|in|learn|learning|translated?|language|fluent|into|understand|native|your|my) (?:\w+ ){{0,2}}?(?P<e>{any_of(_LANGUAGES)})\b(?! \w+(?:ese|ian)\b)(?! (?:\w*company|embassy|government|restaurant))"),
    rule("ORIGIN", rf"\b{any_of(_ORIGINS)}s?\b{_NOT_PEOPLE}"),
)  # fmt: skip

EAGER: Final = (
    rule(
        "PHYSICAL_ATTRIBUTE",
        r"\b(?:blue|brown|green|hazel) eyes\b|\b(?:blond|blonde|red|brown|gray|grey) hair\b",
    ),
)

_SPEAKS: Final = re.compile(r"\b(?:speaks?|speaking|spoke|fluent|languages?|translate)\b", re.IGNORECASE)
_TONGUES: Final = re.compile(any_of(_LANGUAGES), re.IGNORECASE)


def settle(found: Found, text: str) -> Found:
    """A people's name is its language where someone speaks."""
    if found.entity_type == "ORIGIN" and _SPEAKS.search(text[: found.start]):
        if _TONGUES.fullmatch(text[found.start : found.end]):
            return Found("LANGUAGE", found.start, found.end)
    return found
