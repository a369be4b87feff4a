"""`/notify/act/{token}`: the only route under `/api/v1` that acts without a token of the identity provider."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse

from opscopilot.kernel.errors import Conflict
from opscopilot.notifications.links import acting, page, wording
from opscopilot.notifications.links.acting import Found
from opscopilot.notifications.links.keys import NoLinkKey
from opscopilot.notifications.links.signing import Link, NotALink, Signer
from opscopilot.notifications.links.snoozing import Snooze
from opscopilot.web import Services, raw_body
from opscopilot.web.caller import services
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


def add(routes: APIRouter, signer: Signer | None) -> None:
    """`signer` None: this installation has no key for links, and every link answers 404."""

    @routes.get("/act/{token}", summary="The page of a link in a message; shows, never acts",
                response_class=HTMLResponse, responses=_PAGES)  # fmt: skip
    def show(token: _Token, found: _Services, request: Request) -> HTMLResponse:
        return _guarded(request, lambda: _show(signer, token, found))

    @routes.post("/act/{token}", summary="Acknowledge or snooze by the link in a message, once",
                 response_class=HTMLResponse, responses=_PAGES)  # fmt: skip
    def act(token: _Token, found: _Services, request: Request,
            body: Annotated[bytes, Depends(raw_body)]) -> HTMLResponse:  # fmt: skip
        return _guarded(request, lambda: _act(signer, token, found, body))


def _show(signer: Signer | None, token: str, outside: Services) -> HTMLResponse:
    link, now = _read(signer, token), outside.clock.now()
    if link.expired(now):
        return _refusal(wording.EXPIRED)
    with outside.db.tenant(link.tenant_id) as tx:
        found = acting.look(tx, link)
    if found.state != "ready":
        return _over(found)
    return _html(200, page.asking(found, link.action, now))


def _act(signer: Signer | None, token: str, outside: Services, body: bytes) -> HTMLResponse:
    link, now = _read(signer, token), outside.clock.now()
    if link.expired(now):
        return _refusal(wording.EXPIRED)
    given = _form(body)
    if given is None:
        return _refusal(wording.UNREADABLE)
    note, choice = given
    try:
        with outside.db.tenant(link.tenant_id) as tx:
            found = acting.use(tx, link, now, note, choice)
    except Conflict:  # the alert ended between looking and acting; the use of the link went back with the transaction
        with outside.db.tenant(link.tenant_id) as tx:
            found = acting.look(tx, link)
    if found.state != "done":
        return _over(found)
    log.info("a link was used", extra={"tenant_id": str(link.tenant_id), "alert_id": str(link.alert_id),
                                       "user_id": link.user_id, "action": link.action})  # fmt: skip
    return _html(200, page.done(found, link.action, now))


def _read(signer: Signer | None, token: str) -> Link:
    if signer is None:
        raise NotALink
    return signer.read(token)


def _form(body: bytes) -> tuple[str | None, Snooze] | None:
    """Note and choice out of the page's form; None for what that form cannot have sent."""
    try:
        fields = parse_qs(body.decode(), max_num_fields=10) if len(body) <= MAX_BODY else None
    except ValueError:
        fields = None
    if fields is None:
        return None
    note = fields.get("note", [""])[0].replace("\r\n", "\n").replace("\0", "").strip()
    choice = next((one for one in _CHOICES if one == fields.get("until", ["1h"])[0]), None)
    return None if choice is None or len(note) > page.MAX_NOTE else (note or None, choice)


def _guarded(request: Request, answer: Callable[[], HTMLResponse]) -> HTMLResponse:
    """Whoever opens a link sees a page, whatever happens: a problem document helps nobody on a telephone."""
    try:
        return answer()
    except NotALink:
        return _refusal(wording.INVALID)
    except NoLinkKey:
        log.exception("links cannot be read")
        return _refusal(wording.UNAVAILABLE)
    except Exception as error:
        meant = from_exception(error)
        log.exception("a link failed", extra={"correlation_id": request.state.correlation_id, "code": meant.code})
        _, title, said = wording.UNAVAILABLE
        return _refusal((meant.status if meant.status in (409, 503) else 500, title, said))


def _over(found: Found) -> HTMLResponse:
    seen = found if found.state in ("used", "closed") else None
    status, title, said = wording.refusal(found)
    return _html(status, page.refused(title, said, seen))


def _refusal(what: tuple[int, str, str]) -> HTMLResponse:
    status, title, said = what
    return _html(status, page.refused(title, said))


def _html(status: int, text: str) -> HTMLResponse:
    return HTMLResponse(text, status, headers=page.HEADERS)
