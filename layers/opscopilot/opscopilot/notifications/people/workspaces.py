"""What somebody wants in one workspace instead of in general: other severities, other channels."""

from __future__ import annotations

import json
from typing import Any, get_args

from opscopilot.kernel.db import Row
from opscopilot.kernel.tenancy import Principal
from opscopilot.notifications.channels import Kinds
from opscopilot.notifications.people import checks
from opscopilot.notifications.people.fields import Workspace
from opscopilot.notifications.people.preferences import DEFAULTS, Whose, enter, reached, saved, usual
from opscopilot.notifications.people.schemas import WorkspacePreferences, WorkspaceWish

WORKSPACES: tuple[Workspace, ...] = get_args(Workspace)
_COLUMNS = ("min_severity", "enabled_channels", "channels_by_severity")


def read(one: Whose) -> list[WorkspacePreferences]:
    """Every workspace with what holds there for the user."""
    own = {row["workspace"]: row for row in one.tx.rows(
        f"SELECT workspace, {', '.join(_COLUMNS)} FROM notification.workspace_preferences WHERE user_id = :id",
        id=one.user_id,
    )}  # fmt: skip
    general = saved(one.tx, one.user_id) or DEFAULTS
    return [_shown(name, own.get(name), general) for name in WORKSPACES]


def set_wish(one: Whose, who: Principal, workspace: Workspace, wish: WorkspaceWish, kinds: Kinds) -> None:
    """From now on `wish` holds there; ValidationFailed when a channel is unknown or has no address. Somebody who has
    saved nothing in general gets the defaults saved as well: a person either has preferences or has none."""
    enter(one.tx, who)
    general = saved(one.tx, one.user_id)
    reach = reached(one)
    usually = general or {**DEFAULTS, "enabled_channels": usual(reach)}
    given = {name: getattr(wish, name) for name in _COLUMNS}
    after: dict[str, Any] = {name: usually[name] if value is None else value for name, value in given.items()}
    after["enabled_channels"] = list(dict.fromkeys(after["enabled_channels"]))
    checks.channels(after, reach, kinds)
    if general is None:
        one.tx.execute(
            """INSERT INTO notification.notification_preferences (tenant_id, user_id, created_by, enabled_channels)
               VALUES (:tenant_id, :user_id, :by, :channels) ON CONFLICT (tenant_id, user_id) DO NOTHING""",
            tenant_id=who.tenant_id, user_id=one.user_id, by=who.user_id, channels=usually["enabled_channels"],
        )  # fmt: skip
    one.tx.execute(
        """INSERT INTO notification.workspace_preferences AS w
               (tenant_id, user_id, workspace, created_by, min_severity, enabled_channels, channels_by_severity)
           VALUES (:tenant_id, :user_id, :workspace, :by, :min_severity, :enabled_channels, CAST(:by_severity AS jsonb))
           ON CONFLICT (tenant_id, user_id, workspace) DO UPDATE SET min_severity = excluded.min_severity,
               enabled_channels = excluded.enabled_channels, channels_by_severity = excluded.channels_by_severity,
               updated_at = now(), row_version = w.row_version + 1""",
        tenant_id=who.tenant_id, user_id=one.user_id, workspace=workspace, by=who.user_id,
        min_severity=after["min_severity"], enabled_channels=after["enabled_channels"],
        by_severity=json.dumps(after["channels_by_severity"]),
    )  # fmt: skip


def drop_wish(one: Whose, workspace: Workspace) -> None:
    """The general wish holds there again."""
    one.tx.execute(
        "DELETE FROM notification.workspace_preferences WHERE user_id = :id AND workspace = :workspace",
        id=one.user_id, workspace=workspace,
    )  # fmt: skip


def _shown(workspace: Workspace, own: Row | None, general: Row) -> WorkspacePreferences:
    row = own or general
    return WorkspacePreferences.model_validate(
        {"workspace": workspace, "own": own is not None, **{name: row[name] for name in _COLUMNS}}
    )
