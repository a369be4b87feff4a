"""What a stack costs: a worked estimate, printed as the tables of docs/deploy.md.

    .venv/bin/python docs/costs.py

Prices are public on-demand list prices of us-east-1 as remembered when this was written (2026-11). They were not
fetched, free tiers are left out, and taxes and data leaving AWS are not in it. Change a number and run it again;
docs/generate.py puts the tables into the page.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

TEMPLATE = Path(__file__).resolve().parents[1] / "template.yaml"
HOURS = 730
MINUTES = HOURS * 60


@dataclass(frozen=True)
class Prices:
    """USD, us-east-1."""

    nat_hour: float = 0.045
    nat_gb: float = 0.045
    public_ipv4_hour: float = 0.005
    endpoint_zone_hour: float = 0.01
    db_micro_hour: float = 0.016
    db_medium_multi_az_hour: float = 0.129
    db_gb_month: float = 0.115
    db_multi_az_gb_month: float = 0.23
    proxy_vcpu_hour: float = 0.015
    secret_month: float = 0.40
    key_month: float = 1.00
    alarm_month: float = 0.10
    dashboard_month: float = 3.00
    lambda_gb_second: float = 0.0000133334
    lambda_million: float = 0.20
    sqs_million: float = 0.40
    api_million: float = 1.00
    transition_thousand: float = 0.025
    event_million: float = 1.00
    s3_gb_month: float = 0.023
    s3_put_thousand: float = 0.005
    email_thousand: float = 0.10


@dataclass(frozen=True)
class Assumed:
    """What the estimate assumes; measure your own plant and put your numbers here."""

    sweep_seconds: float = 0.2
    """One sweep of notify at 0.5 GB with nothing to do."""
    tick_seconds: float = 0.2
    """Finding that no connector is due, at 2 GB."""
    transitions_per_tick: int = 5
    queue_pollers: int = 5
    """Lambda keeps about this many long polls of 20 s open on a queue."""
    row_bytes_csv: int = 100
    row_bytes_staged: int = 25
    row_bytes_database: int = 400
    """Order lines with their orders, keys and indexes: 366 bytes with the statement in docs/deploy.md."""
    ingest_seconds: float = 60
    normalize_seconds: float = 180
    """For a million rows, at 2 GB of memory each; `make bench` measures your machine."""
    files: int = 10
    transitions_per_file: int = 6
    forecast_series: int = 500
    forecast_seconds: float = 60
    """One run over these series in batches of 200, at 1.77 GB."""


class Line(NamedTuple):
    """A line of a table: what, how it was worked out, USD."""

    what: str
    how: str
    usd: float


def alarms() -> int:
    """Alarms in the template."""
    return len(re.findall(r"Type: AWS::CloudWatch::Alarm\b", TEMPLATE.read_text(encoding="utf-8")))


def idle(prices: Prices, assumed: Assumed) -> Iterator[Line]:
    """A dev stack for a month in which nothing happens, with samconfig's defaults."""
    yield Line("NAT gateway", f"{HOURS} h × {prices.nat_hour}", HOURS * prices.nat_hour)
    yield Line("its public IPv4 address", f"{HOURS} h × {prices.public_ipv4_hour}", HOURS * prices.public_ipv4_hour)
    yield Line("RDS db.t4g.micro, one zone", f"{HOURS} h × {prices.db_micro_hour}", HOURS * prices.db_micro_hour)
    yield Line("RDS storage, 20 GB gp3", f"20 × {prices.db_gb_month}", 20 * prices.db_gb_month)
    yield Line("CloudWatch alarms", f"{alarms()} × {prices.alarm_month}", alarms() * prices.alarm_month)
    yield Line("CloudWatch dashboard", f"1 × {prices.dashboard_month}", prices.dashboard_month)
    yield Line("KMS key of the alarm topic", f"1 × {prices.key_month}", prices.key_month)
    yield Line(
        "owner's password and key of links in Secrets Manager", f"2 × {prices.secret_month}", 2 * prices.secret_month
    )
    seconds = MINUTES * assumed.sweep_seconds * 0.5
    sweeps = seconds * prices.lambda_gb_second + MINUTES / 1e6 * prices.lambda_million
    yield Line("notify's sweep every minute", f"{MINUTES:,} × {assumed.sweep_seconds} s × 0.5 GB", sweeps)
    ticks = MINUTES // 5
    transitions = ticks * assumed.transitions_per_tick
    tick = ticks * assumed.tick_seconds * 2 * prices.lambda_gb_second + transitions / 1000 * prices.transition_thousand
    yield Line("connectors' tick every five minutes", f"{ticks:,} × {assumed.transitions_per_tick} transitions", tick)
    polls = assumed.queue_pollers * 3 * MINUTES
    yield Line(
        "polling the alert queue", f"{polls / 1e6:.2f} M × {prices.sqs_million}", polls / 1e6 * prices.sqs_million
    )


def million_rows(prices: Prices, assumed: Assumed) -> Iterator[Line]:
    """Taking in a million order lines and forecasting once."""
    for name, seconds in (("ingest", assumed.ingest_seconds), ("normalize", assumed.normalize_seconds)):
        yield Line(name, f"{seconds:.0f} s × 2 GB × {prices.lambda_gb_second}", seconds * 2 * prices.lambda_gb_second)
    count = assumed.files * assumed.transitions_per_file
    yield Line("Step Functions", f"{assumed.files} files × {assumed.transitions_per_file} transitions",
               count / 1000 * prices.transition_thousand)  # fmt: skip
    forecast = assumed.forecast_seconds * 1.77 * prices.lambda_gb_second
    yield Line(
        f"one forecast of {assumed.forecast_series} series", f"{assumed.forecast_seconds:.0f} s × 1.77 GB", forecast
    )
    landed = assumed.row_bytes_csv * 1e6 / 1e9
    yield Line("the files in S3, a month", f"{landed:.2f} GB × {prices.s3_gb_month}", landed * prices.s3_gb_month)
    staged = assumed.row_bytes_staged * 1e6 / 1e9
    yield Line("staged rows in S3, 30 days", f"{staged:.3f} GB × {prices.s3_gb_month}", staged * prices.s3_gb_month)
    stored = assumed.row_bytes_database * 1e6 / 1e9
    yield Line("rows in the database, a month", f"{stored:.1f} GB × {prices.db_gb_month}", stored * prices.db_gb_month)


def choices(prices: Prices) -> Iterator[Line]:
    """What the larger parameters change, a month."""
    second = HOURS * (prices.nat_hour + prices.public_ipv4_hour)
    yield Line("`Egress=nat-ha`", "a second NAT gateway with its address", second)
    private = 4 * 2 * HOURS * prices.endpoint_zone_hour
    yield Line("`Egress=endpoints`", "4 endpoints in 2 zones, and no NAT gateway", private - second)
    yield Line(
        "`DbProxyEnabled=true`", f"2 vCPU × {HOURS} h × {prices.proxy_vcpu_hour}", 2 * HOURS * prices.proxy_vcpu_hour
    )
    larger = HOURS * (prices.db_medium_multi_az_hour - prices.db_micro_hour)
    storage = 50 * prices.db_multi_az_gb_month - 20 * prices.db_gb_month
    yield Line("prod: db.t4g.medium with a standby, 50 GB", "instead of db.t4g.micro, 20 GB", larger + storage)
    yield Line("a million API requests", f"API Gateway {prices.api_million}; 0.1 s at 1.77 GB each",
               prices.api_million + prices.lambda_million + 1e5 * 1.77 * prices.lambda_gb_second)  # fmt: skip
    yield Line("ten thousand mails", f"10 × {prices.email_thousand}", 10 * prices.email_thousand)


def table(title: str, lines: list[Line], total: str | None) -> Iterator[str]:
    """A Markdown table."""
    yield f"| {title} | worked out | USD |"
    yield "|---|---|---:|"
    for line in lines:
        yield f"| {line.what} | {line.how} | {_usd(line.usd)} |"
    if total:
        yield f"| **{total}** | | **{_usd(sum(line.usd for line in lines))}** |"
    yield ""


def _usd(amount: float) -> str:
    return f"{amount:.2f}" if abs(amount) >= 0.0995 else f"{amount:.4f}"


def tables(prices: Prices | None = None, assumed: Assumed | None = None) -> str:
    """The three tables."""
    listed, guess = prices or Prices(), assumed or Assumed()
    parts = [
        *table("an idle month, dev", list(idle(listed, guess)), "idle, a month"),
        *table("a million rows", list(million_rows(listed, guess)), "a million rows, first month"),
        *table("a choice", list(choices(listed)), None),
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(tables())
