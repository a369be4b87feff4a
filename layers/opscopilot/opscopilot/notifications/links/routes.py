"""`/notify/act/{token}`: the only route under `/api/v1` that acts without a token of the identity provider."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse

from opscopilot.kernel.errors import Conflict
from opscopilot.notifications.links import acting, page
from opscopilot.notifications.links.acting import Found
from opscopilot.notifications.links.keys import NoLinkKey
from opscopilot.notifications.links.signing import Link, NotALink, Signer
from opscopilot.notifications.links.snoozing import Snooze
from opscopilot.notifications.links.wording import STATUSES, TROUBLES, Trouble, Words, languages
from opscopilot.web import Services, raw_body
from opscopilot.web.caller import services
from opscopilot.web.params import ANY_PARAMETERS
from opscopilot.web.problems import from_exception

log = logging.getLogger(__name__)
MAX_BODY = 16_384
_CHOICES: tuple[Snooze, ...] = Snooze.__args__  # type: ignore[attr-defined]
_Token = Annotated[str, Path(description="The link's own token.")]
_Services = Annotated[Services, Depends(services)]
_PAGES: dict[int | str, dict[str, Any]] = {status: {"description": said, "content": {"text/html": {}}} for status, said in (
    (200, "The page."), (403, "This person may not act (any more)."), (404, "Not one of our links."),
    (409, "Used already, or the alert is over."), (410, "Expired."), (422, "The form is not the page's own."),
    (503, "Not now; nothing was changed."),
)}  # fmt: skip

_FOR_BROWSERS = {ANY_PARAMETERS: True}


def add(routes: APIRouter, signer: Signer | None) -> None:
    """`signer` None: this installation has no key for links, and every link answers 404."""

    @routes.get("/act/{token}", summary="The page of a link in a message; shows, never acts",
                response_class=HTMLResponse, responses=_PAGES, openapi_extra=_FOR_BROWSERS)  # fmt: skip
    def show(token: _Token, found: _Services, request: Request) -> HTMLResponse:
        return _guarded(request, lambda: _show(signer, token, found))

    @routes.post("/act/{token}", summary="Acknowledge or snooze by the link in a message, once",
                 response_class=HTMLResponse, responses=_PAGES, openapi_extra=_FOR_BROWSERS)  # fmt: skip
    def act(token: _Token, found: _Services, request: Request,
            body: Annotated[bytes, Depends(raw_body)]) -> HTMLResponse:  # fmt: skip
        return _guarded(request, lambda: _act(signer, token, found, body))


class _Refused(Exception):
    """Nothing was done. `found` where the link is ours and its reader may see the alert."""

    def __init__(self, what: Trouble, found: Found | None = None) -> None:
        super().__init__(what)
        self.what: Trouble = what
        self.found = found


def _show(signer: Signer | None, token: str, outside: Services) -> HTMLResponse:
    link, now = _read(signer, token, outside), outside.clock.now()
    with outside.db.tenant(link.tenant_id) as tx:
        found = acting.look(tx, link)
    if found.state != "ready":
        raise _Refused(TROUBLES[found.state], found)
    return _html(200, page.asking(_words(found), found, link.action, now))


def _act(signer: Signer | None, token: str, outside: Services, body: bytes) -> HTMLResponse:
    link, now = _read(signer, token, outside), outside.clock.now()
    note, choice = _form(body)
    try:
        with outside.db.tenant(link.tenant_id) as tx:
            found = acting.use(tx, link, now, note, choice)
    except Conflict:  # the alert ended between looking and acting; the use of the link went back with the transaction
        with outside.db.tenant(link.tenant_id) as tx:
            found = acting.look(tx, link)
    if found.state != "done":
        raise _Refused(TROUBLES.get(found.state, "unavailable"), found)
    log.info("a link was used", extra={"tenant_id": str(link.tenant_id), "alert_id": str(link.alert_id),
                                       "user_id": link.user_id, "action": link.action})  # fmt: skip
    return _html(200, page.done(_words(found), found, link.action, now))


def _read(signer: Signer | None, token: str, outside: Services) -> Link:
    if signer is None:
        raise NotALink
    link = signer.read(token)
    if link.expired(outside.clock.now()):
        raise _Refused("expired")
    return link


def _form(body: bytes) -> tuple[str | None, Snooze]:
    """Note and choice out of the page's form; refused is what that form cannot have sent."""
    try:
        fields = parse_qs(body.decode(), max_num_fields=10) if len(body) <= MAX_BODY else None
    except ValueError:
        fields = None
    given = fields or {}
    note = given.get("note", [""])[0].replace("\r\n", "\n").replace("\0", "").strip()
    choice = next((one for one in _CHOICES if one == given.get("until", ["1h"])[0]), None)
    if fields is None or choice is None or len(note) > page.MAX_NOTE:
        raise _Refused("unreadable")
    return note or None, choice


def _guarded(request: Request, answer: Callable[[], HTMLResponse]) -> HTMLResponse:
    """Whoever opens a link sees a page, whatever happens: a problem document helps nobody on a telephone."""
    status = None
    try:
        return answer()
    except NotALink:
        refusal = _Refused("unknown")
    except _Refused as error:
        refusal = error
    except NoLinkKey:
        log.exception("links cannot be read")
        refusal = _Refused("unavailable")
    except Exception as error:
        meant = from_exception(error)
        log.exception("a link failed", extra={"correlation_id": request.state.correlation_id, "code": meant.code})
        refusal, status = _Refused("unavailable"), 503 if meant.status == 503 else 500
    found = refusal.found if refusal.found is not None and refusal.found.row else None
    words = _words(found) if found else Words.of(*languages(request.headers.get("accept-language")))
    return _html(status or STATUSES[refusal.what], page.refused(words, refusal.what, found))


def _words(found: Found) -> Words:
    return Words.of(found.row["locale"], found.row["language"])


def _html(status: int, text: str) -> HTMLResponse:
    return HTMLResponse(text, status, headers=page.HEADERS)
