"""OData version 2 and 4, as SAP S/4HANA, Business One, Dynamics 365 and others speak it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from opscopilot.staging.connectors import moments
from opscopilot.staging.connectors.auth import SECRET_FIELDS, AnyAuth, NoAuth
from opscopilot.staging.connectors.base import (
    BaseConnector,
    Batch,
    ConnectorConfig,
    ConnectorFailed,
    Stream,
    StreamConfig,
)
from opscopilot.staging.connectors.http import same_origin
from opscopilot.staging.connectors.keyset import ByChange, start
from opscopilot.staging.connectors.paging import Record, Seen, dig
from opscopilot.staging.connectors.rest_pages import Links

_MS_DATE = re.compile(r"/Date\((-?\d+)([+-]\d{1,4})?\)/")
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?")
_TRIES = 3
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_./]{0,127}$")]
ChangeType = Literal["datetimeoffset", "datetime", "date", "string", "number"]


class ODataStream(StreamConfig):
    """One entity set. Without `change_field` it is read whole every time, in the order of `key`."""

    entity_set: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_./()'=,-]{0,200}$", examples=["A_SalesOrder"])
    change_field: Identifier | None = Field(default=None, examples=["LastChangeDateTime"])
    change_type: ChangeType = Field(default="datetimeoffset", description="The field's type in $metadata.")
    key: list[Identifier] = Field(default=[], max_length=10, description="Key fields, for a stable order.")
    select: list[Identifier] = Field(default=[], max_length=200)
    expand: list[Identifier] = Field(default=[], max_length=10, examples=[["to_Item"]], description="Lines as well.")
    filter: str | None = Field(default=None, max_length=1000, examples=["SalesOrganization eq '1010'"])


class ODataConfig(ConnectorConfig):
    """An OData service."""

    service_url: str = Field(max_length=1000, examples=["https://s4.example.com/sap/opu/odata/sap/API_SALES_ORDER_SRV"])
    version: Literal["v2", "v4"] = "v2"
    auth: AnyAuth = NoAuth()
    sap_client: str | None = Field(default=None, pattern=r"^\d{3}$")
    page_size: int = Field(default=1000, ge=1, le=10_000)
    streams: list[ODataStream] = Field(min_length=1, max_length=100)


class ODataConnector(BaseConnector):
    """Pulls entity sets. Links to a next page are followed where the service gives them."""

    type: ClassVar[str] = "odata"
    title: ClassVar[str] = "OData v2 and v4 (SAP S/4HANA and others)"
    speaks_http: ClassVar[bool] = True
    Config = ODataConfig
    secret_fields: ClassVar[tuple[str, ...]] = SECRET_FIELDS

    def streams(self) -> list[Stream]:
        return [Stream(one.name, one.entity, one.change_field) for one in self.config.streams]

    def fetch_data(self, stream: Stream, watermark: str | None, resume: dict[str, Any] | None) -> Iterator[Batch]:
        asked = next(one for one in self.config.streams if one.name == stream.name)
        pull = _Pull(self, asked)
        if asked.change_field is None:
            return pull.whole(resume)
        way: moments.Format = {"string": "text", "number": "epoch"}.get(asked.change_type, "iso")  # type: ignore[assignment]
        keyset = start(asked.change_field, way, watermark, self.config.overlap_s, resume)
        return ByChange(self.around.http, pull.url, pull.changed, keyset, self.config.page_size).batches()


class _Pull:
    """The questions to one entity set."""

    def __init__(self, connector: ODataConnector, asked: ODataStream) -> None:
        self.config: ODataConfig = connector.config
        self.http = connector.around.http
        self.auth = self.config.auth.make(connector)
        self.asked = asked
        self.url = self.config.service_url.rstrip("/") + "/" + asked.entity_set

    def changed(self, since: str | None, skip: int) -> list[Record]:
        """What changed since, one page of ours. Where the service cuts it smaller, its links are followed."""
        field = self.asked.change_field or ""
        params = self._params(since)
        params["$orderby"] = ",".join([field, *(one for one in self.asked.key if one != field)])
        if skip:
            params["$skip"] = skip
        records, link = self._page(self.url, params)
        links = Links({"link": None})
        while link and len(records) < self.config.page_size:
            links.check(self.url, {"link": link})
            more, link = self._page(link, {})
            records += more
        return records

    def whole(self, resume: dict[str, Any] | None) -> Iterator[Batch]:
        """The whole entity set: by the service's links, or by $skip where it gives none."""
        skip, link = (resume["skip"], resume["link"]) if resume else (0, None)
        seen, links, empty = Seen(), Links({"link": link}), 0
        while True:
            records, following, fresh = self._fresh(skip, link, seen)
            if following:
                links.check(self.url, {"link": following})
            empty = 0 if records else empty + 1
            linked = link is not None
            link, skip = following, skip + len(records)
            ends = following is None and (linked or empty >= 2 or bool(records and not fresh))
            if not records and not linked and not ends and following is None:
                skip += self.config.page_size  # one empty page may be a gap; two are the end
            if fresh or ends:
                yield Batch(fresh, None, None if ends else {"skip": skip, "link": link})
            if ends:
                return

    def _fresh(self, skip: int, link: str | None, seen: Seen) -> tuple[list[Record], str | None, list[Record]]:
        for attempt in range(1, _TRIES + 1):
            if link:
                records, following = self._page(link, {})
            else:
                params = self._params(None)
                if self.asked.key:
                    params["$orderby"] = ",".join(self.asked.key)
                records, following = self._page(self.url, params | ({"$skip": skip} if skip else {}))
            fresh = seen.fresh(records)
            if fresh or not records or (len(records) < self.config.page_size and following is None and skip):
                return records, following, fresh
            if attempt < _TRIES:
                self.http.breathe(self.url, "answered a page that came before", attempt)
        raise ConnectorFailed(
            "page_repeated", f"{self.url} gives the same page again and again: it does not know $skip. "
            "Give the stream a change_field.",
        )  # fmt: skip

    def _params(self, since: str | None) -> dict[str, Any]:
        asked = self.asked
        wanted = [f"({asked.filter})"] if asked.filter else []
        if since is not None and asked.change_field:
            wanted.append(f"{asked.change_field} ge {self._literal(since)}")
        params: dict[str, Any] = {"$top": self.config.page_size}
        if self.config.version == "v2":
            params["$format"] = "json"
        if wanted:
            params["$filter"] = " and ".join(wanted)
        if asked.select:
            params["$select"] = ",".join(asked.select)
        if asked.expand:
            params["$expand"] = ",".join(asked.expand)
        return params

    def _literal(self, since: str) -> str:
        kind = self.asked.change_type
        if kind == "number":
            return since
        if kind == "string":
            return "'" + since.replace("'", "''") + "'"
        if self.config.version == "v4":
            return since[:10] if kind == "date" else since
        if kind == "datetimeoffset":
            return f"datetimeoffset'{since}'"
        return f"datetime'{since if 'T' in since else since + 'T00:00:00'}'"

    def _page(self, url: str, params: dict[str, Any]) -> tuple[list[Record], str | None]:
        extra: dict[str, Any] = {"sap-client": self.config.sap_client} if self.config.sap_client else {}
        if "sap-client=" in url:
            extra = {}
        headers = {"Prefer": f"odata.maxpagesize={self.config.page_size}"} if self.config.version == "v4" else {}
        answer = self.http.json("GET", url, params={**params, **extra}, auth=self.auth, headers=headers)
        body = answer.data
        if self.config.version == "v2":
            inner = dig(body, "d")
            records = inner.get("results") if isinstance(inner, dict) else inner
            link = inner.get("__next") if isinstance(inner, dict) else None
        else:
            records, link = dig(body, "value"), dig(body, "@odata.nextLink")
        if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
            raise self.http.failed(
                "unexpected_answer", url, f"answered no OData {self.config.version} list of records; is it the other "
                "version?",
            )  # fmt: skip
        return [tidy(one) for one in records], same_origin(answer.url, link) if isinstance(link, str) and link else None


def tidy(record: Record) -> Record:
    """A record without the protocol's own members; dates as ISO, expanded lines as plain lists."""
    return {
        name: _value(value)
        for name, value in record.items()
        if name != "__metadata" and "@odata." not in name and not _deferred(value)
    }


def _deferred(value: Any) -> bool:
    return isinstance(value, dict) and "__deferred" in value


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [tidy(one) if isinstance(one, dict) else _value(one) for one in value]
    if isinstance(value, dict):
        lines = value.get("results")
        return _value(lines) if isinstance(lines, list) else tidy(value)
    return value


def _text(value: str) -> str:
    """/Date(ms)/ as ISO: with Z where the value is an instant, without a zone where it is a plant's own time, and
    without a time of day at midnight of such. PT11H30M00S as 11:30:00."""
    if found := _MS_DATE.fullmatch(value):
        try:
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(found.group(1)))
        except OverflowError:
            return value
        if found.group(2) is not None:
            return moment.isoformat().replace("+00:00", "Z")
        plain = moment.replace(tzinfo=None).isoformat()
        return plain.removesuffix("T00:00:00")
    if value.startswith("PT") and len(value) > 2 and (found := _DURATION.fullmatch(value)):
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return f"{hours:02}:{minutes:02}:{seconds:02}"
    return value
