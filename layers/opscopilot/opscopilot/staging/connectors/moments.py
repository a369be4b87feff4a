"""Watermarks: values that say when a record last changed, in the ways systems write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

Format = Literal["iso", "date", "epoch", "epoch_ms", "text"]
Key = tuple[int, Decimal | str]


def key(value: Any, way: Format) -> Key | None:
    """Something to compare by; None for a value that is no moment of that kind."""
    if value is None or value == "" or isinstance(value, bool | dict | list):
        return None
    text = str(value).strip()
    if way == "text":
        return 1, text
    if way in ("epoch", "epoch_ms"):
        try:
            number = Decimal(text)
        except InvalidOperation:
            return None
        return (0, number) if number.is_finite() else None
    moment = parse(text)
    return None if moment is None else (0, _exact(moment))


def parse(text: str) -> datetime | None:
    """An ISO date or instant; without a zone it is taken as UTC. None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def minus(text: str, way: Format, seconds: int) -> str:
    """The watermark `seconds` earlier, written as it was; unchanged where it cannot be moved."""
    if not seconds or way == "text":
        return text
    if way in ("epoch", "epoch_ms"):
        return str(Decimal(text) - seconds * (1000 if way == "epoch_ms" else 1))
    moment = parse(text)
    if moment is None:
        return text
    try:
        moment -= timedelta(seconds=seconds)
    except OverflowError:
        return text
    if "T" not in text and " " not in text:
        return moment.date().isoformat()
    zone = text[19:]
    if not any(sign in zone for sign in ("Z", "z", "+", "-")):
        moment = moment.replace(tzinfo=None)
    written = moment.isoformat(sep="T" if "T" in text else " ")
    return written.replace("+00:00", "Z") if text[-1] in "Zz" else written


def later(one: str | None, other: str | None, way: Format) -> str | None:
    """The later of two watermarks; one that cannot be read never wins."""
    first, second = key(one, way), key(other, way)
    if first is None or second is None:
        return one if second is None else other
    return other if second > first else one


def not_ahead(text: str | None, now: datetime) -> str | None:
    """The watermark, or `now` written like it where it lies more than a day ahead: one record dated 2999 must not
    hide everything that changes until then. Only dates and instants are judged; numbers may count anything."""
    moment = parse(text) if text else None
    if text is None or moment is None or moment <= now + timedelta(days=1):
        return text
    return minus(text, "iso", int((moment - now).total_seconds()))


def _exact(moment: datetime) -> Decimal:
    """Microseconds since the epoch, exactly."""
    return Decimal((moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))


def forward(before: str | None, after: str | None) -> str | None:
    """The watermark after a pull: never an earlier one. Values that are no moments are taken as they come."""
    if before is None or after is None:
        return after if before is None else before
    ways: tuple[Format, ...] = ("epoch", "iso")
    for way in ways:
        old, new = key(before, way), key(after, way)
        if old is not None and new is not None:
            return before if new < old else after
    return after
