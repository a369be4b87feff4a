"""The whole way of a file in one process: dropped, ingested, normalized, asked about over HTTP, corrected, replayed."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from opscopilot.entrypoints.normalize import parquet_as_csv
from opscopilot.kernel.clock import FixedClock
from opscopilot.kernel.events import FileLanded
from opscopilot.kernel.ids import uuid7
from opscopilot.manufacturing.entities import registry
from opscopilot.staging.ingest import Ingestor, Limits
from opscopilot.staging.landing import parse
from opscopilot.staging.loading.model import StagedFile
from opscopilot.staging.normalize import Normalizer
from tests.support.api import Answer, Api, token
from tests.support.loading import Nowhere
from tests.support.outside import MemoryStore
from tests.support.plant import Plant

NOW = datetime(2026, 9, 30, 12, 0, tzinfo=UTC)


@dataclass
class Floor:
    """A plant, the API, and the two functions behind the state machine, over one store in memory."""

    api: Api
    plant: Plant
    store: MemoryStore
    seen: dict[str, bytes] = field(default_factory=dict)

    @property
    def planner(self) -> str:
        """Somebody who may load."""
        return token(self.plant.code, "planner")

    def drop(self, name: str, body: str | bytes, *, system: str = "sheet") -> UUID:
        """Drop a file and let everything run that this starts; its job."""
        job_id = uuid7()
        data = body.encode() if isinstance(body, str) else body
        self.store.objects["landing", f"landing/{self.plant.code}/{system}/{job_id}/{name}"] = data
        self.settle()
        return job_id

    def settle(self) -> list[dict[str, Any]]:
        """Ingest every object that is new, and load what comes out; the answers of ingest."""
        mine = {
            key: body for (bucket, key), body in sorted(self.store.objects.items())
            if bucket == "landing" and key.startswith(f"landing/{self.plant.code}/") and self.seen.get(key) != body
        }  # fmt: skip
        self.seen |= mine
        return [self.arrive(key) for key in mine]

    def arrive(self, key: str) -> dict[str, Any]:
        """The event of one object, also a second time."""
        landing = parse(FileLanded(bucket="landing", key=key, etag="e1", size=len(self.store.objects["landing", key])))
        assert landing is not None
        ingestor = Ingestor(
            self.plant.db("ops_ingest"), registry(), FixedClock(NOW), self.store, "staging", limits=Limits()
        )
        with tempfile.TemporaryDirectory() as folder:
            answer = ingestor.run(landing, Path(folder), "test")
        for one in answer.get("load") or ([answer] if answer["status"] == "staged" else []):
            self.load(one)
        return answer

    def load(self, hand_over: dict[str, Any]) -> dict[str, Any]:
        """Normalize one staged file."""
        normalizer = Normalizer(
            self.plant.db("ops_normalize"), registry(), FixedClock(NOW), Nowhere(),
            lambda key, target: self.store.download("staging", key, target), parquet_as_csv,
        )  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            return dict(normalizer.run(StagedFile.model_validate(hand_over), Path(folder)))

    def get(self, path: str, **query: Any) -> Answer:
        """GET as the planner."""
        return self.api.get(path, self.planner, **query)

    def post(self, path: str, body: Any = None) -> Answer:
        """POST as the planner."""
        return self.api.post(path, self.planner, body)

    def receipt(self, job_id: UUID) -> Any:
        """The job's receipt."""
        answer = self.get(f"/jobs/{job_id}")
        assert answer.status == 200, answer.text
        return answer.json

    def counters(self, job_id: UUID) -> tuple[Any, ...]:
        """Status, total, loaded, failed and duplicate records."""
        job = self.receipt(job_id)
        names = ("status", "total_records", "successful_records", "failed_records", "duplicate_records")
        return tuple(job[name] for name in names)

    def replay(self, job_id: UUID, body: Any, *, kind: str = "application/json") -> Answer:
        """Ask for a replay and let it run."""
        answer = self.api(
            "POST", f"/api/v1/jobs/{job_id}/replay", as_=self.planner, body=body, headers={"content-type": kind}
        )
        self.settle()
        return answer

    def fix(self, job_id: UUID, **records: dict[str, Any]) -> Answer:
        """Correct records: fix(job, r2={"unit_cost": "1"})."""
        given = [{"record_no": int(name[1:]), "values": values} for name, values in records.items()]
        return self.replay(job_id, {"records": given})
