"""Declarations of masters: locations, SKUs, suppliers, customers, recipes and operations (MODEL §4)."""

from __future__ import annotations

from opscopilot.catalogue.declaration import Entity, Field, Graph, Period, Ref
from opscopilot.catalogue.types import Type
from opscopilot.manufacturing import words

CODE, TEXT, ENUM, INT, QTY = Type.CODE, Type.TEXT, Type.ENUM, Type.INT, Type.QTY
PRICE, RATIO, DATE, BOOL, UOM = Type.PRICE, Type.RATIO, Type.DATE, Type.BOOL, Type.UOM

SKU_REF = Ref("sku_id", "sku", ("sku_code",))
SKU_CODE = Field("sku_code", CODE, required=True, doc="The item. Kept as text: 007 is not 7.")

LOCATION = Entity(
    name="location", table="locations", title="Locations", key=("code",), search=("code", "name"),
    doc="Sites, areas, lines, warehouses, bins, stores (ISA-95 hierarchy).",
    fields=(
        Field("code", CODE, required=True), Field("name", TEXT, required=True),
        Field("type", ENUM, default="warehouse", enum=(
            "enterprise", "site", "area", "line", "unit", "warehouse", "zone", "bin", "store", "external"),
            aliases={"storage location": "warehouse", "internal": "warehouse", "wh": "warehouse",
                     "lager": "warehouse", "supplier": "external", "customer": "external", "view": "area",
                     "production line": "line", "plant": "site", "werk": "site"}),
        Field("gln", Type.GLN), Field("address", TEXT), Field("country", Type.COUNTRY), Field("time_zone", TEXT),
        Field("is_nettable", BOOL, default="true", doc="Whether stock here counts as usable."),
        Field("temperature_zone", ENUM, enum=("ambient", "chilled", "frozen")),
    ),
)  # fmt: skip

SKU = Entity(
    name="sku", table="skus", title="SKUs", key=("sku_code",), search=("sku_code", "description", "gtin"),
    doc="Everything stocked, made, bought or sold.", in_order=(("valid_from", "valid_to"),),
    fields=(
        SKU_CODE, Field("description", TEXT, required=True),
        Field("type", ENUM, default="finished", enum=("finished", "semi_finished", "raw", "packaging", "service"),
              aliases=words.SKU_TYPE),
        Field("category", TEXT), Field("base_uom", UOM, default="EA"), Field("gtin", Type.GTIN),
        Field("unit_cost", PRICE, doc="Standard cost per base unit. 0 in a source means unknown."),
        Field("list_price", PRICE), Field("currency", Type.CURRENCY),
        Field("make_or_buy", ENUM, enum=("make", "buy", "both"), default="buy",
              aliases={"e": "make", "f": "buy", "x": "both", "manufacture": "make", "in-house": "make", "1": "make",
                       "0": "buy", "purchase": "buy", "external": "buy"}),
        Field("shelf_life_days", INT, maximum="36500"), Field("min_remaining_shelf_life_days", INT), Field("storage_zone", TEXT),
        Field("lot_controlled", BOOL, default="false"), Field("allergens", TEXT),
        Field("is_ftl", BOOL, default="false", doc="On the FDA Food Traceability List."),
        Field("reorder_point", QTY), Field("safety_stock", QTY), Field("lead_time_days", INT, maximum="3650"), Field("moq", QTY),
        Field("order_multiple", QTY), Field("max_stock", QTY), Field("is_active", BOOL, default="true"),
        Field("valid_from", DATE), Field("valid_to", DATE),
    ),
)  # fmt: skip

SKU_UOM = Entity(
    name="sku_uom", table="sku_uoms", title="Unit factors", key=("sku_code", "uom"), refs=(SKU_REF,),
    doc="Package units of a SKU: how many base units one of them holds.",
    fields=(
        SKU_CODE, Field("uom", UOM, required=True),
        Field("factor_to_base", QTY, required=True, positive=True, doc="Base units in one of this unit."),
        Field("gtin", Type.GTIN),
    ),
)  # fmt: skip

SKU_XREF = Entity(
    name="sku_xref", table="sku_xrefs", title="SKU cross references", key=("system", "external_id"), refs=(SKU_REF,),
    doc="What other systems, customers and suppliers call our SKU.",
    fields=(
        Field("system", CODE, required=True), Field("external_id", CODE, required=True), SKU_CODE,
        Field("customer_item_code", CODE), Field("supplier_item_code", CODE),
    ),
)  # fmt: skip

SKU_SUPERSESSION = Entity(
    name="sku_supersession", table="sku_supersessions", title="Supersessions", key=("sku_code", "successor_sku"),
    refs=(SKU_REF, Ref("successor_sku_id", "sku", ("successor_sku",))),
    doc="Which item replaces which. Demand of the old one becomes demand of its successor from the day on.",
    fields=(
        SKU_CODE, Field("successor_sku", CODE, required=True, doc="The item that takes its place."),
        Field("valid_from", DATE, doc="From which day the successor is asked for. Empty: since ever."),
        Field("factor", QTY, default="1", positive=True, doc="Base units of the successor for one of the old item."),
        Field("use_up", BOOL, default="true", doc="Whether stock of the old item still serves the successor's demand."),
    ),
)  # fmt: skip

SUPPLIER = Entity(
    name="supplier", table="suppliers", title="Suppliers", key=("supplier_code",), search=("supplier_code", "name"),
    doc="Whom we buy from.",
    fields=(
        Field("supplier_code", CODE, required=True), Field("name", TEXT, required=True), Field("legal_id", TEXT),
        Field("status", ENUM, default="active", enum=("active", "on_hold", "blocked"),
              aliases={"1": "active", "0": "blocked", "true": "active", "false": "blocked", "x": "blocked",
                       "inactive": "blocked", "hold": "on_hold", "approved": "active"}),
        Field("default_currency", Type.CURRENCY), Field("lead_time_days", INT, maximum="3650", doc="Contractual lead time."),
        Field("payment_terms", TEXT), Field("incoterm", TEXT), Field("country", Type.COUNTRY), Field("city", TEXT),
        Field("email", TEXT), Field("gln", Type.GLN),
    ),
)  # fmt: skip

SUPPLIER_REF = Ref("supplier_id", "supplier", ("supplier_code",))

SKU_SUPPLIER = Entity(
    name="sku_supplier", table="sku_suppliers", title="Source list", key=("sku_code", "supplier_code", "valid_from"),
    refs=(SKU_REF, SUPPLIER_REF), uom="price_uom", uom_sku="sku_id", uom_required=True,
    doc="Who can supply a SKU, at which price, in which unit.", in_order=(("valid_from", "valid_to"),),
    periods=(Period(("sku_id", "supplier_id"), "valid_from", "valid_to", "price"),),
    fields=(
        SKU_CODE, Field("supplier_code", CODE, required=True), Field("supplier_item_code", CODE),
        Field("price", PRICE), Field("currency", Type.CURRENCY), Field("price_uom", UOM), Field("moq", QTY),
        Field("max_order_qty", QTY), Field("order_multiple", QTY), Field("lead_time_days", INT, maximum="3650"),
        Field("priority", INT), Field("is_preferred", BOOL, default="false"), Field("valid_from", DATE),
        Field("valid_to", DATE),
    ),
)  # fmt: skip

CUSTOMER = Entity(
    name="customer", table="customers", title="Customers", key=("customer_code",), search=("customer_code", "name"),
    doc="Whom we sell to.",
    fields=(
        Field("customer_code", CODE, required=True), Field("name", TEXT), Field("country", Type.COUNTRY),
        Field("city", TEXT), Field("channel", TEXT), Field("email", TEXT), Field("gln", Type.GLN),
        Field("is_active", BOOL, default="true"),
    ),
)  # fmt: skip

BOM = Entity(
    name="bom", table="boms", title="Recipes (BOM)", key=("sku_code", "version"), refs=(SKU_REF,), uom="uom",
    uom_sku="sku_id", doc="A version of a recipe: what `base_qty` of the SKU is made of.",
    in_order=(("effective_from", "effective_to"),),
    periods=(Period(("sku_id", "type"), "effective_from", "effective_to", "approved recipe",
                    only={"status": "approved"}),),
    fields=(
        SKU_CODE, Field("version", CODE, default="1"), Field("base_qty", QTY, default="1", positive=True),
        Field("uom", UOM), Field("expected_yield", RATIO, default="1", positive=True, doc="Good output per input, 0-1."),
        Field("type", ENUM, default="production", enum=("production", "packaging", "rework", "phantom"),
              aliases={"normal": "production", "manufacture this product": "production", "kit": "phantom"}),
        Field("status", ENUM, default="approved", enum=("draft", "approved", "obsolete"),
              aliases={"1": "approved", "01": "approved", "2": "draft", "active": "approved"}),
        Field("effective_from", DATE), Field("effective_to", DATE),
    ),
)  # fmt: skip

BOM_COMPONENT = Entity(
    name="bom_component", table="bom_components", title="Recipe components",
    key=("sku_code", "version", "line_no"), parent="bom", uom="uom", uom_sku="component_sku_id",
    refs=(Ref("bom_id", "bom", ("sku_code", "version"), required=False),
          Ref("component_sku_id", "sku", ("component_sku",))),
    doc="One component of a recipe. Without an assembly it marks a top-level item that goes into nothing.",
    in_order=(("component_from", "component_to"),),
    acyclic=Graph(
        owner="manufacturing.boms", through="bom_id", parent="sku_id", child="component_sku_id",
        nodes="manufacturing.skus", label="sku_code", where="o.type <> 'rework' AND o.status <> 'obsolete'",
        dates=("effective_from", "effective_to", "component_from", "component_to"),
    ),
    fields=(
        Field("sku_code", CODE, doc="The assembly."), Field("version", CODE, default="1"),
        Field("line_no", CODE, required=True), Field("component_sku", CODE, required=True),
        Field("qty", QTY, required=True), Field("uom", UOM),
        Field("scrap_rate", RATIO, default="0", below="1"), Field("is_critical", BOOL), Field("substitute_group", TEXT),
        Field("op_no", TEXT), Field("fixed_qty", BOOL, default="false", doc="Per batch, not per unit."),
        Field("lead_time_offset_days", INT), Field("component_from", DATE), Field("component_to", DATE),
    ),
)  # fmt: skip

OPERATION = Entity(
    name="operation", table="operations", title="Operations (routing)", key=("sku_code", "op_no"), refs=(SKU_REF,),
    doc="A step of making a SKU: where, how fast, with which set-up.",
    fields=(
        SKU_CODE, Field("op_no", CODE, required=True), Field("work_centre", CODE), Field("description", TEXT),
        Field("rate_per_hour", QTY), Field("cycle_s", QTY), Field("setup_min", QTY), Field("crew", QTY),
        Field("changeover_family", TEXT), Field("min_batch", QTY), Field("max_batch", QTY),
    ),
)  # fmt: skip

MASTERS = (
    LOCATION, SKU, SKU_UOM, SKU_XREF, SKU_SUPERSESSION, SUPPLIER, SKU_SUPPLIER, CUSTOMER, BOM, BOM_COMPONENT, OPERATION,
)  # fmt: skip
