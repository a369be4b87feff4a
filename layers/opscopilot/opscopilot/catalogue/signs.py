"""Characters and words that stand around a number in a cell: digits of other scripts, blanks, currencies.

All of it is about single cells; which sign is the decimal one is found out from the column (formats.py).
"""

from __future__ import annotations

import re

_DIGITS = {chr(start + value): str(value) for start in (0xFF10, 0x0660, 0x06F0, 0x0966) for value in range(10)}
"""Full-width, Arabic-Indic, Persian and Devanagari digits."""
_OTHER = {
    **dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\u2014\ufe63\uff0d", "-"),
    **dict.fromkeys("\u00a0\u2007\u2008\u2009\u200a\u202f\u3000\t", " "),
    **dict.fromkeys("\u2019\u2018\u00b4\u2032`", "'"),
    "\uff0c": ",", "\uff0e": ".", "\uff08": "(", "\uff09": ")", "\uff05": "%", "\u066a": "%", "\uff0b": "+",
    "\uffe5": "¥", "\uff04": "$", "\u066b": ".", "\u066c": ",",
}  # fmt: skip
"""Minus signs, blanks and apostrophes of every kind; the Arabic decimal and thousands signs."""
PLAIN = _DIGITS | _OTHER
_PLAIN_TABLE = str.maketrans(PLAIN)

CURRENCIES = frozenset(
    """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG
    HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD
    MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF
    SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS
    VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG""".split()
)
"""ISO 4217."""

CURRENCY_NAMES = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₽": "RUB", "₺": "TRY", "₩": "KRW", "₪": "ILS", "₫": "VND", "₱": "PHP",
    "₴": "UAH", "₦": "NGN", "฿": "THB", "₡": "CRC", "₲": "PYG", "₸": "KZT", "₼": "AZN", "₾": "GEL", "₵": "GHS",
    "₭": "LAK", "₮": "MNT", "៛": "KHR", "zł": "PLN", "kč": "CZK", "ft": "HUF", "r$": "BRL", "us$": "USD",
    "usd$": "USD", "u$s": "USD", "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "can$": "CAD", "hk$": "HKD",
    "nz$": "NZD", "nt$": "TWD", "mx$": "MXN", "s$": "SGD", "rm": "MYR", "rp": "IDR", "fr.": "CHF", "sfr.": "CHF",
    "sfr": "CHF", "s/": "PEN", "s/.": "PEN", "euro": "EUR", "euros": "EUR", "円": "JPY", "元": "CNY", "rmb": "CNY",
    "лв": "BGN", "лв.": "BGN", "руб": "RUB", "руб.": "RUB", "lei": "RON", "dkr": "DKK", "dkr.": "DKK",
}  # fmt: skip
"""Signs and words that belong to one currency (lower case). $, ¥, kr and Rs belong to several and name none."""
_SHARED = ("$", "¥", "kr", "kr.", "rs", "rs.", "﷼")
_WORDS = sorted((*(code.lower() for code in CURRENCIES), *CURRENCY_NAMES, *_SHARED), key=len, reverse=True)
CURRENCY = "(?:" + "|".join(re.escape(word).replace("\\ ", " ").replace("/", "/") for word in _WORDS) + ")"
"""A pattern for one currency, without regard to case."""

DAY_WORDS = frozenset(
    "d day days tag tage tagen t jour jours j dia dias día días giorno giorni gg dag dage dagen dagar".split()
)
"""Ways to write 'days' behind a number of days."""

NOTHING = frozenset(("-", "–", "—", "none", "null", "nil", "(null)", "(none)", "<null>", "(blank)", "(leer)"))
"""Ways in which systems write an empty cell."""
UNKNOWN = frozenset(
    ("n/a", "n.a.", "n.a", "na", "#n/a", "#nv", "<na>", "nan", "?", "??", "???", "unknown", "unbekannt", "inconnu",
     "desconocido", "sconosciuto", "tbd", "tba", "tbc", "k.a.", "k. a.", "n/d", "n.d.", "nd", "s/o", "n.v.t.",
     "not available", "not applicable", "undefined", "i.a.", "-.-")
)  # fmt: skip
"""Ways to say that nobody knows. Never zero, and never the default of a field."""


def plain(text: str) -> str:
    """`text` with ASCII digits, blanks, minus signs and apostrophes."""
    return text if text.isascii() else text.translate(_PLAIN_TABLE).strip()


def plain_sql(sql: str) -> str:
    """The same in DuckDB."""
    given, wanted = "".join(PLAIN), "".join(PLAIN.values())
    return f"trim(translate({sql}, {literal(given)}, {literal(wanted)}))"


def literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"


def listed(words: frozenset[str]) -> str:
    """Texts in SQL, for IN (…)."""
    return ", ".join(literal(word) for word in sorted(words))
