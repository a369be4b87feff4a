"""Odoo over JSON-RPC: /jsonrpc with authenticate and execute_kw search_read, in the order of write_date.

Answers give write_date in whole seconds though the database keeps microseconds, and all records of one
transaction share it: "after the last one" would skip or repeat. So each question starts *at* the last second seen,
and what came before is dropped (see paging.Keyset).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

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

Model = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$", max_length=100)]
FieldName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")]

_NOT_PLAIN = frozenset({"binary", "image", "one2many", "many2many", "html", "serialized", "properties"})


class OdooStream(StreamConfig):
    """One model. Without `fields` all that are stored are read."""

    model: Model = Field(examples=["sale.order.line"])
    domain: list[JsonValue] = Field(default=[], max_length=50, examples=[[["state", "!=", "cancel"]]])
    fields: list[FieldName] = Field(default=[], max_length=300, description="Leave out for all plain ones.")
    archived: bool = Field(default=True, description="Archived records too, so that they can be retired here.")


PRESETS = {
    "products": ("product.product", "sku", ["default_code", "name", "barcode", "uom_id", "categ_id", "active",
                                            "standard_price", "lst_price", "type"]),
    "customers": ("res.partner", "customer", ["ref", "name", "country_id", "active", "email"]),
    "sales_order_lines": ("sale.order.line", "sales_order_line", ["order_id", "sequence", "product_id",
                          "product_uom_qty", "product_uom", "price_unit", "qty_delivered", "state", "currency_id"]),
    "purchase_order_lines": ("purchase.order.line", "purchase_order_line", ["order_id", "sequence", "product_id",
                             "product_qty", "product_uom", "price_unit", "date_planned", "qty_received", "state"]),
    "stock": ("stock.quant", None, ["product_id", "location_id", "lot_id", "quantity", "reserved_quantity"]),
    "work_orders": ("mrp.production", "work_order", ["name", "product_id", "product_qty", "product_uom_id", "state",
                    "date_start", "date_finished", "bom_id"]),
}  # fmt: skip


class OdooConfig(ConnectorConfig):
    """An Odoo database."""

    url: str = Field(max_length=1000, examples=["https://plant.odoo.com"])
    database: str = Field(min_length=1, max_length=100, examples=["plant"])
    page_size: int = Field(default=1000, ge=1, le=10_000)
    streams: list[OdooStream] = Field(
        default=[], max_length=100, description="Leave out to pull products, customers, orders, stock, work orders."
    )


class OdooConnector(BaseConnector):
    """Pulls Odoo models. The secret has `username` and `password`, which may be an API key."""

    type: ClassVar[str] = "odoo"
    title: ClassVar[str] = "Odoo (JSON-RPC)"
    speaks_http: ClassVar[bool] = True
    Config = OdooConfig
    secret_fields: ClassVar[tuple[str, ...]] = ("username", "password")

    def streams(self) -> list[Stream]:
        return [Stream(one.name, one.entity, "write_date") for one in self._asked()]

    def fetch_data(self, stream: Stream, watermark: str | None, resume: dict[str, Any] | None) -> Iterator[Batch]:
        asked = next(one for one in self._asked() if one.name == stream.name)
        keyset = start("write_date", "iso", watermark, self.config.overlap_s, resume)
        pull = _Pull(self, asked)
        return ByChange(self.around.http, pull.url, pull.page, keyset, self.config.page_size).batches()

    def _asked(self) -> list[OdooStream]:
        given: list[OdooStream] = self.config.streams
        return given or [
            OdooStream(name=name, model=model, entity=entity, fields=fields)
            for name, (model, entity, fields) in PRESETS.items()
        ]


class _Pull:
    """Calls of one model; the login is asked for once."""

    def __init__(self, connector: OdooConnector, asked: OdooStream) -> None:
        self.config: OdooConfig = connector.config
        self.url = self.config.url.rstrip("/") + "/jsonrpc"
        self._http = connector.around.http
        self._connector = connector
        self._asked = asked
        self._uid: int | None = None
        self._plain: list[str] | None = None

    def page(self, since: str | None, skip: int) -> list[Record]:
        """Records written at or after `since`."""
        domain = [*self._asked.domain, *([["write_date", ">=", since]] if since else [])]
        wanted = [*dict.fromkeys([*(self._asked.fields or self._stored()), "id", "write_date"])]
        options: dict[str, Any] = {
            "fields": wanted, "order": "write_date asc, id asc", "limit": self.config.page_size, "offset": skip,
            "context": {"active_test": not self._asked.archived},
        }  # fmt: skip
        found = self._execute(self._asked.model, "search_read", [domain], options)
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self._http.failed("unexpected_answer", self.url, f"gave no list of {self._asked.model}")
        return [flat(one) for one in found]

    def _stored(self) -> list[str]:
        """The model's plain stored fields: pictures are large, computed ones slow, lines are models of their own."""
        if self._plain is None:
            known = self._execute(self._asked.model, "fields_get", [], {"attributes": ["type", "store"]})
            if not isinstance(known, dict):
                raise self._http.failed("unexpected_answer", self.url, f"gave no fields of {self._asked.model}")
            self._plain = sorted(
                name for name, one in known.items()
                if isinstance(one, dict) and one.get("store") and one.get("type") not in _NOT_PLAIN
            )  # fmt: skip
        return self._plain

    def _execute(self, model: str, method: str, args: list[Any], options: dict[str, Any]) -> Any:
        password = self._connector.need("password")
        if self._uid is None:
            uid = self._call("common", "authenticate", [
                self.config.database, self._connector.need("username"), password, {},
            ])  # fmt: skip
            if not isinstance(uid, int) or isinstance(uid, bool):
                raise self._http.failed(
                    "auth_failed", self.url, "does not take the login; check username and password (or API key) in "
                    "the secret, and the database's name",
                )  # fmt: skip
            self._uid = uid
        return self._call(
            "object", "execute_kw", [self.config.database, self._uid, password, model, method, args, options]
        )

    def _call(self, service: str, method: str, args: list[Any]) -> Any:
        body = {
            "jsonrpc": "2.0", "method": "call", "id": 1,
            "params": {"service": service, "method": method, "args": args},
        }  # fmt: skip
        answer = self._http.json("POST", self.url, body=body, auth=Fixed()).data
        if not isinstance(answer, dict):
            raise self._http.failed("unexpected_answer", self.url, "gave no JSON-RPC answer")
        if error := answer.get("error"):
            raise self._failed(error if isinstance(error, dict) else {})
        return answer.get("result")

    def _failed(self, error: dict[str, Any]) -> ConnectorFailed:
        details = error.get("data") if isinstance(error.get("data"), dict) else {}
        name = str((details or {}).get("name") or "")
        said = str((details or {}).get("message") or error.get("message") or "an error without words")[:200]
        if "AccessDenied" in name:
            return self._http.failed("auth_failed", self.url, f"does not take the login: {said}")
        if "AccessError" in name:
            return self._http.failed("forbidden", self.url, f"does not allow this login to read: {said}")
        busy = any(word in name for word in ("OperationalError", "SerializationFailure", "LockNotAvailable"))
        return self._http.failed("refused", self.url, f"answered: {said}", retryable=busy)


def flat(record: Record) -> Record:
    """Odoo's ways made plain: false is empty unless the field's name says it is a yes or no, and a many2one
    [7, "Azure"] becomes the name under the field's own name and the number under `field/id`, as exports have it."""
    found: Record = {}
    for name, value in record.items():
        if isinstance(value, list) and len(value) == 2 and isinstance(value[0], int) and isinstance(value[1], str):
            found[name], found[f"{name}/id"] = value[1], value[0]
        elif value is False and not _is_yes_or_no(name):
            found[name] = None
        else:
            found[name] = value
    return found


def _is_yes_or_no(name: str) -> bool:
    return name in ("active", "sale_ok", "purchase_ok") or name.startswith(("is_", "has_", "can_"))
