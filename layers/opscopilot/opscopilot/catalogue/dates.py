"""SQL (DuckDB) that reads days and instants as text, in the layout found for the column, or gives NULL.

An instant without an offset is in the plant's zone. A day where an instant is asked for is the beginning of
that production day, so that it is counted on the day the file names.
"""

from __future__ import annotations

from datetime import time

from opscopilot.catalogue import monthnames
from opscopilot.catalogue.layouts import ISO, SERIAL_FROM, SERIAL_TO, DateLayout
from opscopilot.catalogue.signs import literal

_TIME = (
    r"[T ]\s*([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d{1,9})?)?( ?[AaPp]\.?[Mm]\.?)?"
    r"( ?(Z|z|UTC|[+-]\d{2}(:?\d{2})?))?"
)
_PLAIN = r"(19[5-9]|20\d|21\d)\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d([.]\d{1,6})?"
_PLAIN_DAY = r"(19[5-9]|20\d|21\d)\d-\d\d-\d\d"
_NEVER = ("00000000", "0000-00-00", "00.00.0000", "00/00/0000", "00-00-0000", "000000", "0")
_UNTIDY = r"[A-SU-Y\[]|[a-z]|[T ][0-9]{1,2}[.]|, |  "
"""What a cell has that needs tidying before its day and time can be told apart; rarely any."""


def blank(raw: str) -> str:
    """Whether a cell holds one of the ways in which systems write 'no date'."""
    listed = ", ".join(f"'{one}'" for one in _NEVER)
    return f"({raw} IN ({listed}) OR starts_with({raw}, '0001-01-01') OR starts_with({raw}, '1753-01-01'))"


def day_part(raw: str) -> str:
    """The cell without its time, as evidence of how the column writes its days."""
    iso = f"substr({raw}, 5, 1) = '-' AND substr({raw}, 8, 1) = '-'"
    behind = r"(?:[T ]|, ?) *(?:at |um |kl[.]? )?[0-9]{1,2}(?::[0-9]{2}.*|[.][0-9]{2}(?:[.][0-9]{2}([.][0-9]+)?)?( ?[A-Za-z]+[.]?)?)$"
    return (
        f"CASE WHEN {iso} AND (length({raw}) = 10 OR substr({raw}, 11, 1) IN (' ', 'T')) THEN substr({raw}, 1, 10) "
        f"WHEN regexp_full_match({raw}, '[0-9/.-]+') THEN {raw} ELSE regexp_replace({raw}, {literal(behind)}, '') END"
    )


def _tidy(raw: str) -> str:
    """The cell without a weekday in front, with its time written as 14:05:10 and its offset as +02:00."""
    steps = (
        (rf"(?i)^{monthnames.WEEKDAY}([0-9])", r"\1"), (r",? +(?i:at|um|kl[.]?) +", " "), (r", +| {2,}", " "),
        (r"([T ])([0-9]{1,2})[.]([0-5][0-9])[.]([0-5][0-9])", r"\1\2:\3:\4"),
        (r"([T ])([0-9]{1,2})[.]([0-5][0-9])", r"\1\2:\3"), (r" ?(Uhr|uhr|h|hrs?)$", ""), (r"\[[A-Za-z_/+0-9-]+\]$", ""),
        (r" *\([A-Za-z ]+\)$", ""), (r"(GMT|UTC)([+-][0-9])", r"\2"), (r"GMT$", "UTC"),
    )  # fmt: skip
    text = raw
    for pattern, wanted in steps:
        text = f"regexp_replace({text}, {literal(pattern)}, {literal(wanted)})"
    return text


def _rewritten(raw: str, layout: DateLayout) -> str:
    """The cell as an ISO day, with the time behind it if it has one; NULL where it is not of the layout."""
    if layout.rewrite == "names":
        return _names(raw)
    if layout.rewrite == "serial":
        number = f"TRY_CAST(replace({raw}, ',', '.') AS DECIMAL(20, 10))"
        moment = "TIMESTAMP '1899-12-30' + to_seconds(round(x * 86400)::BIGINT)"
        clock = f"CASE WHEN x = floor(x) THEN '' ELSE strftime({moment}, ' %H:%M:%S') END"
        good = f"regexp_full_match({raw}, '[0-9]{{5}}([.,][0-9]+)?') AND x BETWEEN {SERIAL_FROM} AND {SERIAL_TO}"
        return f"list_transform([{number}], lambda x: CASE WHEN {good} THEN strftime({moment}, '%Y-%m-%d') || {clock} END)[1]"
    if layout.rewrite in ("epoch_s", "epoch_ms", "odata"):
        pattern = {"epoch_s": "^(1[0-9]{9})$", "epoch_ms": "^(1[0-9]{12})$"}
        digits = pattern.get(layout.rewrite, "^/Date[(](-?[0-9]+)(?:[+-][0-9]{4})?[)]/$")
        factor = 1_000_000 if layout.rewrite == "epoch_s" else 1000
        micros = f"TRY_CAST(regexp_extract({raw}, '{digits}', 1) AS BIGINT) * {factor}"
        return f"strftime(make_timestamp({micros}), '%Y-%m-%d %H:%M:%S.%fZ')"
    if layout.rewrite == "week":
        week = f"regexp_replace({raw}, '^([0-9]{{4}})-?W([0-9]{{2}})-?([1-7])$', '\\1-W\\2-\\3')"
        return f"strftime(try_strptime({week}, '%G-W%V-%u'), '%Y-%m-%d')"
    if layout.rewrite == "cjk":
        return f"regexp_replace({raw}, '^([0-9]{{4}})年([0-9]{{1,2}})月([0-9]{{1,2}})日', '\\1-\\2-\\3')"
    clock = "([0-9]{2})([0-9]{2})([0-9]{2})?(Z|[+-][0-9]{4})?"
    text = f"regexp_replace({raw}, '^([0-9]{{4}})([0-9]{{2}})([0-9]{{2}})T?{clock}$', '\\1-\\2-\\3 \\4:\\5:\\6\\7')"
    return f"regexp_replace({text}, ':(Z|[+-][0-9]{{4}})?$', '\\1')"


def _names(raw: str) -> str:
    """A day with its month as a word, in any order and language we know."""
    months = ", ".join(f"'{name}': {number}" for name, number in monthnames.MONTHS.items())
    cases = []
    for order, pattern in monthnames.PATTERNS:
        place = {sign: order.index(sign) + 1 for sign in "ymd"}
        whole = literal(f"^{pattern}(?:[ t].*|,.*)?$")
        part = {sign: f"regexp_extract(s, {whole}, {place[sign]})" for sign in "ymd"}
        year = (
            f"CASE WHEN length({part['y']}) = 4 THEN {part['y']} WHEN {part['y']} < '69' THEN '20' || {part['y']} "
            f"ELSE '19' || {part['y']} END"
        )
        month = f"MAP {{{months}}}[{part['m']}]"
        rest = f"regexp_replace(s, {literal(f'^{pattern}')}, '')"
        iso = f"({year}) || '-' || ({month}) || '-' || {part['d']} || upper({rest})"
        cases.append(f"WHEN regexp_matches(s, {whole}) THEN {iso}")
    return f"list_transform([lower(strip_accents({raw}))], lambda s: CASE {' '.join(cases)} END)[1]"


def _read(raw: str, layout: DateLayout, body: str) -> str:
    """`body` (SQL over a tidy text called r, in a plain layout) applied to the cell."""
    text = f"CASE WHEN regexp_matches({raw}, '{_UNTIDY}') THEN {_tidy(raw)} ELSE {raw} END"
    if layout.rewrite == "names":
        text = f"{_tidy(_rewritten(raw, layout))}"
    elif layout.rewrite:
        text = _rewritten(raw, layout)
    return f"list_transform([{text}], lambda r: {body})[1]"


def _head(raw: str) -> str:
    return f"regexp_extract({raw}, '^[^ T]+')"


def _day(raw: str, layout: DateLayout) -> str:
    """The day as DATE, years 1950 to 2200 or the 'for ever' of 9999-12-31; else NULL."""
    if len(layout.formats) == 1:
        parsed = f"try_strptime({_head(raw)}, '{layout.formats[0]}')::DATE"
    else:
        four = f"regexp_full_match({_head(raw)}, '.*[0-9]{{4}}')"
        parsed = (
            f"CASE WHEN {four} THEN try_strptime({_head(raw)}, '{layout.formats[0]}') "
            f"ELSE try_strptime({_head(raw)}, '{layout.formats[1]}') END::DATE"
        )
    guarded = f"CASE WHEN regexp_full_match({raw}, '(?:{layout.pattern})(?:{_TIME})?') THEN {parsed} END"
    return (
        f"list_transform([{guarded}], lambda d: CASE WHEN year(d) BETWEEN 1950 AND 2200 OR d = DATE '9999-12-31' "
        f"THEN d END)[1]"
    )


def _clock(raw: str) -> str:
    """The time of day as TIME; NULL where the cell has none."""
    text = f"regexp_extract({raw}, '[T ]\\s*([0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:[.,][0-9]+)?)?)', 1)"
    seconds = f"CASE WHEN length({text}) <= 5 THEN {text} || ':00' ELSE replace({text}, ',', '.') END"
    clock = f"TRY_CAST(if(substr({text}, 2, 1) = ':', '0', '') || {seconds} AS TIME)"
    half = f"upper(regexp_extract({raw}, '([AaPp])[.]?[Mm]', 1))"
    return (
        f"CASE WHEN {text} = '' THEN NULL WHEN {half} = '' THEN {clock} "
        f"ELSE {clock} - to_hours(CASE WHEN hour({clock}) = 12 THEN 12 ELSE 0 END) "
        f"+ to_hours(CASE WHEN {half} = 'P' THEN 12 ELSE 0 END) END"
    )


def _offset(raw: str) -> str:
    """The offset as written (Z, +02:00, +0200, +02), or the empty text."""
    return f"regexp_extract({raw}, ':[0-9.,]+ ?(?:[AaPp][.]?[Mm][.]?)? ?(Z|z|UTC|[+-][0-9]{{2}}(?::?[0-9]{{2}})?)$', 1)"


def _instant(raw: str, layout: DateLayout, zone: str, day_start: time) -> str:
    """The instant as TIMESTAMP in UTC, or NULL."""
    local = f"({_day(raw, layout)} + coalesce({_clock(raw)}, TIME '{day_start.isoformat()}'))"
    minutes = (
        "CASE WHEN o IN ('Z', 'z', 'UTC') THEN 0 ELSE (CASE WHEN starts_with(o, '-') THEN -1 ELSE 1 END) * "
        "(CAST(substr(o, 2, 2) AS INTEGER) * 60 + coalesce(TRY_CAST(right(replace(o, ':', ''), 2) AS INTEGER), 0) "
        "* CAST(length(o) > 3 AS INTEGER)) END"
    )
    general = (
        f"list_transform([{_offset(raw)}], lambda o: CASE WHEN o = '' "
        f"THEN timezone('UTC', timezone('{zone}', {local})) ELSE {local} - to_minutes({minutes}) END)[1]"
    )
    return general


def date_text(raw: str, layout: DateLayout, zone: str) -> str:
    """The day as YYYY-MM-DD. A cell with an offset is an instant: its day is the plant's."""
    plain = ISO if layout.rewrite else layout
    instant = _instant("r", plain, zone, time(0))
    local = f"timezone('{zone}', timezone('UTC', {instant}))::DATE"
    day = f"CASE WHEN {_offset('r')} = '' THEN {_day('r', plain)} ELSE {local} END"
    careful = _read(raw, layout, f"strftime({day}, '%Y-%m-%d')")
    if layout is not ISO:
        return careful
    quick = f"regexp_full_match({raw}, '{_PLAIN_DAY}') AND TRY_CAST({raw} AS DATE) IS NOT NULL"
    return f"CASE WHEN {quick} THEN {raw} ELSE {careful} END"


def instant_text(raw: str, layout: DateLayout, zone: str, day_start: time) -> str:
    """The instant in UTC as ISO 8601 with its offset."""
    plain = ISO if layout.rewrite else layout
    careful = _read(raw, layout, _instant("r", plain, zone, day_start))
    if layout is ISO:
        quick = f"timezone('UTC', timezone('{zone}', TRY_CAST({raw} AS TIMESTAMP)))"
        careful = f"CASE WHEN regexp_full_match({raw}, '{_PLAIN}') THEN {quick} ELSE {careful} END"
    return (
        f"list_transform([{careful}], lambda i: "
        f"CASE WHEN microsecond(i) % 1000000 = 0 THEN strftime(i, '%Y-%m-%dT%H:%M:%S+00:00') "
        f"ELSE strftime(i, '%Y-%m-%dT%H:%M:%S.%f+00:00') END)[1]"
    )
