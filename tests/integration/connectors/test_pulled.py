"""Databases, folders and buckets through the service that pulls: what lands, what is remembered, what comes again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.testing import database
from opscopilot.adapters.buckets import S3Buckets
from opscopilot.kernel.clock import FixedClock
from opscopilot.outbound.guard import AddressGuard
from opscopilot.staging.connectors import state
from opscopilot.staging.connectors.base import Stream
from opscopilot.staging.connectors.pulling import Puller
from tests.support.dropping import LANDING, NOW, Yard, yard
from tests.support.epcis import document, event
from tests.support.outside import MemorySecrets
from tests.support.sftp import PASSWORD, USER, sftp_server


@pytest.fixture
def drops() -> Iterator[Yard]:
    with yard() as fresh:
        yield fresh


class Source:
    """A connector of the tenant and the service that pulls from it."""

    def __init__(self, drops: Yard, kind: str, config: dict[str, Any], **secret: str) -> None:
        self.drops = drops
        secrets = MemorySecrets()
        secrets.put(f"opscopilot/{drops.plant.code}/erp", secret)
        self.puller = Puller(
            drops.plant.db("ops_ingest"), drops.store, LANDING, secrets, AddressGuard(local=True), FixedClock(NOW),
            sleep=lambda _: None, buckets=S3Buckets("eu-west-1"),
        )  # fmt: skip
        with drops.plant.db("ops_copilot").tenant(drops.plant.tenant_id) as tx:
            tx.execute(
                """INSERT INTO staging.data_connector_configs (tenant_id, name, connector_type, config_json)
                   VALUES (:t, 'erp', :kind, CAST(:config AS jsonb))""",
                t=drops.plant.tenant_id, kind=kind, config=json.dumps(config),
            )  # fmt: skip

    def pull(self) -> dict[str, bytes]:
        """One whole pull; what landed by it, by file name."""
        before = set(self.keys())
        with self.drops.plant.db("ops_copilot").tenant(self.drops.plant.tenant_id) as tx:
            ((_, job),) = state.request(tx, "erp", "erp", [Stream("orders")], full=False, by="p@fjord")
        answer = self.puller.pull(self.drops.plant.tenant_id, job, lambda: 900.0)
        assert answer["status"] == "done", answer
        new = sorted(set(self.keys()) - before, key=lambda key: key.rsplit("/", 1)[-1])
        return {key.rsplit("/", 1)[-1]: self._body(key) for key in new}

    def keys(self) -> list[str]:
        return [one["Key"] for one in self.drops.client.list_objects_v2(Bucket=LANDING).get("Contents", [])]

    def _body(self, key: str) -> bytes:
        found: bytes = self.drops.client.get_object(Bucket=LANDING, Key=key)["Body"].read()
        return found


def test_files_of_a_server_land_once_each_with_a_job_of_its_own(drops: Yard, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "done").mkdir()
    with sftp_server(tmp_path) as server:
        source = Source(drops, "sftp", {
            "host": "127.0.0.1", "port": server.port, "username": USER, "host_key": [server.fingerprint],
            "streams": [{"name": "orders", "folder": "/out", "stable_s": 0, "processed": "/done"}],
        }, password=PASSWORD)  # fmt: skip
        (tmp_path / "out" / "events.json").write_bytes(document(event()))
        (tmp_path / "out" / "items.csv").write_bytes(b"sku_code,description\n1,Jam\n")
        assert set(source.pull()) == {"events.json", "items.csv"}
        assert os.listdir(tmp_path / "out") == []
        assert source.pull() == {}
        (tmp_path / "out" / "items.csv").write_bytes(b"sku_code,description\n2,Bread\n")
        assert source.pull() == {"items.csv": b"sku_code,description\n2,Bread\n"}
    jobs = drops.plant.rows("SELECT file_name, status FROM staging.ingestion_jobs WHERE parent_job_id IS NOT NULL")
    assert sorted((one["file_name"], one["status"]) for one in jobs) == [
        ("events.json", "pending"), ("items.csv", "pending"), ("items.csv", "pending")]  # fmt: skip


def test_rows_of_a_database_land_as_records_and_only_changes_come_again(drops: Yard) -> None:
    with database(migration=None) as erp, erp.connect("ops_migrate") as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE items (id integer PRIMARY KEY, price numeric, changed timestamptz)")
        cursor.execute("INSERT INTO items SELECT n, 1.10, '2026-09-01T00:00:00Z'::timestamptz + n * interval '1 hour' "
                       "FROM generate_series(1, 25) n")  # fmt: skip
        source = Source(drops, "sql", {
            "url": f"postgresql+pg8000://ops_migrate@127.0.0.1:{erp.port}/{erp.name}", "tls": False, "batch_records": 10,
            "streams": [{"name": "orders", "table": "items", "key": ["id"], "watermark": "changed", "batch_rows": 5}],
        }, password="x")  # fmt: skip
        first = source.pull()
        records = [json.loads(line) for body in first.values() for line in body.splitlines()]
        assert ([one["id"] for one in records], len(first)) == ([str(n) for n in range(1, 26)], 3)
        assert records[0] == {"id": "1", "price": "1.10", "changed": "2026-09-01T01:00:00+00:00"}
        cursor.execute("UPDATE items SET price = 2, changed = '2026-10-01T00:00:00Z' WHERE id = 3")
        again = [json.loads(line)["id"] for body in source.pull().values() for line in body.splitlines()]
        assert again == ["25", "3"]  # the edge again, and what changed


def test_objects_of_another_bucket_land_once(drops: Yard) -> None:
    drops.client.create_bucket(Bucket="their-exports", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    source = Source(drops, "s3", {"bucket": "their-exports", "streams": [{"name": "orders", "prefix": "out/"}]})
    for name in ("a.csv", "b.csv.gz"):
        drops.client.put_object(Bucket="their-exports", Key=f"out/{name}", Body=name.encode())
    assert source.pull() == {"a.csv": b"a.csv", "b.csv.gz": b"b.csv.gz"}
    assert source.pull() == {}
    drops.client.put_object(Bucket="their-exports", Key="out/a.csv", Body=b"new")
    assert source.pull() == {"a.csv": b"new"}
