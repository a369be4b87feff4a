"""A channel's set-up, changed field by field and checked against what the channel says of itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.tenancy import Principal
from opscopilot.notifications.channel_configs import store
from opscopilot.notifications.channel_configs.schemas import ChannelChange
from opscopilot.notifications.channels import ChannelConfig, ChannelKind, Setting


def change(tx: Tx, who: Principal, kind: ChannelKind, asked: ChannelChange) -> ChannelConfig:
    """Apply `asked` to the tenant's set-up of the channel and return it; ValidationFailed when it would not work.

    The secret itself is the caller's to keep, under the name in `secret_ref`, once the transaction is through.
    """
    before = store.config(tx, kind.code, to_change=True)
    after = replace(
        before, enabled=before.enabled if asked.enabled is None else asked.enabled,
        reason=asked.reason if "reason" in asked.model_fields_set else before.reason,
        settings=_settings(kind, before.settings, asked.settings or {}),
    )  # fmt: skip
    if after.enabled:
        after = replace(after, reason=None)
    elif not after.reason:
        raise ValidationFailed(
            "A channel that is switched off needs a reason; people read it beside what was not sent.", field="reason",
            expected="for example 'No budget for text messages until March'",
        )  # fmt: skip
    if asked.secret is not None:
        _check_secret(kind, asked.secret)
        ref = secret_name(who.tenant_code, kind.code) if asked.secret else None
        after = replace(after, secret_ref=ref)
    store.save(tx, kind.code, after, who.user_id)
    return after


def secret_name(tenant_code: str, channel: str) -> str:
    """Where the tenant's secret of a channel is kept. Connectors' secrets have no `channels/` in their names."""
    return f"opscopilot/{tenant_code}/channels/{channel}"


def _settings(kind: ChannelKind, before: Mapping[str, Any], asked: Mapping[str, str | None]) -> dict[str, Any]:
    after = dict(before)
    for name, value in asked.items():
        one = _declared(kind, kind.settings, name, "settings")
        if value is None:
            after.pop(name, None)
        elif re.fullmatch(one.pattern, value, re.IGNORECASE):
            after[name] = value
        else:
            raise ValidationFailed(
                f"{one.title} cannot be that.", field=f"settings.{name}", value=value,
                expected=f"something like '{one.example}' (pattern {one.pattern})",
            )  # fmt: skip
    return after


def _check_secret(kind: ChannelKind, secret: Mapping[str, str]) -> None:
    """Every field there must be and no other. The values are not repeated."""
    for name, value in secret.items():
        one = _declared(kind, kind.secrets, name, "secret")
        if not re.fullmatch(one.pattern, value):
            raise ValidationFailed(
                f"{one.title}: this does not look like one.", field=f"secret.{name}",
                expected=f"something like '{one.example}'",
            )  # fmt: skip
    for one in kind.secrets:
        if secret and one.name not in secret:
            raise ValidationFailed(
                f"The secret lacks '{one.name}'; it is replaced as a whole.", field=f"secret.{one.name}",
                expected=f"something like '{one.example}'",
            )  # fmt: skip


def _declared(kind: ChannelKind, fields: tuple[Setting, ...], name: str, where: str) -> Setting:
    for one in fields:
        if one.name == name:
            return one
    names = ", ".join(one.name for one in fields)
    raise ValidationFailed(
        f"The channel {kind.code} has no '{name}' in its {where}.", field=f"{where}.{name}",
        expected=f"one of {names}" if names else f"no {where} at all",
    )  # fmt: skip
