"""Spellings of closed sets: yes and no, countries, currencies, units, enum values. Keys are lower case."""

from __future__ import annotations

from opscopilot.catalogue import signs
from opscopilot.catalogue.declaration import Field
from opscopilot.catalogue.types import Type
from opscopilot.kernel import uom

_YES = ("true", "t", "yes", "y", "1", "x", "on", "ja", "j", "oui", "si", "sì", "sí", "sim", "wahr", "vrai", "vero")
_NO = ("false", "f", "no", "n", "0", "off", "nein", "nej", "non", "não", "falsch", "faux", "falso", "-")
BOOLEANS = {**dict.fromkeys(_YES, "true"), **dict.fromkeys(_NO, "false")}

COUNTRIES = frozenset(
    """AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO
    JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR
    MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO
    RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV
    TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW""".split()
)
"""ISO 3166-1 alpha-2."""

_COUNTRY_NAMES = {
    "denmark": "DK", "danmark": "DK", "dnk": "DK", "germany": "DE", "deutschland": "DE", "deu": "DE", "sweden": "SE",
    "sverige": "SE", "swe": "SE", "norway": "NO", "norge": "NO", "nor": "NO", "finland": "FI", "suomi": "FI",
    "fin": "FI", "france": "FR", "frankreich": "FR", "fra": "FR", "italy": "IT", "italia": "IT", "italien": "IT",
    "ita": "IT", "spain": "ES", "españa": "ES", "spanien": "ES", "esp": "ES", "portugal": "PT", "prt": "PT",
    "netherlands": "NL", "the netherlands": "NL", "nederland": "NL", "niederlande": "NL", "nld": "NL",
    "belgium": "BE", "belgien": "BE", "bel": "BE", "austria": "AT", "österreich": "AT", "aut": "AT",
    "switzerland": "CH", "schweiz": "CH", "che": "CH", "poland": "PL", "polska": "PL", "polen": "PL", "pol": "PL",
    "czech republic": "CZ", "czechia": "CZ", "cze": "CZ", "hungary": "HU", "hun": "HU", "ireland": "IE", "irl": "IE",
    "united kingdom": "GB", "great britain": "GB", "uk": "GB", "gbr": "GB", "united states": "US", "usa": "US",
    "united states of america": "US", "canada": "CA", "can": "CA", "mexico": "MX", "mex": "MX", "brazil": "BR",
    "brasil": "BR", "bra": "BR", "china": "CN", "chn": "CN", "japan": "JP", "jpn": "JP", "india": "IN", "ind": "IN",
    "australia": "AU", "aus": "AU", "new zealand": "NZ", "nzl": "NZ", "south africa": "ZA", "zaf": "ZA",
    "allemagne": "DE", "alemania": "DE", "germania": "DE", "tyskland": "DE", "royaume-uni": "GB", "reino unido": "GB",
    "regno unito": "GB", "england": "GB", "großbritannien": "GB", "vereinigtes königreich": "GB", "états-unis": "US",
    "etats-unis": "US", "estados unidos": "US", "stati uniti": "US", "vereinigte staaten": "US", "frankrig": "FR",
    "francia": "FR", "espagne": "ES", "spagna": "ES", "espana": "ES", "italie": "IT", "pays-bas": "NL",
    "países bajos": "NL", "paesi bassi": "NL", "holland": "NL", "belgique": "BE", "bélgica": "BE", "belgio": "BE",
    "autriche": "AT", "osterreich": "AT", "suisse": "CH", "suiza": "CH", "svizzera": "CH", "schweden": "SE",
    "suède": "SE", "norwegen": "NO", "norvège": "NO", "dänemark": "DK", "danemark": "DK", "dinamarca": "DK",
    "danimarca": "DK", "finnland": "FI", "finlande": "FI", "pologne": "PL", "polonia": "PL", "tschechien": "CZ",
    "česko": "CZ", "ungarn": "HU", "hongrie": "HU", "irland": "IE", "irlande": "IE", "irlanda": "IE", "griechenland": "GR",
    "greece": "GR", "grèce": "GR", "grecia": "GR", "romania": "RO", "rumänien": "RO", "bulgaria": "BG", "croatia": "HR",
    "slovenia": "SI", "slovakia": "SK", "estonia": "EE", "latvia": "LV", "lithuania": "LT", "luxembourg": "LU",
    "luxemburg": "LU", "russia": "RU", "ukraine": "UA", "japon": "JP", "giappone": "JP", "chine": "CN", "cina": "CN",
    "korea": "KR", "south korea": "KR", "taiwan": "TW", "thailand": "TH", "vietnam": "VN", "indonesia": "ID",
    "malaysia": "MY", "singapore": "SG", "philippines": "PH", "argentina": "AR", "chile": "CL", "colombia": "CO",
    "peru": "PE", "perú": "PE", "méxico": "MX", "israel": "IL", "egypt": "EG", "morocco": "MA", "nigeria": "NG",
    "kenya": "KE", "saudi arabia": "SA", "pakistan": "PK", "bangladesh": "BD", "sri lanka": "LK", "iceland": "IS",
    "turkey": "TR", "türkiye": "TR", "tur": "TR", "united arab emirates": "AE", "uae": "AE", "are": "AE",
}  # fmt: skip


def of(field: Field) -> dict[str, str] | None:
    """Every accepted spelling of the field's values and what is kept for it; None for open types."""
    if field.type is Type.ENUM:
        own = {form: value for value in field.enum for form in _forms(value)}
        named = {form: value for alias, value in field.aliases.items() for form in _forms(alias.lower())}
        return {**named, **{alias.lower(): value for alias, value in field.aliases.items()}, **own}
    if field.type is Type.BOOL:
        return BOOLEANS
    if field.type is Type.UOM:
        return uom.spellings()
    if field.type is Type.COUNTRY:
        return {**{code.lower(): code for code in COUNTRIES}, **_COUNTRY_NAMES}
    if field.type is Type.CURRENCY:
        words = {name: code for name, code in signs.CURRENCY_NAMES.items() if name not in ("euro", "euros")}
        return {**{code.lower(): code for code in signs.CURRENCIES}, **words}
    return None


def _forms(value: str) -> set[str]:
    text = value.replace("_", " ")
    return {value, text, text.replace(" ", "_"), text.replace(" ", "-"), text.replace(" ", "")}
