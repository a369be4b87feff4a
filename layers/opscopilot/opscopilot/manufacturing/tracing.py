"""Declarations of what happened to lots: EPCIS events and the things they are about (MODEL §7.1).

An event is never changed by a later one: an error declaration is a row of its own that points to it, and whoever
traces leaves the declared event out and follows its corrections.
"""

from __future__ import annotations

from opscopilot.catalogue.declaration import Entity, Field, Ref
from opscopilot.catalogue.types import Type

TEXT, ENUM, INT, QTY, INSTANT = Type.TEXT, Type.ENUM, Type.INT, Type.QTY, Type.INSTANT

EVENT_ID = Field("event_id", TEXT, required=True, doc="The eventID as captured; a hash of the event where it had none.")
EVENT_REF = Ref("trace_event_id", "trace_event", ("event_id",))

TRACE_EVENT = Entity(
    name="trace_event", table="trace_events", title="Trace events", key=("event_id",), semantics="append",
    event_time="event_time", search=("event_id",),
    doc="What happened, when and where: an EPCIS event. Its record time is when we took it in (created_at).",
    fields=(
        EVENT_ID,
        Field("event_type", ENUM, required=True, enum=(
            "object", "aggregation", "transformation", "transaction", "association", "extension")),
        Field("action", ENUM, enum=("add", "observe", "delete"), doc="Empty for transformations."),
        Field("event_time", INSTANT, required=True),
        Field("event_time_zone_offset", TEXT, required=True, doc="The local offset where it happened: +02:00."),
        Field("biz_step", TEXT, doc="shipping, receiving …; other vocabularies as they are."),
        Field("disposition", TEXT), Field("read_point", TEXT), Field("read_point_gln", Type.GLN),
        Field("biz_location", TEXT), Field("biz_location_gln", Type.GLN),
        Field("transformation_id", TEXT, doc="Joins the events of one long transformation."),
        Field("biz_transactions", TEXT, doc="JSON list of {type, id}: purchase order, despatch advice …"),
        Field("sources", TEXT, doc="JSON list of {type, id}: owning_party, possessing_party, location."),
        Field("destinations", TEXT, doc="JSON list of {type, id}."),
        Field("persistent_disposition", TEXT, doc="JSON {set, unset}."),
        Field("ilmd", TEXT, doc="JSON: master data of the lots made here, such as best-before dates."),
        Field("sensor_elements", TEXT, doc="JSON: readings as captured."),
        Field("metadata", TEXT, doc="JSON: every field beyond the standard."),
    ),
)  # fmt: skip

TRACE_EVENT_ITEM = Entity(
    name="trace_event_item", table="trace_event_items", title="Items of trace events",
    key=("event_id", "role", "position"), refs=(EVENT_REF,),
    doc="What an event is about: a lot with its quantity, a serialised thing, a logistic unit.",
    fields=(
        EVENT_ID,
        Field("role", ENUM, required=True, enum=("what", "parent", "child", "input", "output")),
        Field("position", INT, required=True, doc="Place in the event's list, from 1; quantities after single things."),
        Field("kind", ENUM, required=True, enum=("instance", "class"), doc="One thing, or a quantity of a class."),
        Field("epc", TEXT, required=True, doc="The identifier exactly as captured."),
        Field("scheme", TEXT, required=True, doc="sgtin, lgtin, sscc, gdst …; uri where we know no parts."),
        Field("gtin", Type.GTIN, doc="14 digits."), Field("lot_code", TEXT, doc="GS1 AI (10), as on the label."),
        Field("serial", TEXT), Field("sscc", TEXT, doc="18 digits."), Field("item_ref", TEXT, doc="The assigner's item."),
        Field("assigner", TEXT, doc="Company prefix or party that gave the number: lots of two assigners are two lots."),
        Field("quantity", QTY), Field("uom", TEXT, doc="UN/CEFACT Rec 20 code; empty counts pieces."),
    ),
)  # fmt: skip

TRACE_EVENT_ERROR = Entity(
    name="trace_event_error", table="trace_event_errors", title="Error declarations",
    key=("event_id", "declared_at"), refs=(EVENT_REF,),
    doc="An event declared wrong: it stays, tracing leaves it out and follows the corrective events.",
    fields=(
        EVENT_ID, Field("declared_at", INSTANT, required=True), Field("reason", TEXT),
        Field("corrective_event_ids", TEXT, doc="JSON list of event ids."),
    ),
)  # fmt: skip

TRACING = (TRACE_EVENT, TRACE_EVENT_ITEM, TRACE_EVENT_ERROR)
