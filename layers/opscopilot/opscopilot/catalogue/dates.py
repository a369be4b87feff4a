"""SQL (DuckDB) that reads days and instants as text, in the layout found for the column, or gives NULL.

An instant without an offset is in the plant's zone. A day where an instant is asked for is the beginning of
that production day, so that it is counted on the day the file names.
"""

from __future__ import annotations

from datetime import time

from opscopilot.catalogue.formats import DateLayout

_TIME = (
    r"[T ]\s*([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d{1,9})?)?( ?[AaPp]\.?[Mm]\.?)?"
    r"( ?(Z|z|UTC|[+-]\d{2}(:?\d{2})?))?"
)
_PLAIN = r"(19[5-9]|20\d|21\d)\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d([.]\d{1,6})?"
_NEVER = ("00000000", "0000-00-00", "00.00.0000", "00/00/0000", "0")


def blank(raw: str) -> str:
    """Whether a cell holds one of the ways in which systems write 'no date'."""
    listed = ", ".join(f"'{one}'" for one in _NEVER)
    return f"({raw} IN ({listed}) OR starts_with({raw}, '0001-01-01') OR starts_with({raw}, '1753-01-01'))"


def day_part(raw: str) -> str:
    """The cell without its time."""
    return f"regexp_extract({raw}, '^[^ T]+')"


def _day(raw: str, layout: DateLayout) -> str:
    """The day as DATE, years 1950 to 2200 or the 'for ever' of 9999-12-31; else NULL."""
    if len(layout.formats) == 1:
        parsed = f"try_strptime({day_part(raw)}, '{layout.formats[0]}')::DATE"
    else:
        four = f"regexp_full_match({day_part(raw)}, '.*[0-9]{{4}}')"
        parsed = (
            f"CASE WHEN {four} THEN try_strptime({day_part(raw)}, '{layout.formats[0]}') "
            f"ELSE try_strptime({day_part(raw)}, '{layout.formats[1]}') END::DATE"
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
    if layout.name != "iso":
        return general
    plain = f"timezone('UTC', timezone('{zone}', TRY_CAST({raw} AS TIMESTAMP)))"
    return f"CASE WHEN regexp_full_match({raw}, '{_PLAIN}') THEN {plain} ELSE {general} END"


def date_text(raw: str, layout: DateLayout, zone: str) -> str:
    """The day as YYYY-MM-DD. A cell with an offset is an instant: its day is the plant's."""
    instant = _instant(raw, layout, zone, time(0))
    local = f"timezone('{zone}', timezone('UTC', {instant}))::DATE"
    day = f"CASE WHEN {_offset(raw)} = '' THEN {_day(raw, layout)} ELSE {local} END"
    return f"strftime({day}, '%Y-%m-%d')"


def instant_text(raw: str, layout: DateLayout, zone: str, day_start: time) -> str:
    """The instant in UTC as ISO 8601 with its offset."""
    return (
        f"list_transform([{_instant(raw, layout, zone, day_start)}], lambda i: "
        f"CASE WHEN microsecond(i) % 1000000 = 0 THEN strftime(i, '%Y-%m-%dT%H:%M:%S+00:00') "
        f"ELSE strftime(i, '%Y-%m-%dT%H:%M:%S.%f+00:00') END)[1]"
    )
