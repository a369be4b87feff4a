"""EPCIS events as far as we use them, checked; every field beyond that is kept as it is."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

TYPES = {
    "ObjectEvent": "object", "AggregationEvent": "aggregation", "TransformationEvent": "transformation",
    "TransactionEvent": "transaction", "AssociationEvent": "association",
}  # fmt: skip
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")


def _instant(value: Any) -> datetime:
    found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("not an instant with its offset")
    # Python reads microseconds; .NET writes seven digits.
    return datetime.fromisoformat(f"{found[1]}{(found[2] or '.0')[:7].ljust(7, '0')}{found[3].replace('Z', '+00:00')}")


Instant = Annotated[datetime, BeforeValidator(_instant)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]
Offset = Annotated[str, StringConstraints(pattern=r"^([+-]((0\d|1[0-3]):[0-5]\d|14:00))$")]
Quantity = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]


T = TypeVar("T")
# JSON-LD writes a list of one as the thing itself.
Many = Annotated[list[T], BeforeValidator(lambda value: [value] if isinstance(value, dict | str) else value)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class Place(_Part):
    """A read point or business location."""

    id: Text


def _place(value: Any) -> Any:
    return {"id": value} if isinstance(value, str) else value


class QuantityElement(_Part):
    """So much of a class: a lot, or a product."""

    epc_class: Text = Field(alias="epcClass")
    quantity: Quantity | None = None
    uom: Annotated[str, StringConstraints(pattern="^[A-Z0-9]{2,3}$")] | None = None


class BizTransaction(_Part):
    """A document the event belongs to."""

    type: Text | None = None
    id: Text = Field(validation_alias=AliasChoices("bizTransaction", "id"))


class Party(_Part):
    """A source or destination."""

    type: Text
    id: Text = Field(validation_alias=AliasChoices("source", "destination", "id"))


class ErrorDeclaration(_Part):
    """Somebody says that the event is wrong."""

    declared_at: Instant = Field(alias="declarationTime")
    reason: Text | None = None
    corrective: Many[Text] = Field(default=[], alias="correctiveEventIDs")


class Event(BaseModel):
    """One event of any type. Attribute names are ours, aliases are the standard's."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: Text
    event_time: Instant = Field(alias="eventTime")
    offset: Offset = Field(alias="eventTimeZoneOffset")
    event_id: Text | None = Field(default=None, alias="eventID")
    record_time: Any = Field(default=None, alias="recordTime")
    """Another repository's; the standard says to ignore it when an event is captured."""
    action: Literal["ADD", "OBSERVE", "DELETE"] | None = None
    biz_step: Text | None = Field(default=None, alias="bizStep")
    disposition: Text | None = None
    persistent: dict[str, Any] | None = Field(default=None, alias="persistentDisposition")
    read_point: Annotated[Place, BeforeValidator(_place)] | None = Field(default=None, alias="readPoint")
    biz_location: Annotated[Place, BeforeValidator(_place)] | None = Field(default=None, alias="bizLocation")
    epcs: Many[Text] = Field(default=[], alias="epcList")
    quantities: Many[QuantityElement] = Field(default=[], alias="quantityList")
    parent: Text | None = Field(default=None, alias="parentID")
    child_epcs: Many[Text] = Field(default=[], alias="childEPCs")
    child_quantities: Many[QuantityElement] = Field(default=[], alias="childQuantityList")
    input_epcs: Many[Text] = Field(default=[], alias="inputEPCList")
    input_quantities: Many[QuantityElement] = Field(default=[], alias="inputQuantityList")
    output_epcs: Many[Text] = Field(default=[], alias="outputEPCList")
    output_quantities: Many[QuantityElement] = Field(default=[], alias="outputQuantityList")
    transformation_id: Text | None = Field(default=None, alias="transformationID")
    transactions: Many[BizTransaction] = Field(default=[], alias="bizTransactionList")
    sources: Many[Party] = Field(default=[], alias="sourceList")
    destinations: Many[Party] = Field(default=[], alias="destinationList")
    ilmd: dict[str, Any] | None = None
    sensors: Many[dict[str, Any]] = Field(default=[], alias="sensorElementList")
    error: ErrorDeclaration | None = Field(default=None, alias="errorDeclaration")

    @property
    def kind(self) -> str:
        """The type in our words; a type of another standard built on EPCIS is an extension."""
        return TYPES.get(self.type, "extension")

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        wrong = _WRONG[self.kind](self) if self.kind in _WRONG else None
        if wrong:
            raise ValueError(f"{wrong[0]}|{wrong[1]}")
        if self.kind == "extension" and ":" not in self.type:
            raise ValueError(f"type|one of: {', '.join(TYPES)}; or a type of another vocabulary, such as ex:OwnEvent")
        return self


def _object(one: Event) -> tuple[str, str] | None:
    if one.action is None:
        return "action", "ADD, OBSERVE or DELETE"
    if not (one.epcs or one.quantities or one.sensors):
        return "epcList", "an epcList, a quantityList or a sensorElementList that is not empty"
    return None


def _family(one: Event) -> tuple[str, str] | None:
    """Aggregation and association: a parent with children."""
    if one.action is None:
        return "action", "ADD, OBSERVE or DELETE"
    if one.parent is None and (one.action != "OBSERVE" or one.kind == "association"):
        return "parentID", "the identifier of the parent"
    if one.action != "DELETE" and not (one.child_epcs or one.child_quantities or one.sensors):
        return "childEPCs", "childEPCs or a childQuantityList that is not empty"
    return None


def _transformation(one: Event) -> tuple[str, str] | None:
    inputs, outputs = one.input_epcs or one.input_quantities, one.output_epcs or one.output_quantities
    if one.action is not None:
        return "action", "no action: a transformation has none"
    if not inputs and not (outputs and one.transformation_id):
        return "inputQuantityList", "inputs, or a transformationID that joins this event to the one with the inputs"
    if not outputs and not (inputs and one.transformation_id):
        return "outputQuantityList", "outputs, or a transformationID that joins this event to the one with the outputs"
    return None


def _transaction(one: Event) -> tuple[str, str] | None:
    if one.action is None:
        return "action", "ADD, OBSERVE or DELETE"
    return None if one.transactions else ("bizTransactionList", "at least one business transaction")


_WRONG = {
    "object": _object, "aggregation": _family, "association": _family, "transformation": _transformation,
    "transaction": _transaction,
}  # fmt: skip
