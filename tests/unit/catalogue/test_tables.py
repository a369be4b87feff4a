"""From a declaration to SQL."""

from __future__ import annotations

import re

import pytest

from opscopilot.catalogue.declaration import Entity, Field, Ref, Registry
from opscopilot.catalogue.tables import AUDIT, EXTRACT, LINEAGE, columns, create_table, create_tables
from opscopilot.catalogue.types import Type
from opscopilot.manufacturing.entities import ENTITIES, registry

ITEM = Entity(name="item", table="items", title="Items", key=("code",), schema="fsq", fields=(
    Field("code", Type.CODE, required=True), Field("state", Type.ENUM, enum=("on", "off"), default="on"),
    Field("price", Type.PRICE, positive=True)))  # fmt: skip
MOVE = Entity(
    name="move", table="moves", title="Moves", key=("no",), schema="fsq", uom="uom", uom_sku="item_id",
    event_time="at", refs=(Ref("item_id", "item", ("code",)), Ref("other_id", "item", ("other",), required=False)),
    fields=(Field("no", Type.CODE, required=True), Field("code", Type.CODE, required=True), Field("other", Type.CODE),
            Field("qty", Type.QTY, required=True), Field("uom", Type.UOM), Field("at", Type.INSTANT, required=True)),
)  # fmt: skip
CATALOGUE = Registry(ITEM, MOVE)


def test_columns_carry_type_nullability_and_allowed_values() -> None:
    assert columns(ITEM)[2:5] == [
        ("code", "text NOT NULL"), ("state", "text NOT NULL CHECK (state IN ('on', 'off'))"),
        ("price", "numeric(19,6) CHECK (price > 0)"),
    ]  # fmt: skip


def test_a_row_knows_whose_it_is_where_it_came_from_and_who_touched_it() -> None:
    found = columns(ITEM)
    assert found[0] == ("tenant_id", "uuid NOT NULL")
    assert found[1] == ("id", "uuid NOT NULL DEFAULT platform.new_id()")
    assert tuple(found[-9:]) == LINEAGE + AUDIT + EXTRACT


def test_references_are_ids_and_optional_ones_may_be_empty() -> None:
    found = dict(columns(MOVE))
    assert (found["item_id"], found["other_id"]) == ("uuid NOT NULL", "uuid")
    assert "code" not in found
    assert "other" not in found


def test_what_is_computed_at_write_time_has_a_column() -> None:
    found = dict(columns(MOVE))
    assert found["uom_factor"] == "numeric(24,12)"
    assert found["production_day"] == "date NOT NULL"
    assert "uom_factor" not in dict(columns(ITEM))


def test_p60_the_tenant_leads_keys_references_and_indexes() -> None:
    sql = create_table(MOVE, CATALOGUE)
    assert "PRIMARY KEY (tenant_id, id)" in sql
    assert "CONSTRAINT moves_key UNIQUE NULLS NOT DISTINCT (tenant_id, no)" in sql
    assert "FOREIGN KEY (tenant_id, other_id) REFERENCES fsq.items (tenant_id, id)" in sql
    assert re.findall(r"CREATE INDEX (\w+) ON fsq\.moves \((\w+)", sql) == [
        ("moves_item_id_ix", "tenant_id"), ("moves_other_id_ix", "tenant_id"), ("moves_source_ix", "tenant_id"),
    ]  # fmt: skip
    assert sql.endswith("SELECT platform.secure_table('fsq.moves');")


def test_a_reference_that_leads_the_key_needs_no_index_of_its_own() -> None:
    keyed = Entity(name="k", table="ks", title="K", key=("code", "no"), fields=MOVE.fields, refs=MOVE.refs[:1])
    assert "ks_item_id_ix" not in create_table(keyed, CATALOGUE)


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
def test_every_name_fits_postgres_without_being_cut(entity: Entity) -> None:
    """A name of more than 63 bytes is cut in silence; two cut ones may then collide."""
    assert max(map(len, re.findall(r"\w+", create_table(entity, registry())))) <= 63


def test_tables_are_made_after_what_they_refer_to() -> None:
    sql = create_tables(registry())
    for table, target in re.findall(r"ALTER TABLE (\S+) ADD .* REFERENCES (\S+)", sql):
        assert sql.index(f"CREATE TABLE {target} ") <= sql.index(f"CREATE TABLE {table} ")
