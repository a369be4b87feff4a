"""What makes reading a foreign database safe: one SELECT and nothing else, and values as text without loss."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID

from opscopilot.staging.connectors.base import ConnectorFailed

_QUOTED = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]\n]*\]|(?P<dollar>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)"
    r"|--[^\n]*|/\*.*?\*/",
    re.DOTALL,
)
# Words of statements that write, lock, call or leave the database. A column of such a name can be quoted.
_NEVER = re.compile(
    r"\b(insert|update|delete|merge|upsert|drop|alter|create|truncate|grant|revoke|call|exec|execute|copy|into|lock|"
    r"do|vacuum|attach|detach|pragma|begin|commit|rollback|savepoint|declare|prepare|listen|notify|load|unload|shutdown|"
    r"pg_sleep\w*|pg_read_\w+|pg_ls_\w+|pg_terminate_backend|pg_cancel_backend|set_config|nextval|setval|lo_\w+|"
    r"dblink\w*|xp_\w+|sp_\w+|openrowset|opendatasource|openquery|load_file|load_extension|readfile|writefile|utl_\w+|"
    r"dbms_\w+|waitfor|benchmark|sleep)\b",
    re.IGNORECASE,
)


def check_select(query: str) -> str:
    """`query` without a closing semicolon; ValueError unless it is a single SELECT (or WITH … SELECT).

    This is the first of three walls: the transaction is read-only where the database has such, and the login should
    have no other right than to read.
    """
    bare = _QUOTED.sub(lambda found: " " if found[0].startswith(("-", "/")) else " 'x' ", query).strip()
    text = query.strip()
    if bare.endswith(";"):
        bare, text = bare[:-1].strip(), text.rstrip().rstrip(";")
    if "'" in bare.replace(" 'x' ", "").replace("'x'", "") or '"' in bare or "/*" in bare:
        raise ValueError("quotation marks or comments that are not closed")
    if ";" in bare:
        raise ValueError("more than one statement; give a single SELECT")
    if not re.match(r"\(*\s*(select|with)\b", bare, re.IGNORECASE):
        raise ValueError("not a SELECT; give a single SELECT, or WITH … SELECT")
    found = _NEVER.search(bare)
    if found:
        raise ValueError(f"'{found[0]}' does more than read; give a single SELECT (quote a column of that name)")
    return text


def escape_percent(query: str, *, inside_quotes: bool) -> str:
    """The query for a driver to whom a per cent sign begins a parameter; some look inside quotes, some do not."""
    if inside_quotes:
        return query.replace("%", "%%")
    found, place = [], 0
    for quoted in _QUOTED.finditer(query):
        found += [query[place : quoted.start()].replace("%", "%%"), quoted[0]]
        place = quoted.end()
    return "".join([*found, query[place:].replace("%", "%%")])


def plain(name: str, value: Any, zone: tzinfo) -> Any:
    """A column's value as text; ConnectorFailed for bytes. A wall time is in `zone`."""
    if value is None or isinstance(value, str | bool | list | dict):
        return value
    found = _PLAIN.get(type(value))
    if found is not None:
        return found(value, zone)
    if isinstance(value, bytes | bytearray | memoryview):
        raise ConnectorFailed(
            "binary_column", f"Column '{name}' holds bytes, which no field of ours takes. Use a query that leaves it "
            "out, or turns it into text.",
        )  # fmt: skip
    return str(value)


def _moment(value: datetime, zone: tzinfo) -> str:
    return (value if value.tzinfo else value.replace(tzinfo=zone)).isoformat()


def _duration(value: timedelta, _zone: tzinfo) -> str:
    return format(Decimal(value // timedelta(microseconds=1)).scaleb(-6).normalize(), "f")


_PLAIN: dict[type, Callable[[Any, tzinfo], str]] = {
    int: lambda value, _zone: str(value), Decimal: lambda value, _zone: format(value, "f"),
    float: lambda value, _zone: format(Decimal(repr(value)), "f"), datetime: _moment,
    date: lambda value, _zone: value.isoformat(), time: lambda value, _zone: value.isoformat(), timedelta: _duration,
    UUID: lambda value, _zone: str(value),
}  # fmt: skip


def written(value: Any) -> str:
    """A value of the key or the change column, to be kept and compared again."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def read_back(text: str, like: Any) -> Any:
    """The text of `written` as a value of the kind that the column has; ConnectorFailed when it is none."""
    kind = type(like)
    try:
        if kind in (datetime, date):
            return kind.fromisoformat(text)
        return kind(text) if kind in (int, Decimal, UUID, float) else text
    except (ValueError, ArithmeticError) as error:
        raise ConnectorFailed(
            "watermark_mismatch", f"The place kept from the last pull ('{text}') is no {kind.__name__}: the column has "
            "changed its type. Pull this stream in full.",
        ) from error  # fmt: skip
