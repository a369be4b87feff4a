"""Declarations: what the registry refuses, what follows from a declaration, and that ours make sense."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from opscopilot.catalogue.declaration import Entity, Field, Ref, Registry
from opscopilot.catalogue.types import Type
from opscopilot.kernel.uom import UNITS
from opscopilot.manufacturing.entities import ENTITIES, registry

CODE = Field("code", Type.CODE, required=True)
ITEM = Entity(name="item", table="items", title="Items", key=("code",), fields=(CODE, Field("name", Type.TEXT)))
ITEM_REF = Ref("item_id", "item", ("item_code",))
LOT = Entity(
    name="lot", table="lots", title="Lots", key=("item_code", "lot_no"), refs=(ITEM_REF,),
    fields=(Field("item_code", Type.CODE, required=True), Field("lot_no", Type.CODE, required=True),
            Field("qty", Type.QTY)),
)  # fmt: skip
MOVE = Entity(
    name="move", table="moves", title="Moves", key=("move_no",), refs=(Ref("lot_id", "lot", ("item_code", "lot_no")),),
    fields=(Field("move_no", Type.CODE, required=True), Field("item_code", Type.CODE), Field("lot_no", Type.CODE)),
)  # fmt: skip
ALL = pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)


def test_fields_that_make_a_reference_are_kept_as_its_id_only() -> None:
    assert LOT.consumed == {"item_code"}
    assert [one.name for one in LOT.stored] == ["lot_no", "qty"]
    assert LOT.key_columns == ("item_id", "lot_no")
    assert LOT.ref_for("item_code") == ITEM_REF
    assert LOT.ref_for("lot_no") is None
    assert MOVE.ref_for("item_code") is None, "a reference of two fields belongs to neither alone"
    assert MOVE.full_table == "manufacturing.moves"


def test_two_key_fields_of_one_reference_are_one_key_column() -> None:
    keyed = Entity(name="x", table="xs", title="X", key=("item_code", "lot_no"), fields=MOVE.fields, refs=MOVE.refs)
    assert keyed.key_columns == ("lot_id",)


def test_dependencies_reach_through_what_is_referred_to() -> None:
    made = Registry(ITEM, LOT, MOVE)
    assert made.names() == ["item", "lot", "move"]
    assert made.dependencies("move") == {"item", "lot"}
    assert made.dependencies("item") == frozenset()
    assert made.get("nothing") is None


def test_an_entity_may_refer_to_itself_without_waiting_for_itself() -> None:
    tree = Entity(
        name="place", table="places", title="Places", key=("code",), fields=(CODE, Field("parent_code", Type.CODE)),
        refs=(Ref("parent_id", "place", ("parent_code",), required=False),),
    )  # fmt: skip
    assert Registry(tree).dependencies("place") == frozenset()


@pytest.mark.parametrize(
    ("entities", "reason"),
    [((ITEM, ITEM), "declared twice"), ((LOT,), "unknown entity 'item'"), ((LOT, ITEM), "unknown entity 'item'")],
    ids=["twice", "missing", "in the wrong order"],
)
def test_a_catalogue_that_cannot_be_loaded_in_order_is_refused(entities: tuple[Entity, ...], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Registry(*entities)


def test_a_reference_must_give_the_whole_key_of_its_target() -> None:
    half = Entity(name="m", table="ms", title="M", key=("a",), fields=(Field("a", Type.CODE),),
                  refs=(Ref("lot_id", "lot", ("a",)),))  # fmt: skip
    with pytest.raises(ValueError, match="must give the key"):
        Registry(ITEM, LOT, half)


@pytest.mark.parametrize("way", ["nothing", "lot_id.item_id", "lot_id.nothing"])
def test_a_unit_that_leads_to_no_item_is_refused(way: str) -> None:
    lost = Entity(
        name="m", table="ms", title="M", key=("move_no",), refs=MOVE.refs, uom="uom", uom_sku=way,
        fields=(*MOVE.fields, Field("uom", Type.UOM)),
    )  # fmt: skip
    with pytest.raises(ValueError, match="leads to no SKU"):
        Registry(ITEM, LOT, lost)


@pytest.mark.parametrize("key", [("nothing",), ("code", "nothing")])
def test_a_key_of_a_field_that_is_not_there_is_refused(key: tuple[str, ...]) -> None:
    with pytest.raises(KeyError, match="no field 'nothing'"):
        Registry(Entity(name="x", table="xs", title="X", key=key, fields=(CODE,)))


def test_people_are_told_what_would_be_right() -> None:
    assert Field("lot_code", Type.CODE).label == "Lot code"
    assert Field("status", Type.ENUM, enum=("open", "closed")).expected == "one of: open, closed"
    assert "1250.5" in Field("qty", Type.QTY).expected
    assert Field("qty", Type.QTY, positive=True).expected.endswith(", more than zero")


def test_what_others_divide_by_is_more_than_zero() -> None:
    found = {f"{entity.name}.{one.name}" for entity in registry() for one in entity.fields if one.positive}
    assert found == {"sku_uom.factor_to_base", "bom.base_qty", "bom.expected_yield", "sku_supersession.factor"}


@ALL
def test_only_a_number_without_a_sign_is_positive(entity: Entity) -> None:
    wrong = [one.name for one in entity.fields if one.positive and (one.signed or not one.type.is_number)]
    assert wrong == []


def test_the_catalogue_holds_the_canonical_entities_of_the_model() -> None:
    assert set(registry().names()) == {
        "location", "sku", "sku_uom", "sku_xref", "sku_supersession", "supplier", "sku_supplier", "customer", "bom",
        "bom_component", "operation", "work_order", "work_order_material", "purchase_order", "purchase_order_line", "receipt",
        "sales_order", "sales_order_line", "shipment_line", "inventory_snapshot", "inventory_movement",
        "trace_event", "trace_event_item", "trace_event_error", "promotion", "price", "calendar_day", "shift", "sensor",
        "sensor_reading",
    }  # fmt: skip


def test_no_two_entities_share_a_table() -> None:
    assert max(Counter(one.full_table for one in ENTITIES).values()) == 1


@ALL
def test_field_names_are_columns_and_each_is_there_once(entity: Entity) -> None:
    names = [one.name for one in entity.fields]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and name == name.lower() and len(name) <= 63 for name in names)
    reserved = {"tenant_id", "id", "source_id", "record_no", "source_row", "errors", "nth", "same", "uom_factor",
                "production_day", "source_system", "ingestion_job_id", "created_at", "row_version"}  # fmt: skip
    assert not reserved & {*names, *(ref.column for ref in entity.refs)}


@ALL
def test_enums_have_values_and_aliases_that_lead_to_one(entity: Entity) -> None:
    for one in entity.fields:
        assert bool(one.enum) == (one.type is Type.ENUM), one.name
        assert set(one.aliases.values()) <= set(one.enum), one.name
        assert all(alias == alias.lower().strip() for alias in one.aliases), one.name
        assert not set(one.aliases) & set(one.enum), f"{one.name}: an alias hides a value"


@ALL
def test_defaults_are_values_of_their_type(entity: Entity) -> None:
    for one in entity.fields:
        if one.default is None:
            continue
        if one.enum:
            assert one.default in one.enum
        elif one.type is Type.BOOL:
            assert one.default in ("true", "false")
        elif one.type is Type.UOM:
            assert one.default in UNITS
        elif one.type.is_number:
            assert Decimal(one.default).is_finite()
        elif one.type is Type.WEEKDAYS:
            assert one.default == "1234567"
        else:
            assert one.type is Type.CODE


@ALL
def test_p18_quantities_stand_beside_a_unit_of_a_known_item(entity: Entity) -> None:
    if entity.uom is None:
        assert entity.uom_sku is None
        return
    assert entity.field(entity.uom).type is Type.UOM
    assert entity.field(entity.uom).default is None, "the unit an empty cell means is the item's own, not a constant"
    first, second = entity.uom_path
    ref = next(one for one in entity.refs if one.column == first)
    if second:
        ref = next(one for one in registry()[ref.entity].refs if one.column == second)
    assert ref.entity == "sku"


@pytest.mark.parametrize(
    "name",
    ["sku_supplier", "receipt", "sales_order_line", "shipment_line", "inventory_snapshot", "inventory_movement"],
)
def test_p18_rows_that_count_towards_stock_or_demand_wait_for_a_missing_factor(name: str) -> None:
    assert registry()[name].uom_required


@ALL
def test_every_row_has_a_key_and_events_say_when(entity: Entity) -> None:
    assert entity.key
    if entity.event_time:
        moment = entity.field(entity.event_time)
        assert (moment.type, moment.required) == (Type.INSTANT, True)
    if entity.semantics in ("append", "snapshot"):
        assert entity.event_time
    for name in entity.search:
        assert entity.field(name).type.is_text


@ALL
def test_what_a_line_inherits_its_parent_has(entity: Entity) -> None:
    if entity.parent is None:
        assert not any(one.inherit for one in entity.fields)
        return
    parent = registry()[entity.parent]
    assert entity.refs[0].entity == parent.name, "the parent is the first reference"
    for one in entity.fields:
        if one.inherit:
            assert parent.field(one.name).type is one.type


@ALL
def test_p22_identifiers_are_text(entity: Entity) -> None:
    for one in entity.fields:
        if one.name.endswith(("_code", "_number", "_no", "_sku", "gtin", "gln", "sscc", "external_id")):
            assert one.type.is_text, one.name


@ALL
def test_p19_nothing_is_a_float(entity: Entity) -> None:
    assert not [one.name for one in entity.fields if "double" in one.type.value.pg or "real" in one.type.value.pg]
