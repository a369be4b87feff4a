"""Fields of requests about people, checked as far as a single value can be. Every refusal says what would be right."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

Workspace = Literal["operations", "plantops", "fsq", "planning", "brand", "retail"]
_MAIL = re.compile(r"[^@\s<>,;:\"()\[\]\\]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.IGNORECASE)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def _mail(value: str) -> str:
    if not _MAIL.fullmatch(value) or len(value) > 254:
        raise ValueError("an e-mail address such as 'anna@fjord-foods.example'")
    return value


def _phone(value: str) -> str:
    compact = re.sub(r"[ ()./-]", "", value)
    if not re.fullmatch(r"\+[1-9]\d{6,14}", compact):
        raise ValueError("a phone number with its country code (E.164) such as '+4915112345678'")
    return compact


def _url(value: str) -> str:
    """The rules that can be told from the text; where the name leads is checked at every call."""
    try:
        parts = urlsplit(value)
        port_is_readable = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_readable = urlsplit(""), False
    plain = parts.hostname and parts.username is None and all(32 < ord(c) < 127 for c in value)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not (plain and secure and port_is_readable) or len(value) > 2000:
        raise ValueError("an https address such as 'https://hooks.example.com/alerts', without user name or password")
    return value


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(value: str) -> str:
    if value not in _zones():
        raise ValueError("an IANA time zone such as 'Europe/Berlin'")
    return value


def _every_day_once(value: list[int]) -> list[int]:
    return sorted(set(value))


Mail = Annotated[str, AfterValidator(_mail), Field(examples=["anna@fjord-foods.example"])]
Phone = Annotated[str, AfterValidator(_phone), Field(examples=["+4915112345678"])]
Url = Annotated[str, AfterValidator(_url), Field(examples=["https://hooks.example.com/alerts"])]
Zone = Annotated[str, AfterValidator(_zone), Field(examples=["Europe/Berlin"])]
WallTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["22:00"])]
Channel = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,19}$"), Field(examples=["email"])]
Channels = Annotated[list[Channel], Field(max_length=20)]
UserId = Annotated[str, StringConstraints(min_length=1, max_length=200), Field(examples=["anna"])]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$"), Field(examples=["maintenance"])]
ShiftName = Annotated[str, StringConstraints(min_length=1, max_length=130), Field(examples=["NIGHT", "NIGHT@PLANT-1"])]
Weekdays = Annotated[
    list[Annotated[int, Field(ge=1, le=7)]], AfterValidator(_every_day_once), Field(min_length=1, examples=[[1, 2, 3]])
]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 1, 1), examples=["2026-01-05"])]
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2100, 1, 1, tzinfo=UTC))]
