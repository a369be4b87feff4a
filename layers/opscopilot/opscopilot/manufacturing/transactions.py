"""Declarations of what happens: orders to make, buy and sell, receipts, shipments, stock (MODEL §4)."""

from __future__ import annotations

from opscopilot.catalogue.declaration import Entity, Field, Ref, States
from opscopilot.catalogue.types import Type
from opscopilot.manufacturing import words
from opscopilot.manufacturing.masters import SKU_CODE, SKU_REF, SUPPLIER_REF

CODE, TEXT, ENUM, INT, QTY = Type.CODE, Type.TEXT, Type.ENUM, Type.INT, Type.QTY
PRICE, RATIO, DATE, BOOL, UOM, INSTANT = Type.PRICE, Type.RATIO, Type.DATE, Type.BOOL, Type.UOM, Type.INSTANT

LOT = Field("lot_code", CODE, doc="GS1 AI (10), text: leading zeros, case and hyphens are significant.")
LOCATION_REF = Ref("location_id", "location", ("location_code",))

WORK_ORDER_STATES = States("status", {
    "created": ("scheduled", "on_hold", "cancelled"), "scheduled": ("in_progress", "on_hold", "cancelled"),
    "in_progress": ("paused", "completed", "on_hold", "cancelled"), "paused": ("in_progress", "on_hold", "cancelled"),
    "on_hold": ("created", "scheduled", "in_progress", "paused", "cancelled"), "completed": ("closed",), "closed": (),
    "cancelled": (),
}, holds=("on_hold",))  # fmt: skip
SALES_ORDER_STATES = States("status", {
    "draft": ("confirmed", "cancelled"), "confirmed": ("partial", "completed", "cancelled"),
    "partial": ("completed", "cancelled"), "completed": (), "cancelled": (),
})  # fmt: skip
PURCHASE_ORDER_STATES = States("status", {
    "draft": ("approved", "cancelled"), "approved": ("sent", "cancelled"), "sent": ("confirmed", "cancelled"),
    "confirmed": ("partially_received", "received", "cancelled"),
    "partially_received": ("received", "closed", "cancelled"), "received": ("closed",), "closed": (), "cancelled": (),
})  # fmt: skip

WORK_ORDER = Entity(
    name="work_order", table="work_orders", title="Work orders", key=("wo_number",), refs=(SKU_REF,), uom="uom",
    uom_sku="sku_id", search=("wo_number",), doc="An order to make. Never the same thing as a purchase order.",
    states=WORK_ORDER_STATES, whole=True,
    in_order=(("scheduled_start", "scheduled_end"), ("actual_start", "actual_end")),
    fields=(
        Field("wo_number", CODE, required=True), SKU_CODE, Field("bom_version", CODE), Field("line", CODE),
        Field("ordered_qty", QTY, required=True), Field("good_qty", QTY), Field("scrap_qty", QTY),
        Field("rework_qty", QTY), Field("uom", UOM),
        Field("status", ENUM, enum=("created", "scheduled", "in_progress", "paused", "on_hold", "completed",
                                    "closed", "cancelled"),
              aliases=words.WORK_ORDER),
        Field("priority", INT), Field("scheduled_start", DATE), Field("scheduled_end", DATE),
        Field("actual_start", DATE), Field("actual_end", DATE), Field("due_date", DATE), Field("parent_wo", CODE),
        Field("reason_code", TEXT, doc="Why pieces were scrapped."),
    ),
)  # fmt: skip

WORK_ORDER_MATERIAL = Entity(
    name="work_order_material", table="work_order_materials", title="Work order materials",
    key=("wo_number", "component_sku", "lot_code"), uom="uom", uom_sku="component_sku_id",
    refs=(Ref("work_order_id", "work_order", ("wo_number",)), Ref("component_sku_id", "sku", ("component_sku",))),
    doc="Planned against actual consumption, with the lot.",
    fields=(
        Field("wo_number", CODE, required=True), Field("component_sku", CODE, required=True), LOT,
        Field("planned_qty", QTY), Field("actual_qty", QTY), Field("uom", UOM), Field("consumed_at", INSTANT),
    ),
)  # fmt: skip

PURCHASE_ORDER = Entity(
    name="purchase_order", table="purchase_orders", title="Purchase orders", key=("po_number",),
    refs=(SUPPLIER_REF,), search=("po_number",), doc="An order to buy.", states=PURCHASE_ORDER_STATES,
    fields=(
        Field("po_number", CODE, required=True), Field("supplier_code", CODE, required=True),
        Field("order_date", DATE, required=True), Field("currency", Type.CURRENCY),
        Field("status", ENUM, default="confirmed", enum=(
            "draft", "approved", "sent", "confirmed", "partially_received", "received", "closed", "cancelled"),
            aliases=words.PURCHASE_ORDER),
    ),
)  # fmt: skip

PURCHASE_ORDER_LINE = Entity(
    name="purchase_order_line", table="purchase_order_lines", title="Purchase order lines",
    key=("po_number", "line_no"), parent="purchase_order", whole=True, uom="uom", uom_sku="sku_id",
    refs=(Ref("purchase_order_id", "purchase_order", ("po_number",)), SKU_REF),
    doc="What a purchase order asks for. The first confirmation is kept beside the latest.",
    fields=(
        Field("po_number", CODE, required=True), Field("line_no", CODE, required=True), SKU_CODE,
        Field("ordered_qty", QTY, required=True), Field("uom", UOM), Field("unit_price", PRICE),
        Field("requested_date", DATE), Field("confirmed_date", DATE),
        Field("original_confirmed_date", DATE, first_of="confirmed_date",
              doc="The first confirmation ever loaded. A later `confirmed_date` does not move it."),
        Field("received_qty", QTY), Field("rejected_qty", QTY), Field("cancelled_qty", QTY),
    ),
)  # fmt: skip

RECEIPT = Entity(
    name="receipt", table="receipts", title="Receipts", key=("receipt_no", "receipt_line"), semantics="append",
    refs=(Ref("purchase_order_line_id", "purchase_order_line", ("po_number", "line_no")),), event_time="received_at",
    uom="uom", uom_sku="purchase_order_line_id.sku_id", uom_required=True, whole=True,
    doc="Goods that arrived against a purchase order line.",
    fields=(
        Field("receipt_no", CODE, required=True), Field("receipt_line", CODE, default="1"),
        Field("po_number", CODE, required=True), Field("line_no", CODE, required=True),
        Field("received_at", INSTANT, required=True), Field("qty", QTY, required=True), Field("uom", UOM), LOT,
        Field("supplier_lot", CODE), Field("temperature", Type.QTY, signed=True, minimum="-273.15"), Field("accepted_qty", QTY),
        Field("rejected_qty", QTY), Field("reject_reason", TEXT),
    ),
)  # fmt: skip

SALES_ORDER = Entity(
    name="sales_order", table="sales_orders", title="Sales orders", key=("order_number",),
    refs=(Ref("customer_id", "customer", ("customer_code",)),), search=("order_number",), states=SALES_ORDER_STATES,
    doc="What a customer asked for: the header.",
    fields=(
        Field("order_number", CODE, required=True), Field("customer_code", CODE, required=True),
        Field("channel", TEXT), Field("order_date", DATE, required=True), Field("currency", Type.CURRENCY),
        Field("status", ENUM, default="confirmed", enum=("draft", "confirmed", "partial", "completed", "cancelled"),
              aliases=words.SALES_ORDER),
        Field("requested_date", DATE), Field("promised_date", DATE),
        Field("ship_date", DATE, doc="When the whole order left, where the source knows only that."),
        Field("ship_from", TEXT, doc="Code or name of the location the order leaves from."),
    ),
)  # fmt: skip

SALES_ORDER_LINE = Entity(
    name="sales_order_line", table="sales_order_lines", title="Sales order lines", key=("order_number", "line_no"),
    parent="sales_order", uom="uom", uom_sku="sku_id", uom_required=True, whole=True,
    refs=(Ref("sales_order_id", "sales_order", ("order_number",)), SKU_REF),
    doc="Demand: what was ordered, never overwritten by what shipped. Lost sales stay as cancelled quantity.",
    fields=(
        Field("order_number", CODE, required=True), Field("line_no", CODE, required=True), SKU_CODE,
        Field("ordered_qty", QTY, required=True), Field("uom", UOM), Field("cancelled_qty", QTY, default="0"),
        Field("cancel_reason", TEXT), Field("shipped_qty", QTY), Field("unit_price", PRICE),
        Field("discount", RATIO, default="0"), Field("requested_date", DATE, inherit=True),
        Field("promised_date", DATE, inherit=True), Field("ship_date", DATE, inherit=True), Field("ship_to", TEXT),
        Field("ship_from", TEXT, inherit=True, doc="Code or name of the location it leaves from."),
    ),
)  # fmt: skip

SHIPMENT_LINE = Entity(
    name="shipment_line", table="shipment_lines", title="Shipments", key=("shipment_no", "shipment_line"),
    semantics="append", refs=(Ref("sales_order_line_id", "sales_order_line", ("order_number", "line_no")),),
    event_time="shipped_at", whole=True, in_order=(("shipped_at", "delivered_at"),), uom="uom", uom_sku="sales_order_line_id.sku_id", uom_required=True,
    doc="What left for a customer, with its lot.",
    fields=(
        Field("shipment_no", CODE, required=True), Field("shipment_line", CODE, default="1"),
        Field("order_number", CODE, required=True), Field("line_no", CODE, required=True),
        Field("shipped_at", INSTANT, required=True), Field("qty", QTY, required=True), Field("uom", UOM), LOT,
        Field("sscc", Type.SSCC), Field("delivered_at", INSTANT),
    ),
)  # fmt: skip

INVENTORY_SNAPSHOT = Entity(
    name="inventory_snapshot", table="inventory_snapshots", title="Stock", semantics="snapshot",
    key=("sku_code", "location_code", "lot_code", "bin", "snapshot_at"), refs=(SKU_REF, LOCATION_REF), uom="uom",
    uom_sku="sku_id", uom_required=True, whole=True, event_time="snapshot_at",
    doc="Stock at a moment. Available = on hand − reserved − quarantined − expired.",
    fields=(
        SKU_CODE, Field("location_code", CODE, required=True), LOT, Field("bin", CODE),
        Field("snapshot_at", INSTANT, required=True),
        Field("quantity_on_hand", QTY, required=True, signed=True, doc="Negative is a data issue, kept and shown."),
        Field("quantity_reserved", QTY, default="0"), Field("quantity_quarantined", QTY, default="0"),
        Field("quantity_expired", QTY, default="0"), Field("quantity_in_transit", QTY, default="0"),
        Field("uom", UOM), Field("unit_cost", PRICE), Field("expiry_date", DATE), Field("counted", BOOL),
    ),
)  # fmt: skip

INVENTORY_MOVEMENT = Entity(
    name="inventory_movement", table="inventory_movements", title="Stock movements", semantics="append",
    key=("movement_no", "movement_line"), refs=(SKU_REF, LOCATION_REF), uom="uom", uom_sku="sku_id",
    uom_required=True, whole=True, event_time="occurred_at", doc="The ledger: a balance is the sum of its movements.",
    fields=(
        Field("movement_no", CODE, required=True), Field("movement_line", CODE, default="1"), SKU_CODE,
        Field("location_code", CODE, required=True), LOT,
        Field("type", ENUM, required=True, enum=("receipt", "issue", "production", "shipment", "transfer",
                                                 "adjustment", "count", "scrap", "return", "hold", "release"),
              aliases=words.MOVEMENT_TYPE),
        Field("qty", QTY, required=True, signed=True), Field("uom", UOM),
        Field("occurred_at", INSTANT, required=True), Field("ref_type", TEXT), Field("ref_id", TEXT),
        Field("reason_code", TEXT),
    ),
)  # fmt: skip

TRANSACTIONS = (
    WORK_ORDER, WORK_ORDER_MATERIAL, PURCHASE_ORDER, PURCHASE_ORDER_LINE, RECEIPT, SALES_ORDER, SALES_ORDER_LINE,
    SHIPMENT_LINE, INVENTORY_SNAPSHOT, INVENTORY_MOVEMENT,
)  # fmt: skip
