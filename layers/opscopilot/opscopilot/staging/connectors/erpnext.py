"""ERPNext and every other Frappe site: /api/resource, in the order of `modified`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar
from urllib.parse import quote

from pydantic import Field, JsonValue

from opscopilot.staging.connectors.auth import Fixed
from opscopilot.staging.connectors.base import (
    BaseConnector,
    Batch,
    ConnectorConfig,
    ConnectorFailed,
    Stream,
    StreamConfig,
)
from opscopilot.staging.connectors.keyset import ByChange, start
from opscopilot.staging.connectors.paging import Record

DocType = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9 _-]{0,99}$")]
FieldName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,100}$")]


class ErpNextStream(StreamConfig):
    """One DocType. With `children` each document is read whole, with its tables of lines: one call each."""

    doctype: DocType = Field(examples=["Sales Order"])
    fields: list[FieldName] = Field(default=[], max_length=300, description="Leave out for all.")
    filters: list[list[JsonValue]] = Field(default=[], max_length=50, examples=[[["docstatus", "<", 2]]])
    children: list[FieldName] = Field(default=[], max_length=10, examples=[["items"]])


PRESETS = {
    "items": ("Item", "sku", []), "customers": ("Customer", "customer", []), "suppliers": ("Supplier", "supplier", []),
    "sales_orders": ("Sales Order", None, ["items"]), "purchase_orders": ("Purchase Order", None, ["items"]),
    "boms": ("BOM", None, ["items"]), "work_orders": ("Work Order", "work_order", []), "stock": ("Bin", None, []),
}  # fmt: skip


class ErpNextConfig(ConnectorConfig):
    """A Frappe site."""

    url: str = Field(max_length=1000, examples=["https://plant.erpnext.com"])
    page_size: int = Field(default=500, ge=1, le=5_000)
    streams: list[ErpNextStream] = Field(
        default=[], max_length=100, description="Leave out to pull items, parties, orders, BOMs, work orders, stock."
    )


class ErpNextConnector(BaseConnector):
    """Pulls DocTypes. The secret has `api_key` and `api_secret`, as the user's settings page shows them."""

    type: ClassVar[str] = "erpnext"
    title: ClassVar[str] = "ERPNext and other Frappe sites"
    speaks_http: ClassVar[bool] = True
    Config = ErpNextConfig
    secret_fields: ClassVar[tuple[str, ...]] = ("api_key", "api_secret")

    def streams(self) -> list[Stream]:
        return [Stream(one.name, one.entity, "modified") for one in self._asked()]

    def fetch_data(self, stream: Stream, watermark: str | None, resume: dict[str, Any] | None) -> Iterator[Batch]:
        asked = next(one for one in self._asked() if one.name == stream.name)
        keyset = start("modified", "iso", watermark, self.config.overlap_s, resume)
        pull = _Pull(self, asked)
        for batch in ByChange(self.around.http, pull.url, pull.page, keyset, self.config.page_size).batches():
            yield batch._replace(records=[pull.whole(one) for one in batch.records]) if asked.children else batch

    def _asked(self) -> list[ErpNextStream]:
        given: list[ErpNextStream] = self.config.streams
        return given or [
            ErpNextStream(name=name, doctype=doctype, entity=entity, children=children)
            for name, (doctype, entity, children) in PRESETS.items()
        ]


class _Pull:
    """The questions about one DocType."""

    def __init__(self, connector: ErpNextConnector, asked: ErpNextStream) -> None:
        config: ErpNextConfig = connector.config
        self.url = f"{config.url.rstrip('/')}/api/resource/{quote(asked.doctype)}"
        self._size = config.page_size
        self._http = connector.around.http
        self._asked = asked
        proof = f"token {connector.need('api_key')}:{connector.need('api_secret')}"
        self._auth = Fixed({"Authorization": proof})

    def page(self, since: str | None, skip: int) -> list[Record]:
        """Documents modified at or after `since`, without their lines."""
        filters = [*self._asked.filters, *([["modified", ">=", since]] if since else [])]
        wanted = [*dict.fromkeys([*self._asked.fields, "name", "modified"])] if self._asked.fields else ["*"]
        params = {
            "fields": json.dumps(wanted), "filters": json.dumps(filters), "order_by": "modified asc, name asc",
            "limit_start": skip, "limit_page_length": self._size,
        }  # fmt: skip
        found = self._data(self._http.json("GET", self.url, params=params, auth=self._auth).data)
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self._http.failed("unexpected_answer", self.url, "gave no list of documents")
        return found

    def whole(self, record: Record) -> Record:
        """The document with the asked-for tables of lines. One that is gone since stays as the list had it."""
        url = f"{self.url}/{quote(str(record['name']), safe='')}"
        try:
            found = self._data(self._http.json("GET", url, auth=self._auth).data)
        except ConnectorFailed as error:
            if error.code == "not_there":
                return record
            raise
        if not isinstance(found, dict):
            raise self._http.failed("unexpected_answer", url, "gave no document")
        lines = {name: found.get(name) or [] for name in self._asked.children}
        return {**record, **lines}

    def _data(self, answer: Any) -> Any:
        return answer.get("data") if isinstance(answer, dict) else None
