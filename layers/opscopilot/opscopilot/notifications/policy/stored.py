"""Silences and escalation policies as they are stored, and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from opscopilot.kernel.db import Row, Tx
from opscopilot.notifications.policy.matching import Matcher
from opscopilot.notifications.policy.rules import DEFAULT_POLICY, Policy, Silence, Step, Target

SILENCE = """id, reason, alert_types, workspaces, entity_pattern, place, correlation_key, starts_at, ends_at, ended_at,
    created_by, created_at, ended_by"""
POLICY = """code, name, priority, min_severity, alert_types, workspaces, entity_pattern, place, steps, exclusive,
    is_active, created_by, created_at, updated_at, row_version"""


def matcher_from(row: Row) -> Matcher:
    """The Matcher in a row of silences or escalation_policies."""
    return Matcher(
        frozenset(row["alert_types"]), frozenset(row["workspaces"]), row["entity_pattern"], row["place"],
        row.get("correlation_key"),
    )  # fmt: skip


def silence_from(row: Row) -> Silence:
    """The Silence in a row; one that was ended early ends then."""
    ends = min(row["ends_at"], row["ended_at"] or row["ends_at"])
    return Silence(row["id"], matcher_from(row), row["starts_at"], ends, row["reason"], row["created_by"])


def current_silences(tx: Tx, now: datetime) -> list[Silence]:
    """Silences that are on or will be."""
    found = tx.rows(
        f"SELECT {SILENCE} FROM notification.silences WHERE ends_at > :now AND ended_at IS NULL ORDER BY ends_at, id",
        now=now,
    )
    return [silence_from(row) for row in found]


def step_from(stored: dict[str, Any]) -> Step:
    """A Step from its stored form, which is that of the API."""
    targets = tuple(Target(one["kind"], one["code"]) for one in stored["targets"])
    return Step(stored["after_minutes"], targets, stored.get("repeat", False), tuple(stored.get("channels") or ()))


def policy_from(row: Row) -> Policy:
    """The Policy in a row."""
    return Policy(
        row["code"], row["name"], row["min_severity"], tuple(step_from(one) for one in row["steps"]), matcher_from(row),
        row["priority"], row["exclusive"],
    )  # fmt: skip


def policies(tx: Tx) -> list[Policy]:
    """The tenant's active policies and, for what none of them fits, the built-in one."""
    found = tx.rows(f"SELECT {POLICY} FROM notification.escalation_policies WHERE is_active ORDER BY priority, code")
    return [*(policy_from(row) for row in found), DEFAULT_POLICY]
