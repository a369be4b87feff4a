"""Systems with a table of records, as their own APIs give it: OData, Odoo, ERPNext."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.support.servers.web import Reply, Request

Row = dict[str, Any]


@dataclass
class ODataService:
    """One entity set with an ISO `Changed`. `cut` makes the service give smaller pages than asked for, with links."""

    rows: list[Row]
    version: str = "v2"
    cut: int | None = None

    def __call__(self, request: Request) -> Reply:
        query = request.query
        found = sorted(self._filtered(query.get("$filter", "")), key=lambda one: (one["Changed"], one["Id"]))
        start = int(query.get("$skiptoken") or query.get("$skip") or 0)
        end = start + int(query.get("$top", 1000))
        page = found[start : min(end, start + (self.cut or 10**6))]
        link = None
        if self.cut and start + self.cut < min(end, len(found)):
            kept = "&".join(f"{k}={v}" for k, v in query.items() if k in ("$filter", "$top"))
            link = f"http://internal:8000{request.path}?$skiptoken={start + self.cut}&{kept}"
        if self.version == "v4":
            return Reply(
                {"@odata.context": "$metadata#X", "value": page, **({"@odata.nextLink": link} if link else {})}
            )
        shown = [{**one, "Changed": _ms(one["Changed"]), "__metadata": {"uri": "x"}} for one in page]
        return Reply({"d": {"results": shown, **({"__next": link} if link else {})}})

    def _filtered(self, text: str) -> list[Row]:
        since = re.search(r"Changed ge (?:datetimeoffset')?([0-9T:Z.+-]+)", text)
        return [one for one in self.rows if not since or one["Changed"] >= since.group(1)]


def _ms(text: str) -> str:
    return f"/Date({int(datetime.fromisoformat(text).timestamp() * 1000)}+0000)/"


@dataclass
class OdooDatabase:
    """A model whose write_date is kept with microseconds and shown in whole seconds, as Odoo does."""

    rows: list[Row]
    password: str = "pw"
    calls: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, request: Request) -> Reply:
        params = request.body["params"]
        service, method, args = params["service"], params["method"], params["args"]
        if (service, method) == ("common", "authenticate"):
            return _result(7 if args[2] == self.password else False)
        password, called, given, options = args[2], args[4], args[5], args[6]
        if password != self.password:
            return Reply({"jsonrpc": "2.0", "error": {"message": "Odoo Server Error",
                          "data": {"name": "odoo.exceptions.AccessDenied", "message": "Access Denied"}}})  # fmt: skip
        if called == "fields_get":
            return _result({"name": {"type": "char", "store": True}, "image_1920": {"type": "binary", "store": True},
                            "display_name": {"type": "char", "store": False}, "qty": {"type": "float", "store": True},
                            "line_ids": {"type": "one2many", "store": True}})  # fmt: skip
        (domain,) = given
        self.calls.append({"domain": domain, **options})
        rows = sorted(self.rows, key=lambda one: (one["write_date"], one["id"]))
        for name, sign, value in (one for one in domain if isinstance(one, list)):
            assert sign == ">=", sign
            rows = [one for one in rows if one[name] >= value]
        page = rows[options["offset"] : options["offset"] + options["limit"]]
        return _result([{**one, "write_date": one["write_date"][:19]} for one in page])


def _result(value: Any) -> Reply:
    return Reply({"jsonrpc": "2.0", "id": 1, "result": value})


@dataclass
class FrappeSite:
    """A DocType with lines; `modified` has microseconds."""

    rows: list[Row]

    def __call__(self, request: Request) -> Reply:
        if request.headers.get("authorization") != "token k:s":
            return Reply({"exc_type": "AuthenticationError"}, 401)
        name = request.path.rpartition("/")[2]
        known = {one["name"]: one for one in self.rows}
        if name in known:
            return Reply({"data": {**known[name], "items": [{"item_code": f"{name}-1", "qty": 2}]}})
        if "limit_start" not in request.query:
            return Reply({"exc_type": "DoesNotExistError"}, 404)
        rows = sorted(self.rows, key=lambda one: (one["modified"], one["name"]))
        for column, sign, value in json.loads(request.query["filters"]):
            assert sign == ">="
            rows = [one for one in rows if one[column] >= value]
        start, size = int(request.query["limit_start"]), int(request.query["limit_page_length"])
        return Reply({"data": rows[start : start + size]})


def second(number: int) -> str:
    """The moment so many seconds into a day, in UTC."""
    return datetime.fromtimestamp(1_790_769_600 + number, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
