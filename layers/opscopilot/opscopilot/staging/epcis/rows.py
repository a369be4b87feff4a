"""An event becomes rows: the event, what it is about, and the declaration that it was wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from opscopilot.staging.epcis import keys
from opscopilot.staging.epcis.keys import Key, WrongKey
from opscopilot.staging.epcis.model import Event, Place, QuantityElement
from opscopilot.staging.epcis.words import event_hash, json_text, utc, word

Row = dict[str, str]
MAX_EVENT_CHARS = 1_000_000
"""An event longer than that as JSON is refused: no cell of ours is that long."""
_CODES = {"missing": "required_missing", "literal_error": "bad_enum"}
_EXPECTED = {
    "eventTime": "an instant with its offset, such as 2026-09-30T14:05:00+02:00",
    "recordTime": "an instant with its offset, such as 2026-09-30T14:05:00+02:00",
    "declarationTime": "an instant with its offset, such as 2026-09-30T14:05:00+02:00",
    "eventTimeZoneOffset": "an offset such as +02:00 or -06:00", "action": "ADD, OBSERVE or DELETE",
    "quantity": "a number of zero or more, with at most 6 decimals",
    "uom": "a UN/CEFACT code of 2 or 3 characters, such as KGM",
}  # fmt: skip


@dataclass(frozen=True)
class Wrong:
    """An event that cannot be taken: its id where it has one, and each fault."""

    event_id: str | None
    errors: list[dict[str, Any]]


@dataclass
class Right:
    """The rows of one event."""

    event: Row
    items: list[Row] = field(default_factory=list)
    error: Row | None = None


def convert(given: Any) -> Right | Wrong:
    """The rows of an event, or what is wrong with it."""
    if not isinstance(given, dict):
        return Wrong(None, [_fault("", "bad_event", given, "a JSON object with type and eventTime")])
    event_id = given.get("eventID") if isinstance(given.get("eventID"), str) else None
    if len(json_text(given)) > MAX_EVENT_CHARS:
        return Wrong(event_id, [_fault("", "too_long", None, f"an event of at most {MAX_EVENT_CHARS:,} characters")])
    try:
        event = Event.model_validate(given)
        return _rows(event, event.event_id or event_hash(given, event.event_time))
    except ValidationError as error:
        return Wrong(event_id, [_explained(one, given) for one in error.errors(include_url=False)][:20])
    except WrongKey as error:
        return Wrong(event_id, [{**_fault("epc", error.code, None, error.right), "message": f"{error}"}])


def _explained(one: Mapping[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    message = str(one["msg"]).removeprefix("Value error, ")
    if not one["loc"]:
        name, right = message.split("|", 1)
        code = "bad_event" if given.get(name) else "required_missing"
        return _fault(name, code, given.get(name), right)
    name = ".".join(map(str, one["loc"]))
    last = next((str(part) for part in reversed(one["loc"]) if isinstance(part, str)), "")
    code = _CODES.get(one["type"], "bad_date" if last.endswith("Time") else "bad_event")
    value = None if one["type"] == "missing" else one.get("input")
    return _fault(name, code, value, _EXPECTED.get(last, message))


def _fault(name: str, code: str, value: Any, right: str) -> dict[str, Any]:
    shown = None if value is None else value if isinstance(value, str) else json_text(value)
    what = (
        f"'{shown[:80]}' in {name} cannot be used." if shown is not None else f"{name or 'The event'} cannot be used."
    )
    if code == "required_missing":
        what = f"{name} is missing."
    return {
        "field": name, "code": code, "message": what, "raw_value": shown[:500] if shown else None, "expected": right,
    }  # fmt: skip


def _rows(event: Event, event_id: str) -> Right:
    read_point, location = _place(event.read_point), _place(event.biz_location)
    beyond = dict(event.model_extra or {})
    if event.kind == "extension":
        beyond["type"] = event.type
    row = {
        "event_id": event_id, "event_type": event.kind, "action": (event.action or "").lower(),
        "event_time": utc(event.event_time), "event_time_zone_offset": event.offset,
        "biz_step": word(event.biz_step) or "",
        "disposition": word(event.disposition) or "",
        "read_point": read_point[0], "read_point_gln": read_point[1], "biz_location": location[0],
        "biz_location_gln": location[1], "transformation_id": event.transformation_id or "",
        "biz_transactions": _pairs(event.transactions), "sources": _pairs(event.sources),
        "destinations": _pairs(event.destinations), "persistent_disposition": _json(event.persistent),
        "ilmd": _json(event.ilmd), "sensor_elements": _json(event.sensors), "metadata": _json(beyond),
    }  # fmt: skip
    return Right(row, [{"event_id": event_id, **one} for one in _items(event)], _error(event, event_id))


def _place(place: Place | None) -> tuple[str, str]:
    if place is None:
        return "", ""
    return place.id, keys.parse(place.id).gln or ""


def _pairs(listed: list[Any]) -> str:
    return json_text([{"type": word(one.type), "id": one.id} for one in listed]) if listed else ""


def _json(value: Any) -> str:
    return json_text(value) if value else ""


def _error(event: Event, event_id: str) -> Row | None:
    told = event.error
    if told is None:
        return None
    return {
        "event_id": event_id, "declared_at": utc(told.declared_at), "reason": word(told.reason) or "",
        "corrective_event_ids": _json(told.corrective),
    }  # fmt: skip


def _items(event: Event) -> Iterator[Row]:
    yield from _role("what", event.epcs, event.quantities)
    yield from _role("parent", [event.parent] if event.parent else [], [])
    yield from _role("child", event.child_epcs, event.child_quantities)
    yield from _role("input", event.input_epcs, event.input_quantities)
    yield from _role("output", event.output_epcs, event.output_quantities)


def _role(role: str, epcs: list[str], quantities: list[QuantityElement]) -> Iterator[Row]:
    for position, epc in enumerate(epcs, 1):
        yield {"role": role, "position": str(position), "kind": "instance", **_parts(epc), "quantity": "", "uom": ""}
    for position, one in enumerate(quantities, len(epcs) + 1):
        quantity = f"{one.quantity:.6f}" if one.quantity is not None else ""
        yield {
            "role": role, "position": str(position), "kind": "class", **_parts(one.epc_class), "quantity": quantity,
            "uom": one.uom or "",
        }  # fmt: skip


def _parts(epc: str) -> Row:
    key: Key = keys.parse(epc)
    return {
        "epc": epc, "scheme": key.scheme, "gtin": key.gtin or "", "lot_code": key.lot or "", "serial": key.serial or "",
        "sscc": key.sscc or "", "item_ref": key.item or "", "assigner": key.assigner or "",
    }  # fmt: skip
