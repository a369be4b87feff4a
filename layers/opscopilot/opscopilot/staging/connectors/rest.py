"""Any JSON API: where its records are, how its pages follow each other, and how it is asked for what changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue

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
from opscopilot.staging.connectors.http import Answer
from opscopilot.staging.connectors.keyset import missing
from opscopilot.staging.connectors.moments import Format
from opscopilot.staging.connectors.paging import Record, Seen, dig, fingerprint
from opscopilot.staging.connectors.rest_pages import AnyPager, Links, NoPages

_TRIES = 3
_EMPTY_AT_END = 2  # one empty page may be a gap; two are the end
_EDGE = 5_000  # fingerprints kept of the records of the watermark's own moment
_EMPTY_AT_MOST = 20  # empty pages that still name a next one
Name = Annotated[str, Field(pattern=r"^[^\s?&#]{1,100}$")]


class Incremental(BaseModel):
    """How the API is asked for what changed: `param` gets the watermark, `field` says a record's own.

    `value` is how the parameter is written; `{since}` stands for the watermark, for example `gte:{since}`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str = Field(max_length=200, examples=["updated_at"])
    param: Name | None = Field(default=None, examples=["updated_since"])
    value: str = Field(default="{since}", max_length=200)
    format: Format = "iso"


class RestStream(StreamConfig):
    """One address that gives records."""

    path: str = Field(max_length=1000, examples=["/v1/orders"], description="Below base_url.")
    records: str = Field(default="", description="Dotted path to the list in the answer; empty: the answer itself.")
    params: dict[Name, str | int | bool] = Field(default={}, description="Sent with every question.")
    incremental: Incremental | None = None
    pages: AnyPager | None = Field(default=None, description="Where it differs from the connector's.")


class RestConfig(ConnectorConfig):
    """A JSON API over https."""

    base_url: str = Field(max_length=1000, examples=["https://erp.example.com/api"])
    auth: AnyAuth = NoAuth()
    headers: dict[Name, str] = Field(default={}, description="Sent with every question; no secrets.")
    pages: AnyPager = NoPages()
    streams: list[RestStream] = Field(min_length=1, max_length=100)


class RestConnector(BaseConnector):
    """Pulls from a JSON API."""

    type: ClassVar[str] = "rest"
    title: ClassVar[str] = "Any JSON API over https"
    speaks_http: ClassVar[bool] = True
    Config = RestConfig
    secret_fields: ClassVar[tuple[str, ...]] = SECRET_FIELDS

    def streams(self) -> list[Stream]:
        return [
            Stream(one.name, one.entity, one.incremental.field if one.incremental else None)
            for one in self.config.streams
        ]

    def fetch_data(self, stream: Stream, watermark: str | None, resume: dict[str, Any] | None) -> Iterator[Batch]:
        asked = next(one for one in self.config.streams if one.name == stream.name)
        return _Pull(self, asked, watermark, resume).batches()


class _Pull:
    """One stream on its way. `state` is the pager's place; with the highest moment seen it is what resumes."""

    def __init__(
        self, connector: RestConnector, asked: RestStream, watermark: str | None, resume: dict[str, Any] | None
    ) -> None:
        self.config: RestConfig = connector.config
        self.http = connector.around.http
        self.auth = self.config.auth.make(connector)
        self.asked = asked
        self.pager = asked.pages or self.config.pages
        self.url = self.config.base_url.rstrip("/") + "/" + asked.path.lstrip("/")
        self.watermark = watermark
        # Within a pull a page to go on from; between pulls only what the watermark's own moment brought already.
        inside = resume is not None and "at" in resume
        self.state: dict[str, Any] = resume["at"] if resume and inside else self.pager.first()
        self.high: str | None = resume["high"] if resume and inside else watermark
        self.edge: dict[str, None] = dict.fromkeys(resume["edge"]) if resume else {}
        self.before = frozenset(self.edge)
        self.seen = Seen()
        self.links = Links(self.state)
        self.missing = 0

    def batches(self) -> Iterator[Batch]:
        empty = 0
        while True:
            answer, records, fresh = self._page()
            self._note(fresh)
            empty = 0 if records else empty + 1
            following = self.pager.following(self.state, answer, len(records))
            ends = following is None or empty >= (_EMPTY_AT_MOST if self.pager.says_the_end else _EMPTY_AT_END)
            if records and not fresh:  # nothing but what came before, on a page that was not full
                ends = True
            if following is not None and not ends:
                self.links.check(self.url, following)
                self.state = following
            fresh = [one for one in fresh if fingerprint(one) not in self.before]
            if fresh or ends:
                warned = (missing(self.missing, self._field()),) if ends and self.missing else ()
                edge = list(self.edge)
                place = {"edge": edge} if ends else {"at": self.state, "high": self.high, "edge": edge}
                yield Batch(fresh, self.high, place, warned, lasts=ends and bool(edge), done=ends)
            if ends:
                return

    def _page(self) -> tuple[Answer, list[Record], list[Record]]:
        for attempt in range(1, _TRIES + 1):
            answer = self._ask()
            records = self._records(answer)
            fresh = self.seen.fresh(records)
            if fresh or not records or self._may_repeat(answer, len(records)):
                return answer, records, fresh
            if attempt < _TRIES:
                self.http.breathe(self.url, "answered a page that came before", attempt)
        raise ConnectorFailed(
            "page_repeated", f"{self.url.split('?')[0]} gives the same page again and again ({self.state}): the API "
            "seems not to know the paging parameters of the config, and going on would miss records. Correct `pages`, "
            "or give the path of the total count in pages.total.",
        )  # fmt: skip

    def _may_repeat(self, answer: Answer, count: int) -> bool:
        """Some systems repeat the last page for every page behind it: fine when it was the last one."""
        return self.pager.is_last(self.state, answer, count)

    def _ask(self) -> Answer:
        url, params = self.pager.question(self.url, self.state)
        whole = {**self.asked.params, **self._since(), **params} if url == self.url else params
        return self.http.json("GET", url, params=whole, auth=self.auth, headers=self.config.headers)

    def _since(self) -> dict[str, str]:
        rule = self.asked.incremental
        if rule is None or rule.param is None or self.watermark is None:
            return {}
        since = moments.minus(self.watermark, rule.format, self.config.overlap_s)
        return {rule.param: rule.value.replace("{since}", since)}

    def _records(self, answer: Answer) -> list[Record]:
        found: JsonValue = dig(answer.data, self.asked.records)
        if found is None and self.asked.records and isinstance(answer.data, dict) and not answer.data.get("error"):
            parent = dig(answer.data, self.asked.records.rpartition(".")[0])
            found = [] if isinstance(parent, dict) and self.asked.records.rpartition(".")[2] in parent else None
        if isinstance(found, dict) and not self.asked.records:
            lists = [name for name, value in found.items() if isinstance(value, list)]
            known = f" Lists are at: {', '.join(lists)}." if lists else ""
            raise self._wrong(f"an object where the list of records should be; say where it is in `records`.{known}")
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self._wrong(f"no list of records at '{self.asked.records}'")
        return found  # type: ignore[return-value]

    def _wrong(self, what: str) -> ConnectorFailed:
        return self.http.failed("unexpected_answer", self.url, f"answered {what}")

    def _note(self, fresh: list[Record]) -> None:
        rule = self.asked.incremental
        for record in fresh if rule else ():
            value = dig(record, rule.field) if rule else None
            moment = moments.key(value, rule.format) if rule else None
            if rule is None or moment is None:
                self.missing += 1
            elif self.high is None or moment > (moments.key(self.high, rule.format) or moment):
                self.high, self.edge = str(value), {fingerprint(record): None}
            elif moment == moments.key(self.high, rule.format) and len(self.edge) < _EDGE:
                self.edge[fingerprint(record)] = None

    def _field(self) -> str:
        return self.asked.incremental.field if self.asked.incremental else ""
