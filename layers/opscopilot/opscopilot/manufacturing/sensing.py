"""Declarations of what machines say about themselves: sensors and their readings (MODEL §6)."""

from __future__ import annotations

from opscopilot.catalogue.declaration import Entity, Field, Ref
from opscopilot.catalogue.types import Type

CODE, TEXT, ENUM, QTY = Type.CODE, Type.TEXT, Type.ENUM, Type.QTY

SENSOR = Entity(
    name="sensor", table="sensors", title="Sensors", key=("sensor_code",), search=("sensor_code", "name"),
    doc="A measuring point on a line or a machine, with the limits that hold for it.",
    fields=(
        Field("sensor_code", CODE, required=True), Field("name", TEXT), Field("line", CODE), Field("equipment", CODE),
        Field("zone", TEXT),
        Field("measure", ENUM, required=True, enum=(
            "temperature", "pressure", "weight", "speed", "humidity", "ph", "metal", "other"),
            aliases={"temp": "temperature", "metal_detection": "metal", "press": "pressure"}),
        Field("uom", Type.UOM, doc="Unit of its readings and limits."),
        Field("lo_spec", QTY, signed=True, doc="The product is right from here on."),
        Field("hi_spec", QTY, signed=True), Field("lo_alarm", QTY, signed=True, doc="Below this somebody is called."),
        Field("hi_alarm", QTY, signed=True, doc="Above this somebody is called."),
        Field("sample_s", Type.INT, doc="Seconds between two readings."),
        Field("status", ENUM, default="active", enum=("active", "calibration_due", "faulty", "retired")),
        Field("calibrated_until", Type.DATE, doc="Readings after this day are flagged, not dropped."),
    ),
)  # fmt: skip

SENSOR_READING = Entity(
    name="sensor_reading", table="sensor_readings", title="Sensor readings", key=("sensor_code", "ts"),
    semantics="append", event_time="ts", refs=(Ref("sensor_id", "sensor", ("sensor_code",)),),
    doc="What a sensor measured at a moment. A reading of quality bad is kept and not judged.",
    fields=(
        Field("sensor_code", CODE, required=True), Field("ts", Type.INSTANT, required=True),
        Field("value", QTY, required=True, signed=True),
        Field("quality", ENUM, default="good", enum=("good", "uncertain", "bad"),
              aliases={"ok": "good", "questionable": "uncertain", "fail": "bad", "failed": "bad"}),
    ),
)  # fmt: skip

SENSING = (SENSOR, SENSOR_READING)
