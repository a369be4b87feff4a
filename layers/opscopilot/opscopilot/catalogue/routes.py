"""Routes every entity gets from its declaration: list, read, data dictionary. Nothing here knows an entity."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse, Response
from pydantic import BaseModel, Field, create_model

from opscopilot.catalogue import reading
from opscopilot.catalogue.conditions import RANGED, filter_names
from opscopilot.catalogue.declaration import Entity, Registry
from opscopilot.catalogue.declaration import Field as EntityField
from opscopilot.catalogue.template_book import XLSX, xlsx_template
from opscopilot.catalogue.templates import csv_template
from opscopilot.catalogue.types import Type
from opscopilot.kernel.db import Row
from opscopilot.kernel.pagination import Page
from opscopilot.web import PROBLEM_RESPONSES, Amount, CurrentCaller, PageQuery, Price, Quantity, Ratio

_PYTHON: dict[Type, Any] = {
    Type.INT: int, Type.QTY: Quantity, Type.PRICE: Price, Type.MONEY: Amount, Type.RATIO: Ratio,
    Type.DATE: date, Type.INSTANT: datetime, Type.TIME: time, Type.BOOL: bool,
}  # fmt: skip
Search = Annotated[str | None, Query(max_length=200, description="Words that must all occur in code or name.")]
Sort = Annotated[str | None, Query(max_length=64, description="A field; '-' in front for downwards.")]
_OWN = ("limit", "cursor", "q", "sort")


class FieldInfo(BaseModel):
    """A field in the data dictionary."""

    name: str
    label: str
    type: str
    required: bool
    expected: str = Field(description="What a right value looks like.")
    example: str
    values: list[str] = []
    default: str | None = None
    refers_to: str | None = Field(default=None, description="The entity whose key this field gives.")
    doc: str = ""


class EntityInfo(BaseModel):
    """An entity in the data dictionary."""

    name: str
    title: str
    doc: str
    semantics: str = Field(description="upsert (a master or document), append (an event) or snapshot.")
    key: list[str]
    parent: str | None
    fields: list[FieldInfo]
    search: list[str]


def describe(entity: Entity) -> EntityInfo:
    """The data dictionary's page of one entity."""
    refers = {name: ref.entity for ref in entity.refs for name in ref.fields}
    return EntityInfo(
        name=entity.name, title=entity.title, doc=entity.doc, semantics=entity.semantics, key=list(entity.key),
        parent=entity.parent, search=list(entity.search),
        fields=[
            FieldInfo(
                name=one.name, label=one.label, type=one.type.name.lower(), required=one.required,
                expected=one.expected, example=one.type.value.example, values=list(one.enum), default=one.default,
                refers_to=refers.get(one.name), doc=one.doc,
            )
            for one in entity.fields
        ],
    )  # fmt: skip


def row_model(entity: Entity) -> type[BaseModel]:
    """The response model of one row."""
    fields: dict[str, Any] = {"id": (UUID, ...)}
    for one in entity.fields:
        fields[one.name] = (_PYTHON.get(one.type, str) | None, Field(default=None, description=one.doc or None))
    if entity.event_time:
        fields["production_day"] = (date, Field(description="The plant's production day of the event."))
    fields |= {
        "source_system": (str, Field(description="The system the row came from.")),
        "source_id": (str | None, Field(default=None, description="Its id there.")),
        "ingestion_job_id": (UUID, Field(description="The job that wrote it last; see /jobs/{id}.")),
        "source_row": (int, Field(description="Line in that job's file.")),
        "created_at": (datetime, ...), "updated_at": (datetime, ...), "row_version": (int, ...),
    }  # fmt: skip
    name = "".join(part.capitalize() for part in entity.name.split("_")) + "Row"
    return create_model(name, __doc__=entity.doc or entity.title, **fields)


def _documented_filters(entity: Entity) -> dict[str, Any]:
    """OpenAPI of the filters; also what the refusal of unknown parameters goes by."""
    found = []
    for name in filter_names(entity):
        one = entity.field(name.partition(".")[0])
        schema: dict[str, Any] = {"type": "string"}
        if one.enum:
            schema["enum"] = list(one.enum)
        found.append({"name": name, "in": "query", "required": False, "schema": schema,
                      "description": _filter_text(one, name)})  # fmt: skip
    return {"parameters": found}


def _filter_text(one: EntityField, name: str) -> str:
    if name.endswith(".from"):
        return f"{one.label}: this or more."
    if name.endswith(".to"):
        return f"{one.label}: this or less."
    return f"{one.label} is {one.expected}. Repeat for any of several; leave empty for rows without one."


def _filters(request: Request) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if name not in _OWN:
            found.setdefault(name, []).append(value)
    return found


def _add_entity(routes: APIRouter, entity: Entity, registry: Registry) -> None:
    model = row_model(entity)

    def list_rows(
        request: Request, caller: CurrentCaller, page: PageQuery, q: Search = None, sort: Sort = None
    ) -> Page[Row]:
        query = reading.Query(_filters(request), q, sort, page.cursor, page.limit)
        return reading.list_rows(caller.tx, entity, registry, query)

    def read_row(key: str, caller: CurrentCaller) -> Row:
        return reading.read_row(caller.tx, entity, registry, key)

    ranged = ", ".join(one.name for one in entity.fields if one.type in RANGED)
    routes.add_api_route(
        f"/{entity.name}", list_rows, response_model=Page[model], openapi_extra=_documented_filters(entity),  # type: ignore[valid-type]
        operation_id=f"list_{entity.name}", summary=f"List: {entity.title}",
        description=f"{entity.doc}\n\nFilter by any field" + (f"; ranges over {ranged}." if ranged else "."),
    )  # fmt: skip
    routes.add_api_route(
        f"/{entity.name}/{{key:path}}", read_row, response_model=model, operation_id=f"read_{entity.name}",
        summary=f"One record: {entity.title}", description="By id or, where the key is a single field, by code.",
    )  # fmt: skip


def _add_template(routes: APIRouter, entity: Entity, registry: Registry) -> None:
    """Before the record's own route, whose key may hold anything."""

    def template(
        _caller: CurrentCaller,
        format: Annotated[Literal["csv", "xlsx"], Query(description="A text file or a workbook.")] = "csv",
    ) -> Response:
        headers = {"content-disposition": f'attachment; filename="{entity.name}.{format}"'}
        if format == "xlsx":
            return Response(xlsx_template(entity, registry), media_type=XLSX, headers=headers)
        return PlainTextResponse(csv_template(entity, registry), media_type="text/csv", headers=headers)

    content: dict[str, Any] = {"text/csv": {}, XLSX: {}}
    routes.add_api_route(
        f"/{entity.name}/template", template, response_class=PlainTextResponse, operation_id=f"template_{entity.name}",
        summary=f"A file to fill in: {entity.title}", responses={200: {"content": content}},
        description="The header that is understood without any mapping, and a row that shows how. As a workbook it "
        "also says, in each column's comment, what belongs there, and offers the allowed values.",
    )  # fmt: skip


def router(registry: Registry) -> APIRouter:
    """`/entities` and everything below."""
    routes = APIRouter(prefix="/entities", tags=["entities"], responses=PROBLEM_RESPONSES)

    @routes.get("", summary="Data dictionary: every entity with its fields")
    def dictionary(_caller: CurrentCaller) -> list[EntityInfo]:
        return [describe(one) for one in registry]

    for entity in registry:
        _add_template(routes, entity, registry)
        _add_entity(routes, entity, registry)
    return routes
