"""Every template there is, shipped and own, and one of them whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.pagination import Page, decode_cursor, encode_cursor
from opscopilot.notifications.channels import Kinds
from opscopilot.notifications.wording import versions
from opscopilot.notifications.wording.model import CODES, SHIPPED_LOCALES, Wording
from opscopilot.notifications.wording.samples import known_variables
from opscopilot.notifications.wording.schemas import Source, Template, TemplateInUse
from opscopilot.notifications.wording.shipped import shipped
from opscopilot.notifications.wording.versions import Key


def templates(
    tx: Tx, kinds: Kinds, asked: dict[str, str | None], now: datetime, cursor: str | None, limit: int
) -> Page[TemplateInUse]:
    """A page in order of code, channel and locale; `asked` may name any of these."""
    own, failed = versions.summary(tx), versions.failures(tx, now)
    channels = [name for name, kind in kinds.items() if kind.for_people]
    keys = {Key(code, channel, locale) for code in CODES for channel in channels for locale in SHIPPED_LOCALES}
    wanted = sorted(
        key for key in keys | own.keys()
        if all(value is None or getattr(key, name) == value for name, value in asked.items())
    )  # fmt: skip
    after = tuple(str(part) for part in decode_cursor(cursor, 3)) if cursor else ("", "", "")
    following = [key for key in wanted if key > after]
    shown = following[:limit]
    return Page(
        items=[TemplateInUse(**_state(key, own.get(key), failed)) for key in shown], total=len(wanted),
        next_cursor=encode_cursor(list(shown[-1])) if len(following) > limit else None,
    )  # fmt: skip


def template(tx: Tx, key: Key, version: int | None, now: datetime) -> Template:
    """One template with its source: of `version`, else what is in use; NotFound for a version never saved."""
    state = _state(key, versions.summary(tx).get(key), versions.failures(tx, now))
    named = version or state["version"]
    standard = shipped(*key)
    in_use = versions.source(tx, key, named) if named else standard
    return Template(
        **state, source=as_source(in_use), shipped_source=as_source(standard), saved=versions.saved(tx, key),
        variables=list(known_variables(key.code)),
    )  # fmt: skip


def as_source(wording: Wording) -> Source:
    """As the API shows it."""
    return Source(subject=wording.subject, body=wording.body, body_html=wording.body_html)


def _state(key: Key, own: Row | None, failed: Mapping[str, Row]) -> Row:
    version = own["version"] if own else None
    failure = failed.get("/".join(key))
    return {
        **key._asdict(), "in_use": "own" if version else "shipped", "version": version,
        "shipped": key.locale in SHIPPED_LOCALES, "versions": own["versions"] if own else 0,
        "updated_at": own["updated_at"] if own else None, "failures": failure["failures"] if failure else 0,
        "last_failure": failure["last_failure"] if failure else None,
    }  # fmt: skip
