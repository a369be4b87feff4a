"""What a run says of itself while it goes on, and what its batches took."""

from __future__ import annotations

from typing import Any

from benchmarks.running.plant import connection


def print_progress(run: dict[str, Any], steps: dict[str, float], seconds: float) -> None:
    """A line when a step begins, and one every ten seconds."""
    last = steps.get("", -10.0)
    if run["step"] in steps and seconds - last < 10:
        return
    steps.setdefault(run["step"], seconds)
    steps[""] = seconds
    done = sum(int(one["batches_done"]) for one in run["periods"])
    total = sum(int(one["batches"]) for one in run["periods"])
    rate = f", {run['series_per_second']} series/s" if run["series_per_second"] else ""
    left = "" if run["seconds_left"] is None else f", {run['seconds_left']} s left"
    print(
        f"{seconds:6.0f} s  {run['step']:<10} batches {done}/{total}, series {run['series_done']:,}/{run['series']:,}"
        f"{rate}{left}",
        flush=True,
    )


def batches(port: int) -> list[dict[str, Any]]:
    """Every batch of the versions that are in force."""
    with connection(port) as tx:
        return tx.rows(
            """SELECT e.series, e.latency_ms, e.attempts FROM forecast.model_executions e
               JOIN forecast.forecast_versions v ON v.id = e.version_id WHERE v.status = 'published'"""
        )
