"""After a start: forecast runs that were under way go on, and data nobody has forecast yet get their event again.

On AWS executions and waiting events outlive everything; here they lived in memory. A run goes on under its own id
and does only the batches that are missing; an event whose data were forecast after all ends in its plan.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from local.aws import LocalAws
from local.databases import admin

log = logging.getLogger(__name__)

MACHINE = "ForecastingStateMachine"
_OPEN_RUNS = """
SELECT r.tenant_id::text, r.id::text, r.periods, (SELECT array_agg(DISTINCT a.sku_id::text)
    FROM forecast.adhoc_items a WHERE a.tenant_id = r.tenant_id AND a.version_id = ANY (r.versions))
FROM forecast.forecast_runs r WHERE r.status = 'running' ORDER BY r.started_at
"""
_WAITING = """
SELECT DISTINCT ON (o.tenant_id) o.source, o.detail FROM platform.outbox o
WHERE o.detail_type = 'DataNormalized' AND o.occurred_at > coalesce(
    (SELECT max(v.created_at) FROM forecast.forecast_versions v WHERE v.tenant_id = o.tenant_id), '-infinity')
ORDER BY o.tenant_id, o.event_id DESC
"""


def recover_forecasts(aws: LocalAws, pg_port: int, database: str) -> int:
    """Start again what stood still; the number of executions."""
    runs, events = _found(pg_port, database)
    states = aws.client("stepfunctions")
    for tenant, run, periods, items in runs:
        log.info("forecast run %s goes on", run)
        asked = {"tenant_id": tenant, "run_id": run, "periods": periods} | ({"sku_ids": items} if items else {})
        states.start_execution(
            stateMachineArn=aws.names[MACHINE], name=f"{tenant}_{run}", input=json.dumps(asked)
        )  # under the name by which the API asks for it
    for source, detail in events:
        aws.deliver(aws.names[MACHINE], {"source": source, "detail-type": "DataNormalized", "detail": detail})
    return len(runs) + len(events)


def _found(pg_port: int, database: str) -> tuple[list[Any], list[Any]]:
    """Runs that never ended and each tenant's newest event that no version is younger than; none before 0014."""
    with admin(pg_port, database) as connection:
        if not connection.run("SELECT to_regclass('forecast.forecast_runs') IS NOT NULL")[0][0]:
            return [], []
        return connection.run(_OPEN_RUNS), connection.run(_WAITING)
