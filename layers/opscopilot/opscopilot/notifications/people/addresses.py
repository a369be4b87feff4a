"""Where people are reached: one address per channel, checked by the channel itself."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from uuid import UUID

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.notifications.channels import ChannelCode, ChannelKind, Kinds, known
from opscopilot.notifications.people.schemas import PreferencesChange

NAMED = ("email", "phone", "slack_webhook", "webhook_url")
"""Addresses that have a field of their own in the preferences, named by `ChannelKind.address_field`."""
WITH_SECRET = "webhook"


def saved(tx: Tx, user_id: str) -> dict[ChannelCode, Row]:
    """The user's addresses (`address`, `secret`) by channel."""
    found = tx.rows("SELECT channel, address, secret FROM notification.addresses WHERE user_id = :id", id=user_id)
    return {row["channel"]: row for row in found}


def asked(change: PreferencesChange, kinds: Kinds) -> dict[ChannelCode, str | None]:
    """What the change says of addresses, in their normal form; None removes one. ValidationFailed when a channel is
    unknown, an address is not one, or the same address is given twice and differently."""
    given: dict[ChannelCode, str | None] = {}
    for code, address in (change.addresses or {}).items():
        known(kinds, code, f"addresses.{code}")
        given[code] = None if address is None else checked(kinds[code], address, f"addresses.{code}")
    for kind in kinds.values():
        field = kind.address_field
        if field not in NAMED or field not in change.model_fields_set:
            continue
        value = getattr(change, field)
        address = None if value is None else checked(kind, value, field)
        if kind.code in given and given[kind.code] != address:
            raise ValidationFailed(
                f"{field} and addresses.{kind.code} are the same address and differ.", field=field, value=value,
                expected="one of the two",
            )  # fmt: skip
        given[kind.code] = address
    return given


def checked(kind: ChannelKind, address: str, field: str) -> str:
    """The address in its normal form; ValidationFailed when the channel cannot use it."""
    try:
        return kind.check(address)
    except ValueError as error:
        raise ValidationFailed(
            f"The channel {kind.code} cannot use this address.", field=field, value=address, expected=str(error)
        ) from error


def keep(
    tx: Tx, tenant_id: UUID, user_id: str, given: Mapping[ChannelCode, str | None], kinds: Kinds, *, rotate: bool
) -> dict[ChannelCode, str]:
    """Write the addresses; the signing secrets that were made for them, to be shown this once."""
    before = saved(tx, user_id)
    after = {**{code: row["address"] for code, row in before.items()}, **given}
    made: dict[ChannelCode, str] = {}
    for code, address in after.items():
        signs = code in kinds and kinds[code].address_secret
        old = before[code]["secret"] if code in before else None
        if address and signs and (not old or (rotate and code == WITH_SECRET)):
            made[code] = secrets.token_urlsafe(32)
        if address and (code in given or code in made):
            tx.execute(
                """INSERT INTO notification.addresses AS a (tenant_id, user_id, channel, address, secret)
                   VALUES (:tenant_id, :user_id, :channel, :address, :secret)
                   ON CONFLICT (tenant_id, user_id, channel) DO UPDATE SET address = excluded.address,
                       secret = excluded.secret, updated_at = now(), row_version = a.row_version + 1""",
                tenant_id=tenant_id, user_id=user_id, channel=code, address=address, secret=made.get(code, old),
            )  # fmt: skip
    gone = [code for code, address in given.items() if not address and code in before]
    if gone:
        tx.execute(
            "DELETE FROM notification.addresses WHERE user_id = :id AND channel = ANY(:gone)", id=user_id, gone=gone
        )
    return made
