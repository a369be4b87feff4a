"""Pulls that land, resume, wait and fail: against real servers, a real bucket and a real database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import boto3
import pytest
from moto import mock_aws

from local.testing import ThrowawayDatabase, database
from opscopilot.adapters.objects import S3ObjectStore
from opscopilot.kernel.clock import FixedClock
from opscopilot.kernel.ids import tenant_id_for, uuid7
from opscopilot.outbound.guard import AddressGuard
from opscopilot.staging.connectors import state
from opscopilot.staging.connectors.base import Stream
from opscopilot.staging.connectors.due import Scheduler, try_out
from opscopilot.staging.connectors.pulling import Puller
from tests.support.dropping import LANDING, NOW, STAGING, Yard
from tests.support.outside import MemorySecrets
from tests.support.plant import Plant
from tests.support.servers.systems import FrappeSite, OdooDatabase
from tests.support.servers.web import Reply, Request, Server, serve

ROWS = [
    {"id": n, "sku_code": f"{n:06}", "description": f"Jam {n}", "base_uom": "EA",
     "updated_at": f"2026-09-{1 + n % 28:02}T10:00:00Z"} for n in range(1, 24)
]  # fmt: skip


class Killed(BaseException):
    """The sandbox is gone, in the middle of everything."""


def pages(request: Request) -> Reply:
    """Pages of five, of what changed since."""
    since = request.query.get("since", "")
    rows = [one for one in ROWS if str(one["updated_at"]) >= since]
    start = (int(request.query["page"]) - 1) * 5
    return Reply({"items": rows[start : start + 5]})


@dataclass
class Bench:
    """A tenant with a connector to a server."""

    yard: Yard
    secrets: MemorySecrets = field(default_factory=MemorySecrets)
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW))
    left_s: float = 900.0

    @property
    def puller(self) -> Puller:
        """The service as the function builds it."""
        return Puller(self.yard.plant.db("ops_ingest"), self.yard.store, LANDING, self.secrets,
                      AddressGuard(local=True), self.clock, sleep=lambda _: None)  # fmt: skip

    def keep(self, server: Server, *, plant: Plant | None = None, kind: str = "rest", schedule: str | None = None,
             secret_ref: str | None = None, **config: Any) -> None:  # fmt: skip
        """Remember a connector named erp."""
        stream = {"name": "items", "path": "/items", "records": "items", "entity": "sku",
                  "incremental": {"field": "updated_at", "param": "since"}}  # fmt: skip
        whole = config if kind != "rest" else {
            "base_url": server.url, "pages": {"kind": "page", "size": 5}, "batch_records": 10, "streams": [stream],
            **config,
        }  # fmt: skip
        owner = plant or self.yard.plant
        with owner.db("ops_copilot").tenant(owner.tenant_id) as tx:
            tx.execute(
                """INSERT INTO staging.data_connector_configs (tenant_id, name, connector_type, config_json, schedule,
                       next_run_at, secret_ref) VALUES (:t, 'erp', :kind, CAST(:config AS jsonb), :schedule,
                       CAST(:next AS timestamptz), :ref)""",
                t=owner.tenant_id, kind=kind, config=json.dumps(whole), schedule=schedule, ref=secret_ref,
                next=NOW if schedule else None,
            )  # fmt: skip

    def ask(self, *, stream: str = "items", full: bool = False) -> UUID:
        """A pull's job, as the API makes it."""
        with self.yard.plant.db("ops_copilot").tenant(self.yard.plant.tenant_id) as tx:
            ((_, job),) = state.request(tx, "erp", "erp", [Stream(stream, "sku")], full=full, by="p@fjord")
        return job

    def pull(self, job: UUID, tenant: UUID | None = None) -> dict[str, Any]:
        """One invocation."""
        return self.puller.pull(tenant or self.yard.plant.tenant_id, job, lambda: self.left_s)

    def landed(self) -> list[dict[str, Any]]:
        """Every record in every object of the landing bucket, in the order of the keys' file names."""
        listed = self.yard.client.list_objects_v2(Bucket=LANDING).get("Contents", [])
        records = []
        for one in sorted(listed, key=lambda one: one["Key"].rpartition("/")[2]):
            body = self.yard.client.get_object(Bucket=LANDING, Key=one["Key"])["Body"].read()
            records += [json.loads(line) for line in body.splitlines()]
        return records

    def children(self) -> list[dict[str, Any]]:
        """The jobs of what landed."""
        return self.yard.plant.rows(
            """SELECT * FROM staging.ingestion_jobs WHERE parent_job_id IS NOT NULL AND mode = 'pull'
               ORDER BY file_name"""
        )

    def state(self) -> dict[str, Any]:
        """The stream's row."""
        (row,) = self.yard.plant.rows("SELECT * FROM staging.connector_state")
        return row

    @property
    def secret(self) -> str:
        """The name under which the connector's secret is kept."""
        return f"opscopilot/{self.yard.plant.code}/erp"

    def due(self, *others: Plant) -> list[dict[str, Any]]:
        """What the schedule starts for this bench's tenant, and others of the same test."""
        mine = {str(one.tenant_id) for one in (self.yard.plant, *others)}
        return [one for one in Scheduler(self.puller).due(lambda: 900.0) if one["tenant_id"] in mine]

    def loaded(self) -> None:
        """Pretend that everything that landed is loaded."""
        with self.yard.plant.db("ops_ingest").tenant(self.yard.plant.tenant_id) as tx:
            tx.execute("UPDATE staging.ingestion_jobs SET status = 'completed' WHERE parent_job_id IS NOT NULL")


@pytest.fixture(scope="module")
def fresh() -> Iterator[ThrowawayDatabase]:
    """One database; each test is a tenant of its own."""
    with database() as made:
        yield made


@pytest.fixture
def bench(fresh: ThrowawayDatabase) -> Iterator[Bench]:
    with mock_aws():
        client = boto3.client("s3", region_name="eu-west-1")
        for bucket in (LANDING, STAGING):
            client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        plant = Plant(fresh, f"plant-{uuid4().hex[:8]}")
        yield Bench(Yard(plant, client, S3ObjectStore(client)))


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(pages) as made:
        yield made


def ids(records: list[dict[str, Any]]) -> list[Any]:
    """Their ids."""
    return [one["id"] for one in records]


def test_what_is_fetched_lands_once_as_objects_with_jobs_of_their_own(bench: Bench, server: Server) -> None:
    bench.keep(server)
    job = bench.ask()
    assert bench.pull(job) == {"status": "done", "fetched": 23}
    assert ids(bench.landed()) == ids(ROWS)
    own = bench.yard.job(job)
    assert (own["status"], own["total_records"], own["successful_records"], own["mode"]) == (
        "completed",
        23,
        23,
        "pull",
    )
    assert [(one["file_name"], one["status"], one["entity_type"], one["parent_job_id"], one["requested_by"])
            for one in bench.children()] == [
        (f"items-{n:05}.ndjson", "pending", "sku", job, "p@fjord") for n in (1, 2, 3)
    ]  # fmt: skip
    assert {one["object_key"].split("/")[:4][3] for one in bench.children()} == {
        str(one["id"]) for one in bench.children()
    }
    assert (bench.state()["watermark"], list(bench.state()["resume"])) == ("2026-09-24T10:00:00Z", ["edge"])


def test_the_next_pull_asks_for_what_changed_and_a_full_one_for_everything(bench: Bench, server: Server) -> None:
    bench.keep(server)
    bench.pull(bench.ask())
    bench.loaded()
    server.requests.clear()
    assert bench.pull(bench.ask()) == {"status": "done", "fetched": 0}, "the record at the watermark came already"
    assert server.requests[0].query["since"] == "2026-09-24T10:00:00Z"
    late = {**ROWS[0], "id": 99, "updated_at": "2026-09-24T10:00:00Z"}
    server.faults.append(Reply({"items": [ROWS[22], late]}))
    assert bench.pull(bench.ask())["fetched"] == 1, "another of the same moment did not"
    assert 99 in ids(bench.landed())
    server.requests.clear()
    assert bench.pull(bench.ask(full=True))["fetched"] == 23
    assert "since" not in server.requests[0].query
    assert bench.state()["watermark"] == "2026-09-24T10:00:00Z"


def test_a_job_that_is_over_is_not_pulled_again(bench: Bench, server: Server) -> None:
    bench.keep(server)
    job = bench.ask()
    bench.pull(job)
    asked = len(server.requests)
    assert bench.pull(job) == {"status": "done", "reason": "nothing_to_pull"}
    assert len(server.requests) == asked


@pytest.mark.parametrize("moment", ["before the object", "after the object"])
@pytest.mark.parametrize("batch", [1, 2, 3])
def test_a_kill_between_any_two_steps_loses_nothing_and_goes_on(
    bench: Bench, server: Server, monkeypatch: pytest.MonkeyPatch, moment: str, batch: int
) -> None:
    bench.keep(server)
    job, put = bench.ask(), bench.yard.store.upload
    uploads = 0

    def upload(source: Path, bucket: str, key: str) -> None:
        nonlocal uploads
        uploads += 1
        if uploads == batch and moment == "before the object":
            raise Killed
        put(source, bucket, key)
        if uploads == batch:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(bench.yard.store, "upload", upload)
        with pytest.raises(Killed):
            bench.pull(job)
    assert bench.state()["watermark"] is None, "nothing is remembered that has not landed"
    assert bench.state()["sequence"] == batch - 1
    server.requests.clear()
    assert bench.pull(job)["status"] == "done"
    assert server.requests[0].query["page"] == str(2 * (batch - 1) + 1), "what has landed is not fetched again"
    assert ids(bench.landed()) == ids(ROWS), "the batch in question lies there once, under one key"
    assert len(bench.children()) == 3


def test_a_batch_that_changed_before_it_was_fetched_again_leaves_no_job_waiting(
    bench: Bench, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.keep(server)
    job = bench.ask()

    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(bench.yard.store, "upload", killed)
        with pytest.raises(Killed):
            bench.pull(job)
    server.faults.append(Reply({"items": [{**ROWS[0], "description": "changed"}, *ROWS[1:5]]}))
    bench.pull(job)
    assert sorted(one["status"] for one in bench.children()) == ["cancelled", "pending", "pending", "pending"]
    assert bench.landed()[0]["description"] == "changed"


def test_an_invocation_that_runs_out_of_time_says_more_and_the_next_goes_on(bench: Bench, server: Server) -> None:
    bench.keep(server)
    job, calls = bench.ask(), 0
    bench.left_s = 50.0
    while bench.pull(job)["status"] == "more":
        calls += 1
        assert calls < 20
    assert calls >= 4
    assert ids(bench.landed()) == ids(ROWS)
    assert bench.yard.job(job)["total_records"] == 23


def test_pulling_waits_while_much_of_the_source_is_not_loaded(bench: Bench, server: Server) -> None:
    bench.keep(server, max_waiting_jobs=2)
    job = bench.ask()
    assert bench.pull(job) == {"status": "wait", "seconds": 30}
    assert len(bench.children()) == 2
    asked = len(server.requests)
    assert bench.pull(job)["status"] == "wait"
    assert len(server.requests) == asked
    bench.loaded()
    assert bench.pull(job)["status"] == "done"
    assert ids(bench.landed()) == ids(ROWS)


def test_a_system_that_wants_a_long_pause_gets_it(bench: Bench, server: Server) -> None:
    bench.keep(server)
    job = bench.ask()
    server.faults.extend([None, None, None, Reply(status=429, headers={"Retry-After": "600"})])
    assert bench.pull(job) == {"status": "wait", "seconds": 600}
    assert bench.pull(job)["status"] == "done"
    assert ids(bench.landed()) == ids(ROWS)


def test_a_source_that_never_stops_throttling_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opscopilot.staging.connectors.pulling.MAX_WAITS", 2)
    with serve(lambda _: Reply(status=429, headers={"Retry-After": "600"})) as server:
        bench.keep(server)
        job = bench.ask()
        assert [bench.pull(job)["status"] for _ in range(3)] == ["wait", "wait", "failed"]
    assert bench.yard.job(job)["error_code"] == "throttled"


def test_a_failure_is_told_and_what_landed_stays(bench: Bench, server: Server) -> None:
    bench.keep(server)
    job = bench.ask()
    server.faults.extend([None, None, None, Reply(status=403)])
    assert bench.pull(job)["status"] == "failed"
    own, kept = bench.yard.job(job), bench.state()
    assert (own["status"], own["error_code"]) == ("failed", "forbidden")
    assert "does not allow this login" in own["error_summary"]
    assert (kept["last_error_code"], kept["failures_in_row"], kept["watermark"]) == ("forbidden", 1, None)
    assert ids(bench.landed()) == ids(ROWS[:10])
    events = bench.yard.plant.rows("SELECT detail FROM platform.outbox WHERE detail_type = 'FileProcessed'")
    assert [one["detail"]["status"] for one in events] == ["failed"]


def test_page_numbers_do_not_outlive_their_pull_but_keys_do(bench: Bench, server: Server) -> None:
    bench.keep(server)
    server.faults.extend([None, None, None, Reply(status=403)])
    bench.pull(bench.ask())
    server.requests.clear()
    bench.pull(bench.ask())
    assert server.requests[0].query["page"] == "1"


def test_a_quiet_system_makes_no_objects_and_an_overlap_reads_again(bench: Bench) -> None:
    rows = [{"name": f"I-{n:02}", "modified": f"2026-09-30 10:00:{n // 4:02}"} for n in range(20)]
    with serve(FrappeSite(rows)) as server:
        bench.secrets.put(bench.secret, {"api_key": "k", "api_secret": "s"})
        config = {"url": server.url, "page_size": 5, "streams": [{"name": "items", "doctype": "Item"}]}
        bench.keep(server, kind="erpnext", **config)
        assert [bench.pull(bench.ask())["fetched"] for _ in range(3)] == [20, 0, 0]
        with bench.yard.plant.db("ops_copilot").tenant(bench.yard.plant.tenant_id) as tx:
            tx.execute("UPDATE staging.data_connector_configs SET config_json = config_json || '{\"overlap_s\": 2}'")
        assert [bench.pull(bench.ask())["fetched"] for _ in range(2)] == [0, 12]
        assert bench.state()["watermark"] == "2026-09-30 10:00:04"


def test_a_pull_in_order_of_change_goes_on_where_a_failed_one_stood(bench: Bench) -> None:
    rows = [{"name": f"I-{n:02}", "modified": f"2026-09-30 10:00:{n:02}"} for n in range(20)]
    with serve(FrappeSite(rows)) as server:
        bench.secrets.put(bench.secret, {"api_key": "k", "api_secret": "s"})
        stream = {"name": "items", "doctype": "Item", "entity": "sku"}
        bench.keep(server, kind="erpnext", url=server.url, page_size=5, batch_records=5, streams=[stream])
        server.faults.extend([None, None, Reply(status=403)])
        assert bench.pull(bench.ask())["status"] == "failed"
        server.requests.clear()
        assert bench.pull(bench.ask())["status"] == "done"
        assert "10:00:04" in server.requests[0].query["filters"]
    assert sorted(one["name"] for one in bench.landed()) == [one["name"] for one in rows]


def test_five_failures_in_a_row_pause_the_stream_for_the_schedule(bench: Bench) -> None:
    with serve(lambda _: Reply(status=404)) as server:
        bench.keep(server, schedule="rate(1 hour)")
        for _ in range(5):
            job = bench.ask()
            bench.pull(job)
        assert bench.state()["paused_at"] is not None
        assert bench.yard.log(job)["stream_paused"]["level"] == "warning"
        assert bench.due() == []
    with bench.yard.plant.db("ops_copilot").tenant(bench.yard.plant.tenant_id) as tx:
        state.wake(tx, "erp")
    bench.clock.advance(timedelta(hours=2))
    assert len(bench.due()) == 1


def test_the_schedule_starts_what_is_due_once_for_every_tenant(bench: Bench, server: Server) -> None:
    """P-63: each pull carries its own tenant, and is looked up again under it."""
    other = Plant(bench.yard.plant.fresh, f"other-{uuid4().hex[:8]}")
    bench.keep(server, schedule="rate(1 hour)")
    bench.keep(server, plant=other, schedule="rate(1 hour)")
    due = bench.due(other)
    assert {one["tenant_id"] for one in due} == {str(bench.yard.plant.tenant_id), str(other.tenant_id)}
    assert bench.due(other) == [], "the next is in an hour"
    bench.clock.advance(timedelta(hours=1))
    assert bench.due(other) == [], "and these are not done yet"
    mine = next(one for one in due if one["tenant_id"] == str(bench.yard.plant.tenant_id))
    assert bench.pull(UUID(mine["jobs"][0]))["status"] == "done"
    bench.clock.advance(timedelta(hours=1))
    assert [one["tenant_id"] for one in bench.due(other)] == [mine["tenant_id"]]


def test_a_pull_nobody_works_on_any_more_goes_on_and_is_closed_after_two_days(bench: Bench, server: Server) -> None:
    bench.keep(server, schedule="rate(1 hour)")
    job = bench.ask()
    with bench.yard.plant.db("ops_ingest").tenant(bench.yard.plant.tenant_id) as tx:
        old = "UPDATE staging.ingestion_jobs SET status = 'running', updated_at = now() - interval '2 hours'"
        tx.execute(old)
    (due,) = bench.due()
    assert due["jobs"] == [str(job)], "it goes on, and the schedule starts no second one beside it"
    with bench.yard.plant.db("ops_ingest").tenant(bench.yard.plant.tenant_id) as tx:
        tx.execute(old + ", created_at = now() - interval '3 days'")
    bench.clock.advance(timedelta(hours=1))
    (due,) = bench.due()
    assert bench.yard.job(job)["error_code"] == "pull_lost"
    assert due["jobs"] != [str(job)]


def test_a_record_of_the_year_2999_hides_nothing_that_changes_before(bench: Bench) -> None:
    rows = [{"name": f"I-{n}", "modified": f"2026-09-30 11:59:0{n}.5"} for n in range(3)]
    with serve(FrappeSite([*rows, {"name": "I-9", "modified": "2999-12-31 00:00:00.5"}])) as server:
        bench.secrets.put(bench.secret, {"api_key": "k", "api_secret": "s"})
        stream = {"name": "items", "doctype": "Item", "entity": "sku"}
        bench.keep(server, kind="erpnext", url=server.url, streams=[stream])
        job = bench.ask()
        assert bench.pull(job)["fetched"] == 4
        assert bench.state()["watermark"] == "2026-09-30 12:00:00.500000"
        assert "yet to come" in bench.yard.log(job)["pull_warning"]["message"]
        bench.pull(bench.ask())
        assert bench.state()["watermark"] == "2026-09-30 12:00:00.500000"


def test_a_stream_that_waits_behind_a_long_one_is_not_started_twice(bench: Bench, server: Server) -> None:
    bench.keep(server)
    first, second = bench.ask(), bench.ask(stream="others")
    with bench.yard.plant.db("ops_ingest").tenant(bench.yard.plant.tenant_id) as tx:
        tx.execute("UPDATE staging.ingestion_jobs SET updated_at = now() - interval '3 hours'")
        tx.execute("UPDATE staging.ingestion_jobs SET status = 'running', updated_at = now() WHERE id = :id", id=first)
    assert bench.due() == []
    bench.pull(first)
    assert bench.due() == [], "its turn has come"
    with bench.yard.plant.db("ops_ingest").tenant(bench.yard.plant.tenant_id) as tx:
        tx.execute(
            "UPDATE staging.ingestion_jobs SET updated_at = now() - interval '11 minutes' WHERE id = :id", id=second
        )
    assert [one["jobs"] for one in bench.due()] == [[str(second)]], "nobody came"


def test_a_job_of_another_tenant_is_no_job(bench: Bench, server: Server) -> None:
    """P-61: a task that names another tenant's job, or another tenant, pulls nothing."""
    bench.keep(server)
    job = bench.ask()
    other = Plant(bench.yard.plant.fresh, f"other-{uuid4().hex[:8]}")
    nothing = {"status": "done", "reason": "nothing_to_pull"}
    assert bench.pull(job, tenant=other.tenant_id) == nothing
    assert bench.pull(job, tenant=tenant_id_for("nobody")) == nothing
    assert bench.pull(uuid7()) == nothing
    assert server.requests == []


def test_another_tenants_secret_is_not_read_even_when_a_config_names_it(bench: Bench, server: Server) -> None:
    """P-60: the name is checked when it is saved, and again here."""
    bench.secrets.put("opscopilot/other/erp", {"token": "theirs"})
    bench.keep(server, secret_ref="opscopilot/other/erp", auth={"kind": "bearer"})
    job = bench.ask()
    assert bench.pull(job)["error_code"] == "secret_refused"
    assert server.requests == []


def test_a_secret_is_found_under_the_connectors_own_name(bench: Bench, server: Server) -> None:
    bench.keep(server, auth={"kind": "bearer"})
    assert bench.pull(bench.ask())["error_code"] == "secret_incomplete"
    bench.secrets.put(bench.secret, {"token": "mine"})
    assert bench.pull(bench.ask())["status"] == "done"
    assert server.requests[-1].headers["authorization"] == "Bearer mine"


def test_warnings_are_in_the_jobs_log(bench: Bench) -> None:
    with serve(lambda r: Reply({"items": [{"id": 1}] if r.query["page"] == "1" else []})) as server:
        bench.keep(server)
        job = bench.ask()
        bench.pull(job)
    assert "no readable updated_at" in bench.yard.log(job)["pull_warning"]["message"]


def test_a_trial_says_what_it_saw_and_keeps_nothing(bench: Bench, server: Server) -> None:
    bench.keep(server)
    told = try_out(bench.puller, bench.yard.plant.tenant_id, "erp", lambda: 60.0)
    assert told["ok"] is True
    (seen,) = told["streams"]
    assert (seen["stream"], seen["records"], seen["fields"][:2]) == ("items", 5, ["id", "sku_code"])
    assert seen["example"]["description"] == "Jam 1"
    assert bench.landed() == []


def test_a_trial_says_what_is_wrong(bench: Bench) -> None:
    with serve(OdooDatabase([])) as server:
        bench.keep(server, kind="odoo", url=server.url, database="plant",
                   streams=[{"name": "items", "model": "product.product"}])  # fmt: skip
        bench.secrets.put(bench.secret, {"username": "ops", "password": "no"})
        told = try_out(bench.puller, bench.yard.plant.tenant_id, "erp", lambda: 60.0)
    assert told["ok"] is False
    assert told["streams"][0]["error_code"] == "auth_failed"


def test_what_was_pulled_becomes_rows_of_the_catalogue(bench: Bench, server: Server) -> None:
    """From the system's API to the staged file: recognised, checked, nothing rejected."""
    bench.keep(server)
    bench.pull(bench.ask())
    staged = []
    for child in bench.children():
        key = child["object_key"]
        body = bench.yard.client.get_object(Bucket=LANDING, Key=key)["Body"].read()
        answer = bench.yard.drop(key.removeprefix(f"landing/{bench.yard.plant.code}/erp/"), body, system="erp")
        assert answer["status"] == "staged", bench.yard.job(child["id"])
        assert answer["job_id"] == str(child["id"])
        staged += bench.yard.staged(answer)
    assert [one["sku_code"] for one in staged] == [one["sku_code"] for one in ROWS]
