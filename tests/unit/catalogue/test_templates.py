"""Templates: a header and an example that ingest accepts as they are (integration tests drop them)."""

from __future__ import annotations

import csv
import io

import pytest

from opscopilot.catalogue.templates import csv_template
from opscopilot.manufacturing.entities import registry

CATALOGUE = registry()


@pytest.mark.parametrize("entity", CATALOGUE.names())
def test_a_template_has_a_header_and_one_row_with_every_required_field(entity: str) -> None:
    rows = list(csv.reader(io.StringIO(csv_template(CATALOGUE[entity], CATALOGUE))))
    assert len(rows) == 2
    filled = dict(zip(rows[0], rows[1], strict=True))
    assert list(filled) == [one.name for one in CATALOGUE[entity].fields]
    assert all(filled[one.name] for one in CATALOGUE[entity].fields if one.required)
