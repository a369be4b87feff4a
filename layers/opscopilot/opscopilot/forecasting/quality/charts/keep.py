"""Charts in the database: made once, held against new points, re-based when a person approved another base."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from opscopilot.forecasting import copyio
from opscopilot.forecasting.quality.charts import fit, points
from opscopilot.forecasting.quality.charts.fit import Chart, Judged
from opscopilot.forecasting.quality.charts.points import Subject
from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.ids import uuid7
from opscopilot.kernel.uom import DISCRETE

BASE_MOST = {"sku": 25, "sensor": 72}
BASE_FEWEST = {"sku": 12, "sensor": 24}
_DRAWN = 60
_QUIET = 2
"""Points without a flag after which an episode is over."""
_SIGNAL = ("chart_id", "point_at", "rule", "side", "observed", "center", "lower_limit", "upper_limit", "episode_at",
           "version_id")  # fmt: skip


@dataclass(slots=True)
class Kept:
    """How many charts there are and how many signals came new."""

    charts: int = 0
    signals: int = 0


def update(tx: Tx, version_id: UUID, today: date, week_start: int, until: datetime) -> Kept:
    """Bring all charts up to date. Points are judged once; what was flagged stays."""
    known = {_key(row["subject"], row["sku_id"] or row["sensor_id"], row["line"], row["measure"]): row
             for row in tx.rows("SELECT * FROM forecast.control_charts")}  # fmt: skip
    wanted = {row["chart_id"]: row for row in tx.rows(_APPROVED)}
    signals: list[list[Any]] = []
    done = Kept()
    for subject in _subjects(tx, today, week_start, until, known, wanted):
        row = known.get(_key(subject.kind, subject.id, subject.line, subject.measure))
        if _one(tx, subject, row, wanted.get(row["id"]) if row else None, version_id, signals):
            done.charts += 1
    if signals:
        copyio.stage(tx, "chart_signals_new", "forecast.control_signals", _SIGNAL, signals)
        columns = ", ".join(_SIGNAL)
        done.signals = tx.execute(
            f"INSERT INTO forecast.control_signals (tenant_id, {columns}) SELECT :tenant, {columns} "
            "FROM chart_signals_new ON CONFLICT DO NOTHING", tenant=tx.tenant_id,
        )  # fmt: skip
    return done


_APPROVED = """
SELECT DISTINCT ON (a.chart_id) a.* FROM planning.chart_approvals a JOIN forecast.control_charts c ON c.id = a.chart_id
ORDER BY a.chart_id, a.created_at DESC, a.id DESC
"""


def _subjects(
    tx: Tx, today: date, week_start: int, until: datetime, known: dict[Any, Row], wanted: dict[UUID, Row]
) -> Iterable[Subject]:
    yield from points.scrap(tx, today, week_start)
    again = {row["sensor_id"] for row in known.values()
             if row["sensor_id"] and row["id"] in wanted and wanted[row["id"]]["id"] != row["approval_id"]}  # fmt: skip
    for subject in points.hourly(tx, until):
        if subject.id not in again:
            yield subject
    for sensor in again:
        yield from points.hourly(tx, until, sensor)


def _key(subject: str, own: UUID, line: str, measure: str) -> tuple[str, UUID, str, str]:
    return subject, own, line, measure


def _one(
    tx: Tx, subject: Subject, row: Row | None, approved: Row | None, version_id: UUID, signals: list[list[Any]]
) -> bool:
    rebase = approved is not None and (row is None or approved["id"] != row["approval_id"])
    chart = _chart(subject, approved) if row is None or rebase else _stored(row)
    if chart is None:
        return row is not None
    chart_id = row["id"] if row else uuid7()
    drawn: list[dict[str, Any]] = [] if row is None or rebase else list(row["points"])
    last = None if row is None or rebase else row["last_point_at"]
    new = fit.hold(chart, [one for one in subject.points if last is None or one.at > last])
    if not new:
        return True
    judged = [one for one in new if one.at > chart.base_to]
    before = [float(one["z"]) for one in drawn] if last else [one.z for one in new if one.at <= chart.base_to]
    flagged = fit.flags(chart, before, judged)
    episodes, since = _episodes(judged, {one[0].at for one in flagged}, row, rebase)
    signals += [
        [chart_id, one.at, rule, side, one.value, (one.lower + one.upper) / 2 if chart.kind == "ewma" else chart.center,
         one.lower, one.upper, episodes[one.at], version_id]
        for one, rule, side in flagged
    ]  # fmt: skip
    drawn = [*drawn, *(one.as_json() for one in new)][-_DRAWN:]
    _store(tx, chart_id, subject, chart, drawn, new[-1].at, since, approved["id"] if approved else None, row is None)
    return True


def _chart(subject: Subject, approved: Row | None) -> Chart | None:
    base = subject.points[: min(BASE_MOST[subject.kind], len(subject.points) - 1)]
    if approved is not None:
        base = [one for one in subject.points if approved["base_from"] <= one.at.date() <= approved["base_to"]]
    if len(base) < BASE_FEWEST[subject.kind]:
        return None
    return fit.shares(base, subject.uom in DISCRETE) if subject.kind == "sku" else fit.values(base)


def _stored(row: Row) -> Chart:
    return Chart(row["kind"], row["base_from"], row["base_to"], row["base_points"], row["base_excluded"], row["center"],
                 row["sigma"], dict(row["params"]), row["autocorrelation"], row["note"])  # fmt: skip


def _episodes(
    judged: list[Judged], flagged: set[datetime], row: Row | None, rebase: bool
) -> tuple[dict[datetime, datetime], datetime | None]:
    """The episode each flagged point belongs to, and the one still open after the last point."""
    since: datetime | None = None if row is None or rebase else row["open_since"]
    quiet = 0
    found: dict[datetime, datetime] = {}
    for one in judged:
        if one.at in flagged:
            since, quiet = since or one.at, 0
            found[one.at] = since
        elif since is not None:
            quiet += 1
            since = None if quiet >= _QUIET else since
    return found, since


def _store(
    tx: Tx, chart_id: UUID, subject: Subject, chart: Chart, drawn: list[dict[str, Any]], last: datetime,
    since: datetime | None, approval: UUID | None, new: bool,
) -> None:  # fmt: skip
    values: dict[str, Any] = {
        "kind": chart.kind, "uom": subject.uom, "base_from": chart.base_from, "base_to": chart.base_to,
        "base_points": chart.base_points, "base_excluded": chart.base_excluded, "center": chart.center,
        "sigma": chart.sigma, "params": json.dumps(chart.params), "autocorrelation": chart.autocorrelation,
        "note": chart.note, "false_alarm_every": chart.false_alarm_every, "approval_id": approval,
        "points": json.dumps(drawn), "last_point_at": last, "open_since": since,
    }  # fmt: skip
    marks = ", ".join(f"CAST(:{name} AS jsonb)" if name in ("params", "points") else f":{name}" for name in values)
    names = ", ".join(values)
    if not new:
        tx.execute(
            f"UPDATE forecast.control_charts SET ({names}) = ({marks}), updated_at = now() WHERE id = :id",
            id=chart_id, **values,
        )  # fmt: skip
        return
    tx.execute(
        f"INSERT INTO forecast.control_charts (tenant_id, id, subject, sku_id, sensor_id, subject_code, line, measure, "
        f"{names}) VALUES (:tenant, :id, :subject, :sku, :sensor, :code, :line, :measure, {marks})",
        tenant=tx.tenant_id, id=chart_id, subject=subject.kind, sku=subject.id if subject.kind == "sku" else None,
        sensor=subject.id if subject.kind == "sensor" else None, code=subject.code, line=subject.line,
        measure=subject.measure, **values,
    )  # fmt: skip
