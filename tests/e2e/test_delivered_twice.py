"""Events come at least once and files in any order: neither may show in a figure or in a mailbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.client import OpsClient
from local.seams.s3_requests import object_event
from local.stack import Stack
from opscopilot.kernel.events import AlertRaised
from opscopilot.kernel.ids import tenant_id_for, uuid7
from tests.support.e2e import Live, drop, live, total, until, write

SKUS = "sku_code,description,base_uom,unit_cost\n" + "".join(f"{n:08},Item {n},EA,1.5\n" for n in range(1, 401))
PLACES = "code,name,type\nW1,Main hall,warehouse\n"
CUSTOMERS = "customer_code,name\nC1,Corner shop\nC2,Kiosk\n"
ORDERS = (
    "order_number,line_no,customer_code,order_date,sku_code,ordered_qty,uom,unit_price,currency,status\n"
    + "".join(f"SO{n},1,C{n % 2 + 1},2026-09-{n % 28 + 1:02},{n % 400 + 1:08},3,EA,9.90,EUR,confirmed\n" for n in range(1200))
)  # fmt: skip
STOCK = "sku_code,location_code,snapshot_at,quantity_on_hand\n" + "".join(
    f"{n:08},W1,2026-09-29T10:00:00Z,{n}\n" for n in range(1, 401)
)
SHIPPED = "order_number,line_no,shipment_no,shipped_at,qty\n" + "".join(
    f"SO{n},1,SH{n},2026-09-29T10:00:00Z,1\n" for n in range(0, 1200, 3)
)


@dataclass
class World:
    """A stack, from inside as well: events and queues have no HTTP."""

    live: Live
    stack: Stack

    def deliver_again(self, key_part: str, times: int = 2) -> None:
        """EventBridge delivers the object's event once more."""
        bucket = self.stack.aws.names["LandingBucket"]
        (key,) = [one for one in self.stack.aws.store.created(bucket, "landing/") if key_part in one.name]
        event = object_event(bucket, key, "ObjectCreated:Put")
        assert event is not None
        for _ in range(times):
            self.stack.aws.publish(event)

    def settled(self) -> None:
        """Wait until no state machine is running any more."""
        states = self.stack.aws.client("stepfunctions")
        machine = self.stack.aws.names["IngestionStateMachine"]

        def idle() -> bool:
            return not states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]

        until(idle, 180, "end of the executions")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with live(tmp_path_factory) as (one, stack):
        yield World(one, stack)


def seen(api: OpsClient) -> dict[str, Any]:
    jobs = api.get("/jobs", limit=100)["items"]
    rows = {name: total(api, name) for name in ("sku", "sales_order_line", "inventory_snapshot", "shipment_line")}
    versions = {row["row_version"] for row in api.pages("/entities/sku", limit=500)}
    return {"jobs": sorted(jobs, key=lambda job: job["id"]), "rows": rows, "versions": versions,
            "stock": api.get("/inventory/health")["quantities"]}  # fmt: skip


def test_an_object_delivered_again_after_its_end_changes_nothing(world: World, tmp_path: Path) -> None:
    api = world.live.tenant("again", as_of="2026-09-30")
    files = [write(tmp_path, name, text) for name, text in (("s.csv", SKUS), ("p.csv", PLACES), ("i.csv", STOCK))]
    jobs = drop(api, files)
    assert [job["status"] for job in jobs] == ["completed"] * 3
    before = seen(api)
    for job in jobs:
        world.deliver_again(job["id"])
    world.settled()
    assert seen(api) == before


def test_an_object_delivered_twice_at_once_is_loaded_once(world: World, tmp_path: Path) -> None:
    api = world.live.tenant("twice", as_of="2026-09-30")
    file = write(tmp_path, "s.csv", SKUS)
    (job,) = api.upload([file], "files")
    world.deliver_again(job["job_id"], times=3)
    (done,) = api.follow([job["job_id"]], lambda _: None, timeout=60)
    world.settled()
    assert (done["status"], done["error_summary"]) == ("completed", None)
    assert (done["successful_records"], done["duplicate_records"]) == (400, 0)
    found = seen(api)
    assert [one["id"] for one in found["jobs"]] == [job["job_id"]]
    assert {name: found["jobs"][0][name] for name in ("status", "successful_records")} == {
        "status": "completed", "successful_records": 400,
    }  # fmt: skip
    assert (found["rows"]["sku"], found["versions"]) == (400, {1})


def test_a_bare_drop_without_the_api_becomes_a_job(world: World) -> None:
    api = world.live.tenant("bare", as_of="2026-09-30")
    key = "landing/bare/ftp/materials.csv"
    bucket = world.stack.aws.names["LandingBucket"]
    world.stack.aws.client("s3").put_object(Bucket=bucket, Key=key, Body=SKUS.encode())
    (job,) = until(lambda: api.get("/jobs")["items"], 180, "job of a bare drop")
    (done,) = api.follow([job["id"]], lambda _: None, timeout=60)
    assert (done["source_system"], done["entity_type"], done["successful_records"]) == ("ftp", "sku", 400)


def test_files_that_come_before_what_they_refer_to_load_fully(world: World, tmp_path: Path) -> None:
    api = world.live.tenant("disorder", as_of="2026-09-30")
    texts = (("shipped", SHIPPED), ("sales_lines", ORDERS), ("stock", STOCK), ("customers", CUSTOMERS), ("places", PLACES),
             ("skus", SKUS))  # fmt: skip
    jobs = [job for name, text in texts for job in api.upload([write(tmp_path, f"{name}.csv", text)], "files")]
    done = api.follow([one["job_id"] for one in jobs], lambda _: None, timeout=120)
    assert (
        "\n".join(f"{job['file_name']}: {job['error_summary']}" for job in done if job["status"] != "completed") == ""
    )
    assert seen(api)["rows"] == {"sku": 400, "sales_order_line": 1200, "inventory_snapshot": 400, "shipment_line": 400}


def alert(code: str) -> dict[str, Any]:
    """An AlertRaised as the bus carries it."""
    event = AlertRaised(
        tenant_id=tenant_id_for(code), occurred_at=datetime.now(UTC), correlation_id="e2e", alert_id=uuid7(),
        alert_type="stockout_risk", severity="critical", title="Strawberry jam is likely to run out",
        message="Order today.", entity_type="sku", entity_code="00100001", dedupe_key="stockout:00100001",
    )  # fmt: skip
    return {"Source": event.source, "DetailType": "AlertRaised", "Detail": event.model_dump_json()}


def test_an_alert_redelivered_sends_one_mail(world: World) -> None:
    api = world.live.tenant("mails")
    raised = alert("mails")
    entry = {**raised, "EventBusName": world.stack.aws.host.specs["ForecastFunction"].environment["EVENT_BUS_NAME"]}
    events = world.stack.aws.client("events")
    for _ in range(3):
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    until(lambda: api.get("/notify/notifications", status="sent")["items"], 180, "mail")
    events.put_events(Entries=[entry])  # and once more, long after it was handled
    queue = world.stack.aws.names["AlertQueue"]
    sqs = world.stack.aws.client("sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def handled() -> bool:
        left = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return all(int(count) == 0 for count in left.values())

    until(handled, 180, "empty queue")
    mails = [mail for mail in world.live.outbox() if "pia@mails.example.com" in mail["to"]]
    assert len(mails) == 1
    assert json.loads(raised["Detail"])["title"] in mails[0]["subject"]
    assert api.get("/notify/notifications")["total"] == 1
