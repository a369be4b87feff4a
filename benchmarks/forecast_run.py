"""A whole forecast run through the real state machine on this machine: plan to publish, killed in the middle if asked.

    make bench-forecast-run SERIES=100000            # or: python -m benchmarks.forecast_run --series 100000 --kill

Generated plants, nothing of anybody's: a quarter of the items sell every week, the others now and then, with seasons
and trends. They lie in the stack's own Postgres as normalize would have left them; from `POST /forecast/run` on
everything is the product: Step Functions' interpreter, the forecast function, the API that tells the progress.
`--kill` pulls the plug (SIGKILL) when half of the batches are done, starts the stack again and lets the run go on.
Last line: RESULT {json}.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.running.measure import batches, print_progress
from benchmarks.running.plant import AS_OF, TENANT, fill
from local.client import OpsClient
from local.control import down, up
from local.identity import Identity


def main(given: Sequence[str] | None = None) -> None:
    """Fill a plant, run, perhaps kill and resume, tell."""
    asked = _arguments(given)
    state = Path(tempfile.mkdtemp(prefix="ops-bench-run-"))
    state.chmod(0o755)
    try:
        result = _measured(state, asked)
    finally:
        down(state)
        shutil.rmtree(state, ignore_errors=True)
    print("RESULT " + json.dumps(result))


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time a forecast run through the local state machine.")
    parser.add_argument("--series", type=int, default=int(os.environ.get("SERIES", "10000")))
    parser.add_argument("--weeks", type=int, default=104, help="length of the histories")
    parser.add_argument("--period", action="append", help="weekly by default; again for several")
    parser.add_argument("--kill", action="store_true", help="kill the stack when half of the batches are done")
    return parser.parse_args(given)


def _measured(state: Path, asked: argparse.Namespace) -> dict[str, Any]:
    info = up(state, 0)
    with _client(state, info, "admin") as admin:
        admin.post("/tenants", {"code": TENANT, "default_currency": "EUR", "as_of": AS_OF.isoformat()})
    began = time.monotonic()
    lines = fill(info["pg_port"], asked.series, asked.weeks)
    print(f"{asked.series:,} items with {lines:,} order lines in {time.monotonic() - began:.0f} s", flush=True)
    periods = asked.period or ["weekly"]
    began, resumed = time.monotonic(), 0
    with _client(state, info) as api:
        run = api.post("/forecast/run", {"periods": periods})
        run = _follow(api, run, until=0.5 if asked.kill else None)
    if asked.kill and run["status"] == "running":
        os.kill(info["pid"], signal.SIGKILL)
        os.waitpid(info["pid"], 0)
        print(f"killed after {time.monotonic() - began:.0f} s with {run['series_done']:,} series done", flush=True)
        stopped = time.monotonic()
        info = up(state, 0)
        began += time.monotonic() - stopped  # starting the stack is not forecasting
        with _client(state, info) as api:
            run = _follow(api, api.get(f"/forecast/runs/{run['run_id']}"))  # it goes on by itself
            resumed = int(run["resumed_batches"])
    if run["status"] != "completed":
        sys.exit(f"the run {run['status']}: {run.get('error')}")
    return _result(run, batches(info["pg_port"]), time.monotonic() - began, resumed)


def _client(state: Path, info: dict[str, Any], role: str = "planner") -> OpsClient:
    claims: dict[str, Any] = {"platform_admin": True} if role == "admin" else {}
    return OpsClient(info["api_url"], Identity(state).issue(TENANT, role, **claims), timeout=120)


def _follow(api: OpsClient, run: dict[str, Any], until: float | None = None) -> dict[str, Any]:
    """The run at its end, or when `until` of its series are done."""
    steps: dict[str, float] = {}
    began = time.monotonic()
    while run["status"] == "running":
        time.sleep(0.5)
        run = api.get(f"/forecast/runs/{run['run_id']}")
        print_progress(run, steps, time.monotonic() - began)
        if until is not None and run["series"] and run["series_done"] >= until * run["series"]:
            break
    return run


def _result(run: dict[str, Any], found: list[dict[str, Any]], seconds: float, resumed: int) -> dict[str, Any]:
    series = sum(int(one["series"]) for one in found)
    cost = run["cost"] or {}
    return {
        "series": series, "seconds": round(seconds, 1), "series_per_s": round(series / seconds, 1),
        "batches": len(found), "longest_batch_s": round(max(float(one["latency_ms"]) for one in found) / 1000, 1),
        "cost_per_1000": cost.get("usd_per_1000_series"), "resumed_batches": resumed,
        "recomputed_batches": sum(int(one["attempts"]) - 1 for one in found), "versions": [
            {"version": one["version"], "status": one["status"], "series": one["series"]} for one in run["periods"]
        ],
    }  # fmt: skip


if __name__ == "__main__":
    main()
