"""SQL (DuckDB) that reads wall times and sets of weekdays as text, or gives NULL."""

from __future__ import annotations

from opscopilot.catalogue.signs import literal

_CLOCK = (
    r"(?:(?:1899-12-3[01]|1900-01-0[01]|1970-01-01)[T ])?([0-9]{1,2})(?:[:.h]([0-9]{2}))?(?:[:.]([0-9]{2})(?:[.,][0-9]+)?)?"
    r" ?(am|pm|a[.]m[.]|p[.]m[.]|uhr|h|hrs)?"
)
_FRACTION = r"0?[.,][0-9]+|0"
"""How spreadsheets keep a time: as a share of the day. A single zero in front tells 0.25 (6:00) from 00.25."""
_DIGITS = r"([01][0-9]|2[0-3])[0-5][0-9]"
_DAY_NAMES = (
    "mon|montag|mo|lun|lundi|lunes|lunedi|lunedì|lu|man|mandag|monday|ma|maandag",
    "tue|tues|tuesday|dienstag|di|mar|mardi|martes|martedi|martedì|tir|tirsdag|tu|dinsdag",
    "wed|wednesday|mittwoch|mi|mer|mercredi|mie|mié|miercoles|miércoles|mercoledi|mercoledì|ons|onsdag|we|woensdag",
    "thu|thur|thurs|thursday|donnerstag|do|jeu|jeudi|jue|jueves|gio|giovedi|giovedì|tor|torsdag|th|donderdag",
    "fri|friday|freitag|fr|ven|vendredi|vie|viernes|venerdi|venerdì|fre|fredag|vrijdag",
    "sat|saturday|samstag|sonnabend|sa|sam|samedi|sab|sáb|sabado|sábado|sabato|lor|lør|lordag|lørdag|zaterdag",
    "sun|sunday|sonntag|so|su|dim|dimanche|dom|domingo|domenica|son|søn|sondag|søndag|zondag",
)
_WORDS = {
    "1-7": "all|daily|every day|everyday|alle|täglich|taeglich|tous les jours|todos|tutti|alle dage",
    "1-5": "weekdays|working days|workdays|werktags|jours ouvrés|laborables|feriali|hverdage",
    "6-7": "weekend|weekends|wochenende|week-end|fin de semana",
}


def time_text(raw: str) -> str:
    """The cell as HH:MM:SS: 7:00, 07:00:00.0000000, 2300, 11 pm, 7.30 Uhr, 24:00, and a spreadsheet's 0.291667."""
    text = f"lower({raw})"
    part = [f"TRY_CAST(regexp_extract({text}, {literal(_CLOCK)}, {at}) AS INTEGER)" for at in (1, 2, 3)]
    half = f"left(regexp_extract({text}, {literal(_CLOCK)}, 4), 1)"
    hour, minute, second = part[0], f"coalesce({part[1]}, 0)", f"coalesce({part[2]}, 0)"
    turned = (
        f"CASE WHEN {half} IN ('a', 'p') THEN CASE WHEN {hour} BETWEEN 1 AND 12 "
        f"THEN {hour} % 12 + CASE WHEN {half} = 'p' THEN 12 ELSE 0 END END "
        f"WHEN {hour} <= 23 OR ({hour} = 24 AND {minute} + {second} = 0) THEN {hour} % 24 END"
    )
    seconds = f"CAST(round(CAST(replace({raw}, ',', '.') AS DOUBLE) * 1440) AS INTEGER) % 1440 * 60"
    return (
        f"CASE WHEN regexp_full_match({raw}, {literal(_FRACTION)}) THEN {_written(seconds)} "
        f"WHEN regexp_full_match({raw}, {literal(_DIGITS)}) THEN left({raw}, 2) || ':' || right({raw}, 2) || ':00' "
        f"WHEN regexp_full_match({text}, {literal(_CLOCK)}) AND {minute} < 60 AND {second} < 60 "
        f"THEN {_written(f'({turned}) * 3600 + {minute} * 60 + {second}')} END"
    )


def _written(seconds: str) -> str:
    parts = f"({seconds}) // 3600", f"({seconds}) // 60 % 60", f"({seconds}) % 60"
    return " || ':' || ".join(f"lpad(CAST({one} AS VARCHAR), 2, '0')" for one in parts)


def weekdays_text(raw: str) -> str:
    """The cell as digits in order, Monday 1: Mon-Fri, Mo–Fr, 1-5, "1,2,3", 12345, Sat to Mon, weekend, daily."""
    text = f"regexp_replace(lower({raw}), '[–—]|\\b(to|bis|through|a|al|til|à)\\b', '-', 'g')"
    for digits, words in _WORDS.items():
        text = f"regexp_replace({text}, {literal(f'^({words})$')}, '{digits}')"
    for number, names in enumerate(_DAY_NAMES, 1):
        pattern = rf"(^|[^\p{{L}}])({names})[.]?($|[^\p{{L}}.])"
        wanted = rf"\1{number}\3"
        text = f"regexp_replace({text}, {literal(pattern)}, {literal(wanted)}, 'g')"
    text = f"regexp_replace({text}, ' *- *', '-', 'g')"
    tokens = f"string_split(regexp_replace({text}, '[ ,;/+&|]+', ',', 'g'), ',')"
    low, high = "CAST(t[1] AS INTEGER)", "CAST(t[3] AS INTEGER)"
    within = f"CASE WHEN {low} <= {high} THEN d BETWEEN {low} AND {high} ELSE d >= {low} OR d <= {high} END"
    held = f"CASE WHEN contains(t, '-') THEN {within} ELSE contains(t, CAST(d AS VARCHAR)) END"
    days = f"list_filter([1, 2, 3, 4, 5, 6, 7], lambda d: len(list_filter({tokens}, lambda t: {held})) > 0)"
    right = f"len(list_filter({tokens}, lambda t: NOT regexp_full_match(t, '[1-7]+|[1-7]-[1-7]'))) = 0"
    return f"CASE WHEN {right} THEN array_to_string({days}, '') END"
