"""What a single field cannot tell: whether all of somebody's wishes together would work."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import time
from typing import Any

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.plant_calendar import Shift
from opscopilot.notifications.channels import ChannelCode, Kinds, all_known
from opscopilot.notifications.people.addresses import NAMED
from opscopilot.notifications.people.rota import names


def channels(wish: Mapping[str, Any], reached: Collection[ChannelCode], kinds: Kinds) -> None:
    """Every channel that is wanted exists and has an address; somebody can be told of critical alerts."""
    wanted = {"enabled_channels": wish["enabled_channels"]}
    wanted |= {f"channels_by_severity.{name}": codes for name, codes in wish["channels_by_severity"].items()}
    for field, codes in wanted.items():
        for code in all_known(kinds, codes, field):
            if code not in reached:
                kind = kinds[code]
                where = kind.address_field if kind.address_field in NAMED else f"addresses.{code}"
                raise ValidationFailed(
                    f"The channel {code} is wanted but has no address.", field=where,
                    expected=f"an address such as {kind.address_example}",
                )  # fmt: skip
    if wish["channels_by_severity"].get("critical") == []:
        raise ValidationFailed(
            "Critical alerts are always told: name at least one channel for them.",
            field="channels_by_severity.critical", value="[]", expected="one or more channels, or leave it out",
        )  # fmt: skip


def quiet_hours(start: time | None, end: time | None) -> None:
    """Quiet hours that are switched on have two different times."""
    for name, value in (("quiet_hours_start", start), ("quiet_hours_end", end)):
        if value is None:
            raise ValidationFailed(f"Quiet hours need {name}.", field=name, expected="HH:MM, for example '22:00'")
    if start == end:
        raise ValidationFailed(
            "Quiet hours that start when they end would be none or all day.", field="quiet_hours_end",
            value=f"{end:%H:%M}", expected="another time than quiet_hours_start",
        )  # fmt: skip


def rota(wish: Mapping[str, Any], shifts: Sequence[Shift]) -> None:
    """Who follows shifts names shifts that exist, and says when their cycle begins."""
    if wish["hold_outside_shift"] and not shifts:
        raise ValidationFailed(
            "This plant has told no shifts yet.", field="hold_outside_shift", value=True,
            expected="a file of shifts first (`ops template shift` gives an empty one)",
        )  # fmt: skip
    shift_names(wish["shift_cycle"], shifts, "shift_cycle")
    if len(wish["shift_cycle"]) > 1 and wish["shift_cycle_start"] is None:
        raise ValidationFailed(
            "A cycle of several weeks needs the day on which its first week begins.", field="shift_cycle_start",
            expected="a date such as '2026-01-05'",
        )  # fmt: skip
    if wish["hold_outside_shift"] and wish["shift_cycle"] and not any(wish["shift_cycle"]):
        raise ValidationFailed(
            "A cycle without a single shift would hold messages for ever.", field="shift_cycle",
            value=wish["shift_cycle"], expected="at least one week with a shift, or hold_outside_shift false",
        )  # fmt: skip


def shift_names(weeks: Sequence[Sequence[str]], shifts: Sequence[Shift], field: str) -> None:
    """Every name is a shift of the plant, and of one place only."""
    for code in dict.fromkeys(code for week in weeks for code in week):
        meant = [one for one in shifts if code in names(one)]
        if not meant:
            there = sorted({one.code for one in shifts})
            raise ValidationFailed(
                f"There is no shift '{code}'.", code="unknown_shift", field=field, value=code,
                expected=f"one of {', '.join(there)}" if there else "a shift; this plant has told none yet",
            )  # fmt: skip
        places = sorted({one.place or "the whole plant" for one in meant})
        if len(places) > 1:
            raise ValidationFailed(
                f"The shift '{code}' is worked at {' and '.join(places)}, at hours of their own.", field=field,
                value=code, expected=f"the place too, as '{code}@{meant[0].place or meant[1].place}'",
            )  # fmt: skip
