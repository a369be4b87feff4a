"""Drop EPCIS documents into a yard and load them, as the state machine would."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path
from typing import Any

from opscopilot.entrypoints.normalize import parquet_as_csv
from opscopilot.kernel.clock import FixedClock
from opscopilot.manufacturing.entities import registry
from opscopilot.staging.loading.model import StagedFile
from opscopilot.staging.normalize import Normalizer
from tests.support.dropping import NOW, STAGING, Yard

SHIPPING: dict[str, Any] = {
    "type": "ObjectEvent", "eventID": "urn:uuid:1", "eventTime": "2026-09-29T22:30:00.000Z",
    "eventTimeZoneOffset": "+02:00", "action": "OBSERVE", "bizStep": "shipping", "disposition": "in_transit",
    "readPoint": {"id": "urn:epc:id:sgln:4012345.00001.0"},
    "quantityList": [{"epcClass": "urn:epc:class:lgtin:4012345.012345.0007-A", "quantity": 200.5, "uom": "KGM"}],
    "bizTransactionList": [{"type": "desadv", "bizTransaction": "urn:epcglobal:cbv:bt:4012345000009:77"}],
    "destinationList": [{"type": "owning_party", "destination": "urn:epc:id:pgln:0614141.00777"}],
    "example:truck": {"plate": "AB 1"},
}  # fmt: skip


def event(**changes: Any) -> dict[str, Any]:
    """A shipping event with other values; None takes a field out."""
    made = copy.deepcopy(SHIPPING) | changes
    return {name: value for name, value in made.items() if value is not None}


def document(*events: dict[str, Any]) -> bytes:
    """A document of those events."""
    return json.dumps({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"], "type": "EPCISDocument",
        "schemaVersion": "2.0", "creationDate": "2026-09-30T00:00:00Z", "epcisBody": {"eventList": list(events)},
    }).encode()  # fmt: skip


class Quiet:
    """A bus that nobody listens to."""

    def publish(self, events: Any) -> list[Any]:
        """All went out."""
        return [one.event_id for one in events]


def load(drops: Yard, answer: dict[str, Any]) -> None:
    """Load everything that ingest handed over, in its order."""
    normalizer = Normalizer(
        database=drops.plant.db("ops_normalize"), registry=registry(), clock=FixedClock(NOW), publisher=Quiet(),
        fetch=lambda key, path: drops.store.download(STAGING, key, path), as_csv=parquet_as_csv,
    )  # fmt: skip
    for one in answer.get("load", [answer]):
        if one.get("status") != "staged":
            continue
        with tempfile.TemporaryDirectory() as folder:
            normalizer.run(StagedFile.model_validate(one), Path(folder))


def take(drops: Yard, name: str, body: bytes) -> dict[str, Any]:
    """Drop, ingest and load one document; the answer of ingest."""
    answer = drops.drop(name, body)
    load(drops, answer)
    return answer


def rows(drops: Yard, table: str, order: str) -> list[dict[str, Any]]:
    """All rows of a table."""
    return drops.plant.rows(f"SELECT * FROM manufacturing.{table} ORDER BY {order}")
