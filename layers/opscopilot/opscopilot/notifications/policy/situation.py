"""Reads a Situation: a dozen statements for a batch, however many people and alerts there are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from opscopilot.kernel.db import Tx
from opscopilot.kernel.planned import explains_anything
from opscopilot.kernel.plant_calendar import Planned, PlantCalendar
from opscopilot.notifications.channels import Kinds
from opscopilot.notifications.people import on_call, reading
from opscopilot.notifications.policy import stored
from opscopilot.notifications.policy.model import ChannelCode, Person
from opscopilot.notifications.policy.rules import Mute
from opscopilot.notifications.policy.state import Rota, Situation, Traffic
from opscopilot.notifications.policy.storms import STORM_WINDOW

__all__ = ["Situation", "situation"]

_PREFERRED = ("email", "sms", "slack")
_DAY = timedelta(days=1)
_SETTINGS = """
SELECT t.default_time_zone AS zone,
    (SELECT jsonb_object_agg(channel, coalesce(reason, '')) FROM notification.notification_channel_configs
     WHERE NOT enabled) AS switched_off,
    (SELECT jsonb_agg(jsonb_build_array(channel, address, reason, since)) FROM notification.suppressed_addresses
     WHERE lifted_at IS NULL) AS dead
FROM platform.tenants t
"""
_DEAD = {
    "bounce": "Mail to this address came back", "complaint": "The reader marked our mail as unwanted",
    "opt_out": "The reader does not want messages at this address", "manual": "Somebody blocked this address",
}  # fmt: skip
# One look into two indexes per person and channel; what a storm holds leaves together, so a few rows tell when.
_TRAFFIC = """
SELECT p.user_id, p.channel, s.messages + w.due AS messages, least(s.oldest, w.oldest) AS oldest,
    w.digest_at, w.critical_digest_at
FROM jsonb_to_recordset(CAST(:pairs AS jsonb)) AS p (user_id text, channel text)
CROSS JOIN LATERAL (
    SELECT count(DISTINCT coalesce(n.message_id, n.id)) AS messages, min(n.sent_at) AS oldest
    FROM notification.notifications n
    WHERE n.user_id = p.user_id AND n.channel = p.channel AND n.sent_at > :since AND n.sent_at <= :soon) s
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE x.scheduled_at <= :now) AS due, min(x.scheduled_at) AS oldest,
        min(x.scheduled_at) FILTER (WHERE x.held_by = 'storm' AND x.scheduled_at > :now
            AND x.severity <> 'critical') AS digest_at,
        min(x.scheduled_at) FILTER (WHERE x.held_by = 'storm' AND x.scheduled_at > :now
            AND x.severity = 'critical') AS critical_digest_at
    FROM (SELECT n.scheduled_at, n.held_by, n.severity FROM notification.notifications n
          WHERE n.user_id = p.user_id AND n.channel = p.channel AND n.status IN ('pending', 'failed')
              AND n.scheduled_at > :since AND n.scheduled_at <= :soon
          ORDER BY n.scheduled_at LIMIT 30) x) w
WHERE s.messages + w.due > 0 OR w.digest_at IS NOT NULL OR w.critical_digest_at IS NOT NULL
"""


def situation(tx: Tx, now: datetime, calendar: PlantCalendar, kinds: Kinds) -> Situation:
    """How things stand at `now` (UTC) for the transaction's tenant."""
    row = tx.one(_SETTINGS) or {"zone": "UTC", "switched_off": None, "dead": None}
    people = reading.people(tx, now=now, calendar=calendar, kinds=kinds)
    machines = frozenset(code for code, kind in kinds.items() if not kind.for_people)
    return Situation(
        people=people, channels=_order(kinds), machines=machines, switched_off=row["switched_off"] or {},
        dead_addresses=_dead(row["dead"] or []), silences=stored.current_silences(tx, now),
        mutes=mutes(tx, now, calendar, row["zone"]), policies=stored.policies(tx),
        rotas=_rotas(tx, now, calendar), traffic=_traffic(tx, now, people, machines), zone=row["zone"],
        destination=lambda channel, address: kinds[channel].destination(address),
    )  # fmt: skip


def _order(kinds: Kinds) -> tuple[ChannelCode, ...]:
    """Channels to people first, those most people have before others."""
    known = {code: place for place, code in enumerate(_PREFERRED)}
    return tuple(sorted(kinds, key=lambda code: (not kinds[code].for_people, known.get(code, len(known)), code)))


def _dead(found: Iterable[Sequence[str]]) -> dict[tuple[ChannelCode, str], str]:
    return {
        (channel, address.casefold()): f"{_DEAD[why]} ({since[:10]}); nothing goes there until somebody lifts that."
        for channel, address, why, since in found
    }


def _rotas(tx: Tx, now: datetime, calendar: PlantCalendar) -> dict[str, Rota]:
    found = on_call.schedules(tx, calendar, since=now)
    return {code: partial(on_call.on_call, schedule) for code, schedule in found.items()}


def mutes(tx: Tx, now: datetime, calendar: PlantCalendar, zone: str) -> list[Mute]:
    """Planned events of today and the days next to it that explain alerts at all. `zone`: the plant's."""
    today = now.astimezone(ZoneInfo(zone)).date()
    found = calendar.planned(tx, today - _DAY, today + _DAY)
    return [_mute(one, zone) for one in found if explains_anything(one.kind)]


def _mute(one: Planned, zone: str) -> Mute:
    start, end = (datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC) for day in (one.first, one.last + _DAY))
    return Mute(one.kind, one.name, start, end, one.place)


def _traffic(
    tx: Tx, now: datetime, people: Sequence[Person], machines: frozenset[ChannelCode]
) -> dict[tuple[str, ChannelCode], Traffic]:
    pairs = [(who.user_id, channel) for who in people for channel in who.addresses if channel not in machines]
    if not pairs:
        return {}
    found = tx.rows(
        _TRAFFIC, pairs=json.dumps([{"user_id": user, "channel": channel} for user, channel in pairs]), now=now,
        since=now - STORM_WINDOW, soon=now + STORM_WINDOW,
    )  # fmt: skip
    return {
        (row["user_id"], row["channel"]): Traffic(
            row["messages"], row["oldest"], row["digest_at"], row["critical_digest_at"]
        )
        for row in found
    }
