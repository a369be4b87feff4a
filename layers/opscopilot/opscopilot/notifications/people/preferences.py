"""How a person wants to be told: read, and changed field by field with checks across fields."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import time
from typing import Any

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import NotFound
from opscopilot.kernel.plant_calendar import PlantCalendar
from opscopilot.kernel.tenancy import PlantSettings, Principal
from opscopilot.notifications.channels import Kinds
from opscopilot.notifications.people import addresses, checks
from opscopilot.notifications.people.schemas import Preferences, PreferencesChange
from opscopilot.notifications.policy.model import DEFAULT_CHANNELS, DEFAULT_MIN_SEVERITY, rank

_COLUMNS = (
    "enabled_channels", "channels_by_severity", "min_severity", "notify_on_resolved", "quiet_hours_enabled",
    "quiet_hours_start", "quiet_hours_end", "time_zone", "locale", "workspaces", "hold_outside_shift", "shift_cycle",
    "shift_cycle_start",
)  # fmt: skip
_JSON = ("channels_by_severity", "shift_cycle")
DEFAULTS: Row = {
    **dict.fromkeys(_COLUMNS), "enabled_channels": list(DEFAULT_CHANNELS), "channels_by_severity": {},
    "min_severity": DEFAULT_MIN_SEVERITY, "notify_on_resolved": False, "quiet_hours_enabled": False, "workspaces": [],
    "hold_outside_shift": False, "shift_cycle": [], "updated_at": None,
}  # fmt: skip


@dataclass(frozen=True)
class Whose:
    """The user whose preferences are meant, and the plant they belong to. `mail`: the one of the user record."""

    tx: Tx
    user_id: str
    plant: PlantSettings
    mail: str | None


def whose(tx: Tx, who: Principal, plant: PlantSettings, user_id: str | None = None) -> Whose:
    """The caller, or the user `user_id` of the same plant; NotFound when there is none."""
    wanted = user_id or who.user_id
    row = tx.one("SELECT email FROM platform.users WHERE user_id = :id", id=wanted)
    if row is None and wanted != who.user_id:
        raise NotFound(
            f"There is no user '{wanted}'.", field="user_id", value=wanted, expected="the id of a user of this plant"
        )
    own = who.email if wanted == who.user_id else None
    return Whose(tx, wanted, plant, own or (row["email"] if row else None))


def read(one: Whose, kinds: Kinds) -> Preferences:
    """The user's preferences, or the defaults that hold until they save some."""
    return _shown(one, kinds)


def change(
    one: Whose, who: Principal, asked: PreferencesChange, kinds: Kinds, calendar: PlantCalendar
) -> Preferences:  # fmt: skip
    """Apply `asked`; ValidationFailed when the result would not work. `who` does it.

    A caller whose token is good but whom the registry does not know yet is entered, or nobody would tell them.
    """
    enter(one.tx, who)
    one.tx.execute("SELECT 1 FROM platform.users WHERE user_id = :id FOR UPDATE", id=one.user_id)
    given = addresses.asked(asked, kinds)
    before, reach = saved(one.tx, one.user_id), reached(one, given)
    after = _merged(before or {**DEFAULTS, "enabled_channels": usual(reach)}, asked)
    after["time_zone"] = after["time_zone"] or one.plant.default_time_zone
    after["enabled_channels"] = list(dict.fromkeys(after["enabled_channels"]))
    after["workspaces"] = sorted(set(after["workspaces"]))
    checks.channels(after, reach, kinds)
    if after["quiet_hours_enabled"]:
        checks.quiet_hours(after["quiet_hours_start"], after["quiet_hours_end"])
    if after["hold_outside_shift"] or after["shift_cycle"]:
        checks.rota(after, calendar.shifts(one.tx))
    fresh = addresses.keep(
        one.tx, who.tenant_id, one.user_id, given, kinds, rotate=asked.rotate_webhook_secret
    )  # fmt: skip
    _save(one, who, after)
    return _shown(one, kinds).model_copy(update={"webhook_secret": fresh.get(addresses.WITH_SECRET)})


def reached(one: Whose, given: dict[str, str | None] | None = None) -> set[str]:
    """The channels over which the user can be reached once the addresses `given` are kept."""
    kept: dict[str, Any] = {code: row["address"] for code, row in addresses.saved(one.tx, one.user_id).items()}
    own = {"email"} if one.mail else set()
    return own | {code for code, address in {**kept, **(given or {})}.items() if address}


def saved(tx: Tx, user_id: str) -> Row | None:
    """What the user saved; None when nothing."""
    return tx.one(
        f"SELECT {', '.join(_COLUMNS)}, updated_at FROM notification.notification_preferences WHERE user_id = :id",
        id=user_id,
    )  # fmt: skip


def usual(reach: set[str]) -> list[str]:
    """The channels of somebody who chose none: mail, or whatever reaches a person without a mail address."""
    return [code for code in DEFAULT_CHANNELS if code in reach] or sorted(reach) or list(DEFAULT_CHANNELS)


def enter(tx: Tx, who: Principal) -> None:
    """Enter the caller into the registry, where they are not yet."""
    tx.execute(
        """INSERT INTO platform.users (tenant_id, user_id, email, role, created_by)
           VALUES (:tenant_id, :user_id, :email, :role, :user_id) ON CONFLICT (tenant_id, user_id) DO NOTHING""",
        tenant_id=who.tenant_id, user_id=who.user_id, email=who.email, role=who.role,
    )  # fmt: skip


def _merged(before: Row, asked: PreferencesChange) -> dict[str, Any]:
    given = {name: getattr(asked, name) for name in asked.model_fields_set if name in _COLUMNS}
    for name, value in given.items():  # null = back to the default
        given[name] = DEFAULTS[name] if value is None else value
    for name in ("quiet_hours_start", "quiet_hours_end"):
        if given.get(name) is not None:
            given[name] = time.fromisoformat(given[name])
    after = {**{name: before[name] for name in _COLUMNS}, **given}
    if asked.notify_on_high is not None and "min_severity" not in given:
        wants_high = rank(after["min_severity"]) <= rank("high")
        if wants_high != asked.notify_on_high:
            after["min_severity"] = "high" if asked.notify_on_high else "critical"
    return after


def _save(one: Whose, who: Principal, after: dict[str, Any]) -> None:
    values = ", ".join(f"CAST(:{name} AS jsonb)" if name in _JSON else f":{name}" for name in _COLUMNS)
    changes = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)
    one.tx.execute(
        f"""INSERT INTO notification.notification_preferences AS p
                (tenant_id, user_id, created_by, {", ".join(_COLUMNS)})
            VALUES (:tenant_id, :user_id, :by, {values})
            ON CONFLICT (tenant_id, user_id) DO UPDATE SET {changes}, updated_at = now(),
                row_version = p.row_version + 1""",
        tenant_id=who.tenant_id, user_id=one.user_id, by=who.user_id,
        **{name: json.dumps(value) if name in _JSON else value for name, value in after.items()},
    )  # fmt: skip


def _shown(one: Whose, kinds: Kinds) -> Preferences:
    kept = saved(one.tx, one.user_id)
    row, where = kept or DEFAULTS, addresses.saved(one.tx, one.user_id)
    named = {kind.address_field: kind.code for kind in kinds.values()}
    start, end = row["quiet_hours_start"], row["quiet_hours_end"]
    return Preferences.model_validate({
        **{name: row[name] for name in _COLUMNS},
        **{field: where.get(named.get(field, ""), {}).get("address") for field in addresses.NAMED},
        "user_id": one.user_id,
        "addresses": {code: found["address"] for code, found in sorted(where.items())},
        "webhook_secret_set": bool(where.get(addresses.WITH_SECRET, {}).get("secret")),
        "notify_on_critical": True,
        "notify_on_high": rank(row["min_severity"]) <= rank("high"),
        "quiet_hours_start": f"{start:%H:%M}" if start else None,
        "quiet_hours_end": f"{end:%H:%M}" if end else None,
        "time_zone": row["time_zone"] or one.plant.default_time_zone,
        "locale": row["locale"] or one.plant.language,
        "saved": kept is not None,
        "updated_at": row["updated_at"],
    })  # fmt: skip
