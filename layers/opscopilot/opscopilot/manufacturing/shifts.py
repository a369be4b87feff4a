"""Declaration of shifts: who is at work when. A plant's own, or one location's."""

from __future__ import annotations

from opscopilot.catalogue.declaration import Entity, Field, Period
from opscopilot.catalogue.types import Type
from opscopilot.manufacturing.driving import ANYWHERE, WHERE

SHIFT = Entity(
    name="shift", table="shifts", title="Shifts", key=("shift_code", "location_code", "valid_from"),
    refs=(WHERE,), search=("shift_code", "name"), in_order=(("valid_from", "valid_to"),),
    periods=(Period(("shift_code", "location_id"), "valid_from", "valid_to", "shift"),),
    doc="A shift: from when to when, on which weekdays, at one location or in the whole plant. One that ends at or "
    "before its start lasts past midnight and belongs to the day on which it begins. People name the shifts they work "
    "in their preferences; messages wait until then.",
    fields=(
        Field("shift_code", Type.CODE, required=True), ANYWHERE, Field("name", Type.TEXT),
        Field("start_local", Type.TIME, required=True, doc="Wall time at the location."),
        Field("end_local", Type.TIME, required=True, doc="Wall time; at or before the start it is on the next day."),
        Field("weekdays", Type.WEEKDAYS, default="1234567", doc="Days on which it begins."),
        Field("valid_from", Type.DATE, doc="First day on which it begins. Empty: always was."),
        Field("valid_to", Type.DATE, doc="Last day on which it begins. Empty: until the next one of this code."),
    ),
)  # fmt: skip
