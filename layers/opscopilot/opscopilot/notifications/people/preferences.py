"""How a person wants to be told: read, and changed field by field with checks across fields."""

from __future__ import annotations

import secrets
from datetime import time
from typing import Any

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.tenancy import PlantSettings, Principal
from opscopilot.notifications.channels import ChannelName
from opscopilot.notifications.delivery.store import ADDRESSES
from opscopilot.notifications.people.schemas import Preferences, PreferencesChange
from opscopilot.notifications.policy.deciding import DEFAULT_CHANNELS, DEFAULT_MIN_SEVERITY, rank

_COLUMNS = (
    "email", "phone", "slack_webhook", "webhook_url", "webhook_secret", "enabled_channels", "min_severity",
    "quiet_hours_enabled", "quiet_hours_start", "quiet_hours_end", "time_zone", "workspaces",
)  # fmt: skip
_DEFAULTS: Row = {
    **dict.fromkeys(_COLUMNS), "enabled_channels": list(DEFAULT_CHANNELS), "min_severity": DEFAULT_MIN_SEVERITY,
    "quiet_hours_enabled": False, "workspaces": [], "updated_at": None,
}  # fmt: skip
_NOT_NULL = ("enabled_channels", "min_severity", "quiet_hours_enabled", "workspaces")


def read(tx: Tx, user_id: str, plant: PlantSettings) -> Preferences:
    """The user's preferences, or the defaults that hold until they save some."""
    return _shown(user_id, _saved(tx, user_id), plant)


def change(tx: Tx, who: Principal, plant: PlantSettings, asked: PreferencesChange) -> Preferences:
    """Apply `asked` to the caller's own preferences; ValidationFailed when the result would not work.

    Somebody whose token is good but whom the registry does not know yet is entered, or nobody would tell them.
    """
    before = _saved(tx, who.user_id)
    after = _merged(before or _DEFAULTS, asked, plant)
    _check(after, who.email or _registered_mail(tx, who.user_id))
    fresh_secret = bool(after["webhook_url"]) and (asked.rotate_webhook_secret or not after["webhook_secret"])
    if fresh_secret:
        after["webhook_secret"] = secrets.token_urlsafe(32)
    tx.execute(
        """INSERT INTO platform.users (tenant_id, user_id, email, role, created_by)
           VALUES (:tenant_id, :user_id, :email, :role, :user_id) ON CONFLICT (tenant_id, user_id) DO NOTHING""",
        tenant_id=who.tenant_id, user_id=who.user_id, email=who.email, role=who.role,
    )  # fmt: skip
    _save(tx, who, after)
    shown = _shown(who.user_id, _saved(tx, who.user_id), plant)
    return shown.model_copy(update={"webhook_secret": after["webhook_secret"]}) if fresh_secret else shown


def _saved(tx: Tx, user_id: str) -> Row | None:
    return tx.one(
        f"SELECT {', '.join(_COLUMNS)}, updated_at FROM notification.notification_preferences WHERE user_id = :id",
        id=user_id,
    )  # fmt: skip


def _registered_mail(tx: Tx, user_id: str) -> str | None:
    found: str | None = tx.scalar("SELECT email FROM platform.users WHERE user_id = :id", id=user_id)
    return found


def _merged(before: Row, asked: PreferencesChange, plant: PlantSettings) -> dict[str, Any]:
    given = {name: getattr(asked, name) for name in asked.model_fields_set if name in _COLUMNS}
    for name in _NOT_NULL:  # null = back to the default
        if name in given and given[name] is None:
            given[name] = _DEFAULTS[name]
    for name in ("quiet_hours_start", "quiet_hours_end"):
        if given.get(name) is not None:
            given[name] = time.fromisoformat(given[name])
    after = {**{name: before[name] for name in _COLUMNS}, **given}
    after["enabled_channels"] = list(dict.fromkeys(after["enabled_channels"]))
    after["workspaces"] = sorted(set(after["workspaces"]))
    after["time_zone"] = after["time_zone"] or plant.default_time_zone
    if asked.notify_on_high is not None and "min_severity" not in given:
        wants_high = rank(after["min_severity"]) <= rank("high")
        if wants_high != asked.notify_on_high:
            after["min_severity"] = "high" if asked.notify_on_high else "critical"
    return after


def _check(after: dict[str, Any], own_mail: str | None) -> None:
    """What a single field cannot tell."""
    if after["quiet_hours_enabled"]:
        for name in ("quiet_hours_start", "quiet_hours_end"):
            if after[name] is None:
                raise ValidationFailed(f"Quiet hours need {name}.", field=name, expected="HH:MM, for example '22:00'")
        if after["quiet_hours_start"] == after["quiet_hours_end"]:
            raise ValidationFailed(
                "Quiet hours that start when they end would be none or all day.", field="quiet_hours_end",
                value=f"{after['quiet_hours_end']:%H:%M}", expected="another time than quiet_hours_start",
            )  # fmt: skip
    for channel in after["enabled_channels"]:
        column = ADDRESSES[channel]
        if not (after[column] or (channel == "email" and own_mail)):
            raise ValidationFailed(
                f"The channel {channel} is enabled but has no address.", field=column, expected=_ADDRESS_OF[channel]
            )


_ADDRESS_OF: dict[ChannelName, str] = {
    "email": "an e-mail address", "sms": "a phone number with country code", "slack": "a Slack webhook's address",
    "webhook": "an https address",
}  # fmt: skip


def _save(tx: Tx, who: Principal, after: dict[str, Any]) -> None:
    columns = ", ".join(_COLUMNS)
    values = ", ".join(f":{name}" for name in _COLUMNS)
    changes = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)
    tx.execute(
        f"""INSERT INTO notification.notification_preferences AS p (tenant_id, user_id, created_by, {columns})
            VALUES (:tenant_id, :user_id, :user_id, {values})
            ON CONFLICT (tenant_id, user_id) DO UPDATE SET {changes}, updated_at = now(),
                row_version = p.row_version + 1""",
        tenant_id=who.tenant_id, user_id=who.user_id, **after,
    )  # fmt: skip


def _shown(user_id: str, saved: Row | None, plant: PlantSettings) -> Preferences:
    row = saved or _DEFAULTS
    start, end = row["quiet_hours_start"], row["quiet_hours_end"]
    return Preferences.model_validate({
        **{name: row[name] for name in _COLUMNS if name != "webhook_secret"},
        "user_id": user_id,
        "webhook_secret_set": row["webhook_secret"] is not None,
        "notify_on_critical": True,
        "notify_on_high": rank(row["min_severity"]) <= rank("high"),
        "quiet_hours_start": f"{start:%H:%M}" if start else None,
        "quiet_hours_end": f"{end:%H:%M}" if end else None,
        "time_zone": row["time_zone"] or plant.default_time_zone,
        "saved": saved is not None,
        "updated_at": row["updated_at"],
    })  # fmt: skip
