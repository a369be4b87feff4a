"""Declarations of what drives demand and is known ahead: promotions, prices, days that are not like others."""

from __future__ import annotations

from opscopilot.catalogue.declaration import Entity, Field, Ref
from opscopilot.catalogue.types import Type
from opscopilot.manufacturing import words
from opscopilot.manufacturing.masters import SKU_CODE, SKU_REF

CODE, TEXT, ENUM, DATE, PRICE, RATIO, BOOL = (
    Type.CODE, Type.TEXT, Type.ENUM, Type.DATE, Type.PRICE, Type.RATIO, Type.BOOL,
)  # fmt: skip
WHERE = Ref("location_id", "location", ("location_code",), required=False)
ANYWHERE = Field("location_code", CODE, doc="Where it holds. Empty: everywhere.")

PROMOTION = Entity(
    name="promotion", table="promotions", title="Promotions",
    key=("promo_code", "sku_code", "location_code", "customer_code"), search=("promo_code", "name"),
    refs=(SKU_REF, WHERE, Ref("customer_id", "customer", ("customer_code",), required=False)),
    in_order=(("starts_on", "ends_on"),),
    doc="A promotion of one item, past or planned. Demand is expected to rise while it runs; a cancelled one counts for "
    "nothing.",
    fields=(
        Field("promo_code", CODE, required=True), SKU_CODE, ANYWHERE,
        Field("customer_code", CODE, doc="Whose promotion it is. Empty: everybody's."), Field("name", TEXT),
        Field("starts_on", DATE, required=True, doc="First day."), Field("ends_on", DATE, required=True, doc="Last day."),
        Field("kind", ENUM, default="price_cut", enum=(
            "price_cut", "multibuy", "bogof", "coupon", "feature", "display", "other"), aliases=words.PROMOTION_KIND),
        Field("status", ENUM, default="confirmed", enum=("planned", "confirmed", "cancelled"),
              aliases=words.PROMOTION_STATUS),
        Field("discount", RATIO, doc="Share of the regular price that is taken off."),
        Field("promo_price", PRICE, doc="Price while it runs, in the unit and currency of the price list."),
        Field("is_featured", BOOL, default="false", doc="In a leaflet or an advertisement."),
        Field("is_displayed", BOOL, default="false", doc="On a second placement."),
    ),
)  # fmt: skip

PRICE_LIST = Entity(
    name="price", table="prices", title="Prices", key=("sku_code", "location_code", "customer_group", "valid_from"),
    refs=(SKU_REF, WHERE), uom="price_uom", uom_sku="sku_id", in_order=(("valid_from", "valid_to"),),
    doc="What an item sells for, from a day on, past or planned. Without an end it holds until the next one begins.",
    fields=(
        SKU_CODE, ANYWHERE, Field("customer_group", CODE, doc="Whose price it is. Empty: everybody's."),
        Field("valid_from", DATE, required=True), Field("valid_to", DATE), Field("unit_price", PRICE, required=True),
        Field("currency", Type.CURRENCY), Field("price_uom", Type.UOM),
    ),
)  # fmt: skip

CALENDAR_DAY = Entity(
    name="calendar_day", table="calendar_days", title="Calendar days", key=("location_code", "calendar_date", "kind"),
    refs=(WHERE,), search=("name",),
    doc="A day that is not like others: closed, a holiday, a shutdown, an event that moves demand, maintenance or a trial that makes figures unusual. Public holidays of "
    "the plant's country are known without being told.",
    fields=(
        ANYWHERE, Field("calendar_date", DATE, required=True),
        Field("kind", ENUM, required=True, enum=("closed", "holiday", "shutdown", "event", "maintenance", "trial"), aliases=words.DAY_KIND),
        Field("name", TEXT),
        Field("working_share", RATIO, maximum="1", doc="Share of a working day that is worked. Empty: none, but all of it at an event, maintenance and a trial."),
    ),
)  # fmt: skip

DRIVING = (PROMOTION, PRICE_LIST, CALENDAR_DAY)
