"""A template comes back filled in as a workbook and needs no mapping (as text: test_ingest.py)."""

from __future__ import annotations

from opscopilot.catalogue.template_book import xlsx_template
from opscopilot.manufacturing.entities import registry
from tests.support.dropping import Yard

CATALOGUE = registry()


def test_every_workbook_template_is_taken_as_it_is(drops: Yard) -> None:
    for entity in CATALOGUE:
        book = drops.drop("filled.xlsx", xlsx_template(entity, CATALOGUE), system=f"x-{entity.name}")
        told = (entity.name, drops.log(book["job_id"]))
        assert (book["status"], book.get("entity")) == ("staged", entity.name), told
        assert drops.rejects(book["job_id"]) == [], told
    items = drops.drop("again.xlsx", xlsx_template(CATALOGUE["sku"], CATALOGUE))
    assert drops.staged(items)[0]["sku_code"] == "00100234"
