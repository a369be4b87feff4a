"""The ways in which APIs cut their answers into pages."""
# ruff: noqa: ARG002 - every pager is asked in the same words

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from opscopilot.staging.connectors.base import ConnectorFailed
from opscopilot.staging.connectors.http import Answer, same_origin
from opscopilot.staging.connectors.paging import dig

Param = Annotated[str, Field(pattern=r"^[^\s?&#=]{1,60}$")]
Size = Annotated[int, Field(ge=1, le=10_000)]
State = dict[str, Any]
_LINK = re.compile(r"<([^>]*)>([^<]*)")
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,]+))', re.IGNORECASE)


class Pager(BaseModel):
    """The base: one page, or a way that names its next page itself (`says_the_end`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    def says_the_end(self) -> bool:
        """Whether answers say that there is nothing more; otherwise empty pages do."""
        return True

    def first(self) -> State:
        """Where to begin."""
        return {}

    def question(self, url: str, state: State) -> tuple[str, dict[str, Any]]:
        """Address and parameters of the page at `state`."""
        return url, {}

    def following(self, state: State, answer: Answer, count: int) -> State | None:
        """The next place; None at the end."""
        return None

    def is_last(self, state: State, answer: Answer, count: int) -> bool:
        """Whether a page that brings nothing new is nevertheless no sign of trouble."""
        return True


class NoPages(Pager):
    """Everything in one answer."""

    kind: Literal["none"] = "none"


class _Counted(Pager):
    total: str | None = Field(default=None, description="Dotted path to the count of all records, if there is one.")

    @property
    def says_the_end(self) -> bool:
        return False

    def _reached(self, answer: Answer, done: int) -> bool:
        """Only ever used to forgive a repeated last page: counts change while one reads."""
        said = str(dig(answer.data, self.total)) if self.total else ""
        return said.isdigit() and done >= int(said)


class ByPage(_Counted):
    """Pages by number."""

    kind: Literal["page"]
    page_param: Param = "page"
    size_param: Param | None = "per_page"
    size: Size = 100
    first_page: int = Field(default=1, ge=0, le=1)

    def first(self) -> State:
        return {"page": self.first_page, "done": 0}

    def question(self, url: str, state: State) -> tuple[str, dict[str, Any]]:
        sized = {self.size_param: self.size} if self.size_param else {}
        return url, {self.page_param: state["page"], **sized}

    def following(self, state: State, answer: Answer, count: int) -> State | None:
        return {"page": state["page"] + 1, "done": state["done"] + count}

    def is_last(self, state: State, answer: Answer, count: int) -> bool:
        return state["page"] > self.first_page and (count < self.size or self._reached(answer, state["done"]))


class ByOffset(_Counted):
    """Pages by the number of records to leave out."""

    kind: Literal["offset"]
    offset_param: Param = "offset"
    limit_param: Param = "limit"
    size: Size = 100

    def first(self) -> State:
        return {"offset": 0}

    def question(self, url: str, state: State) -> tuple[str, dict[str, Any]]:
        return url, {self.offset_param: state["offset"], self.limit_param: self.size}

    def following(self, state: State, answer: Answer, count: int) -> State | None:
        return {"offset": state["offset"] + (count or self.size)}

    def is_last(self, state: State, answer: Answer, count: int) -> bool:
        return state["offset"] > 0 and (count < self.size or self._reached(answer, state["offset"]))


class ByCursor(Pager):
    """The answer holds a token that is sent with the next question."""

    kind: Literal["cursor"]
    cursor_param: Param = "cursor"
    cursor: str = Field(default="next_cursor", description="Dotted path to the token.")
    more: str | None = Field(default=None, description="Dotted path to a yes or no: whether there is more.")
    size_param: Param | None = None
    size: Size = 100

    def question(self, url: str, state: State) -> tuple[str, dict[str, Any]]:
        sized = {self.size_param: self.size} if self.size_param else {}
        return url, {**sized, **({self.cursor_param: state["cursor"]} if state else {})}

    def following(self, state: State, answer: Answer, count: int) -> State | None:
        found = dig(answer.data, self.cursor)
        if found in (None, "", False) or (self.more and dig(answer.data, self.more) is False):
            return None
        return {"cursor": found}

    def is_last(self, state: State, answer: Answer, count: int) -> bool:
        return self.following(state, answer, count) is None


class _Linked(Pager):
    size_param: Param | None = None
    size: Size = 100

    def question(self, url: str, state: State) -> tuple[str, dict[str, Any]]:
        if state:
            return same_origin(url, state["link"]), {}
        return url, {self.size_param: self.size} if self.size_param else {}

    def is_last(self, state: State, answer: Answer, count: int) -> bool:
        return self.following(state, answer, count) is None


class NextLink(_Linked):
    """The answer holds the address of the next page."""

    kind: Literal["next_link"]
    link: str = Field(default="next", description="Dotted path to the address.")

    def following(self, state: State, answer: Answer, count: int) -> State | None:
        found = dig(answer.data, self.link)
        return {"link": same_origin(answer.url, found)} if isinstance(found, str) and found else None


class LinkHeader(_Linked):
    """The Link header names the next page (RFC 8288), as GitHub and Shopify do."""

    kind: Literal["link_header", "shopify"]

    def following(self, state: State, answer: Answer, count: int) -> State | None:
        for target, rest in _LINK.findall(", ".join(answer.headers.get_list("link"))):
            rels = " ".join(one or other for one, other in _REL.findall(rest)).lower().split()
            if "next" in rels and target:
                return {"link": same_origin(answer.url, target)}
        return None


AnyPager = Annotated[NoPages | ByPage | ByOffset | ByCursor | NextLink | LinkHeader, Field(discriminator="kind")]


class Links:
    """Notices a next page that was there before: a circle would never end."""

    def __init__(self, start: State) -> None:
        self._met = {repr(start)}

    def check(self, url: str, following: State) -> None:
        """Remember where we go next; ConnectorFailed when we have been there."""
        if repr(following) in self._met:
            raise ConnectorFailed(
                "page_loop", f"{urlsplit(url).hostname}{urlsplit(url).path} names a page as the next one that was "
                "read already: its pages go round in a circle. Nothing was lost; ask the system's owner.",
            )  # fmt: skip
        self._met.add(repr(following))
