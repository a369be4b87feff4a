"""GS1's own examples and a published tuna chain: every event loads. They are not ours to commit: read where present."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.constants import REPOSITORY
from opscopilot.staging.epcis.documents import events
from opscopilot.staging.epcis.reading import open_if_epcis
from opscopilot.staging.epcis.rows import Right, convert
from opscopilot.staging.epcis.words import json_text
from tests.support.dropping import Yard, yard
from tests.support.epcis import rows, take

DATA = Path(os.environ.get("OPS_SHARED_DATA", REPOSITORY.parent / "shared" / "data")) / "epcis"
TYPES = {"object": 43, "association": 9, "transformation": 9, "aggregation": 6, "transaction": 4, "extension": 1}
ERRORS = 10
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the published EPCIS documents are not at {DATA}")


def documents() -> list[Path]:
    """Every document, GS1's schemas aside."""
    schemas = DATA / "gs1_json_schema/test"
    return [*sorted(DATA.rglob("*.jsonld")), *sorted(schemas.glob("*.json")), *sorted(DATA.glob("*.xml"))]


@pytest.fixture(scope="module")
def chain() -> Iterator[Yard]:
    """All events. Those of the JSON documents come in a few large ones: no id twice in one document."""
    with yard() as drops:
        rounds: list[dict[str, Any]] = []
        for path in documents():
            if path.suffix == ".xml":
                continue
            for one in events(path):
                name = one.get("eventID") or str(id(one))
                into = next((found for found in rounds if name not in found), None)
                if into is None:
                    rounds.append(into := {})
                into[name] = one
        bodies = [(f"{n}.json", json_text(list(one.values())).encode()) for n, one in enumerate(rounds)]
        for name, body in [*bodies, *((one.name, one.read_bytes()) for one in documents() if one.suffix == ".xml")]:
            take(drops, name, body)
        yield drops


def test_every_document_is_recognised_by_its_content_and_every_event_is_right() -> None:
    counts: Counter[str] = Counter()
    for path in documents():
        (first, *_) = open_if_epcis(path)
        assert first.entity.name == "trace_event"
        found = [convert(one) for one in events(path)]
        assert all(isinstance(one, Right) for one in found), (path, found)
        counts[path.suffix] += len(found)
    assert (len(documents()), counts) == (54, {".jsonld": 54, ".json": 5, ".xml": 22})


def test_schemas_are_no_documents() -> None:
    schemas = [one for one in DATA.rglob("*.json") if one.parent.name != "test"]
    assert len(schemas) > 10
    assert not any(open_if_epcis(one) for one in schemas)


def test_every_event_of_every_document_loads(chain: Yard) -> None:
    jobs = chain.plant.rows("SELECT status, failed_records, total_records, entity_type FROM staging.ingestion_jobs")
    assert {(job["status"], job["failed_records"]) for job in jobs} == {("completed", 0)}
    assert sum(job["total_records"] for job in jobs if job["entity_type"] == "trace_event") == 81
    types = Counter(one["event_type"] for one in rows(chain, "trace_events", "event_id"))
    assert types == TYPES
    assert len(rows(chain, "trace_event_errors", "id")) == ERRORS


def test_p37_the_twelve_shipping_events_of_the_tuna_chain_are_all_kept(chain: Yard) -> None:
    found = chain.plant.rows(
        """SELECT e.event_id, e.event_time, e.destinations, i.epc, i.quantity FROM manufacturing.trace_events e
           JOIN manufacturing.trace_event_items i ON i.trace_event_id = e.id
           WHERE e.biz_step = 'shipping' AND e.event_id LIKE 'urn:uuid:%' AND e.destinations LIKE '%gdst%'"""
    )
    assert len({row["event_id"] for row in found}) == 12
    assert len({(row["event_time"], row["destinations"]) for row in found}) <= 6


def test_p38_where_lots_come_from_can_be_followed_and_where_not(chain: Yard) -> None:
    made = chain.plant.rows(
        """SELECT o.gtin AS made, i.lot_code AS used FROM manufacturing.trace_event_items o
           JOIN manufacturing.trace_event_items i ON i.trace_event_id = o.trace_event_id AND i.role = 'input'
           WHERE o.role = 'output' AND (o.assigner = '08600031303' OR i.scheme = 'gdst')"""
    )
    assert {row["used"] for row in made if row["made"]} == {"2025121114333454", "2025121114333455"}
    known = chain.plant.rows(
        "SELECT DISTINCT assigner, role FROM manufacturing.trace_event_items WHERE assigner LIKE '0860003130%'"
    )
    assert ("08600031304", "output") not in {(row["assigner"], row["role"]) for row in known}


def test_quantities_of_the_chain_are_exact(chain: Yard) -> None:
    (total,) = chain.plant.rows(
        """SELECT sum(quantity) FILTER (WHERE role = 'input') AS used, sum(quantity) FILTER (WHERE role = 'output') AS made
           FROM manufacturing.trace_event_items WHERE trace_event_id IN (SELECT trace_event_id
               FROM manufacturing.trace_event_items WHERE role = 'output' AND assigner = '08600031303')"""
    )
    assert (total["used"], total["made"]) == (59_010, 45_246)
