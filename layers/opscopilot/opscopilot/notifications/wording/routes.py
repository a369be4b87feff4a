"""`/notify/templates`: what messages say, and how to let them say it your way."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from opscopilot.kernel.pagination import Page
from opscopilot.notifications.access import Raiser
from opscopilot.notifications.channels import Kinds
from opscopilot.notifications.wording import listing, versions
from opscopilot.notifications.wording import preview as previews
from opscopilot.notifications.wording.model import CODES, Wording
from opscopilot.notifications.wording.schemas import (
    Activation,
    Preview,
    PreviewRequest,
    Template,
    TemplateChange,
    TemplateInUse,
)
from opscopilot.notifications.wording.versions import checked_key
from opscopilot.web import CurrentCaller, PageQuery

CodeParam = Annotated[str, Path(max_length=40, description=f"One of {', '.join(CODES)}.", examples=["stockout_risk"])]
ChannelParam = Annotated[str, Path(max_length=20, description="A channel that people read.", examples=["email"])]
LocaleParam = Annotated[str, Path(pattern=r"^[a-z]{2}$", description="A language, ISO 639-1.", examples=["en"])]
_ONE = "/templates/{code}/{channel}/{locale}"


def add(routes: APIRouter, kinds: Kinds) -> None:
    """The routes. Everybody may read and preview; who may raise alerts may also say how they are worded."""
    _reading(routes, kinds)
    _changing(routes, kinds)


def _reading(routes: APIRouter, kinds: Kinds) -> None:
    @routes.get("/templates", summary="Every template: kind of message, channel, language, and which is in use")
    def list_templates(
        caller: CurrentCaller,
        page: PageQuery,
        code: Annotated[str | None, Query(max_length=40, examples=["stockout_risk"])] = None,
        channel: Annotated[str | None, Query(max_length=20, examples=["email"])] = None,
        locale: Annotated[str | None, Query(pattern=r"^[a-z]{2}$", examples=["de"])] = None,
    ) -> Page[TemplateInUse]:
        asked = {"code": code, "channel": channel, "locale": locale}
        return listing.templates(caller.tx, kinds, asked, caller.clock.now(), page.cursor, page.limit)

    @routes.get(_ONE, summary="A template's source, its versions, and what it may say")
    def read_template(
        code: CodeParam,
        channel: ChannelParam,
        locale: LocaleParam,
        caller: CurrentCaller,
        version: Annotated[
            int | None, Query(ge=1, lt=2**31, description="A saved version; else what is in use.")
        ] = None,
    ) -> Template:
        return listing.template(caller.tx, checked_key(kinds, code, channel, locale), version, caller.clock.now())

    @routes.post("/templates/preview", summary="A message as it would leave, without sending it")
    def preview(body: PreviewRequest, caller: CurrentCaller) -> Preview:
        key = checked_key(kinds, body.code, body.channel, body.locale)
        return previews.preview(caller.tx, key, body, caller.plant, caller.clock.now())


def _changing(routes: APIRouter, kinds: Kinds) -> None:
    @routes.post(_ONE, status_code=201, summary="Save a new version of your own; a bad one is refused with its line")
    def save_template(
        code: CodeParam, channel: ChannelParam, locale: LocaleParam, body: TemplateChange, caller: Raiser
    ) -> Template:
        key = checked_key(kinds, code, channel, locale)
        wording = Wording(body.subject, body.body, body.body_html)
        versions.refuse_bad(key, wording)
        by = caller.principal.user_id
        version = versions.save(caller.tx, key, wording, body.note, by, activate=body.activate)
        return listing.template(caller.tx, key, version, caller.clock.now())

    @routes.post(f"{_ONE}/activate", summary="Use a saved version from now on")
    def activate_template(
        code: CodeParam, channel: ChannelParam, locale: LocaleParam, body: Activation, caller: Raiser
    ) -> Template:
        key = checked_key(kinds, code, channel, locale)
        versions.refuse_bad(key, versions.source(caller.tx, key, body.version))
        versions.use(caller.tx, key, body.version)
        return listing.template(caller.tx, key, None, caller.clock.now())

    @routes.post(f"{_ONE}/deactivate", summary="Back to the shipped wording; your versions stay")
    def deactivate_template(code: CodeParam, channel: ChannelParam, locale: LocaleParam, caller: Raiser) -> Template:
        key = checked_key(kinds, code, channel, locale)
        versions.use(caller.tx, key, None)
        return listing.template(caller.tx, key, None, caller.clock.now())
