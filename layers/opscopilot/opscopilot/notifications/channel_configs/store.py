"""The tenant's row per channel; no row = switched on, with nothing set."""

from __future__ import annotations

import json

from opscopilot.kernel.db import Row, Tx
from opscopilot.notifications.channels import ChannelCode, ChannelConfig

_READ = """SELECT channel, enabled, reason, settings, secret_ref
    FROM notification.notification_channel_configs"""


def configs(tx: Tx) -> dict[ChannelCode, ChannelConfig]:
    """What the tenant set, by channel."""
    return {row["channel"]: _config(row) for row in tx.rows(_READ)}


def config(tx: Tx, channel: ChannelCode, *, to_change: bool = False) -> ChannelConfig:
    """What the tenant set for this channel; with `to_change` the row stays locked until the transaction ends."""
    row = tx.one(f"{_READ} WHERE channel = :channel{' FOR UPDATE' if to_change else ''}", channel=channel)
    return _config(row) if row else ChannelConfig()


def save(tx: Tx, channel: ChannelCode, new: ChannelConfig, user_id: str) -> None:
    """Write the row."""
    tx.execute(
        """INSERT INTO notification.notification_channel_configs AS c
               (tenant_id, channel, enabled, reason, settings, secret_ref, created_by)
           VALUES (platform.current_tenant(), :channel, :enabled, :reason, CAST(:settings AS jsonb), :ref, :by)
           ON CONFLICT (tenant_id, channel) DO UPDATE SET enabled = excluded.enabled, reason = excluded.reason,
               settings = excluded.settings, secret_ref = excluded.secret_ref, updated_at = now(),
               row_version = c.row_version + 1""",
        channel=channel, enabled=new.enabled, reason=new.reason, settings=json.dumps(dict(new.settings)),
        ref=new.secret_ref, by=user_id,
    )  # fmt: skip


def _config(row: Row) -> ChannelConfig:
    return ChannelConfig(row["enabled"], row["reason"], row["settings"], row["secret_ref"])
