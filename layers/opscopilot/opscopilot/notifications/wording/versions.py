"""A tenant's own templates: which are there, a new one, which is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import NamedTuple

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import NotFound, ValidationFailed
from opscopilot.notifications.channels import Kinds, known
from opscopilot.notifications.wording.checking import Fault, faults
from opscopilot.notifications.wording.model import CODES, Wording
from opscopilot.notifications.wording.schemas import TemplateVersion

LISTED = 50
_LATELY = timedelta(days=7)


class Key(NamedTuple):
    """What there is one template for."""

    code: str
    channel: str
    locale: str


def checked_key(kinds: Kinds, code: str, channel: str, locale: str) -> Key:
    """The key; ValidationFailed for a kind of message or a channel that there is not."""
    if code not in CODES:
        raise ValidationFailed(
            f"There is no kind of message '{code}'.", field="code", value=code, expected=f"one of {', '.join(CODES)}"
        )
    if not known(kinds, code=channel).for_people:
        read = ", ".join(name for name, kind in kinds.items() if kind.for_people)
        raise ValidationFailed(
            f"A machine reads {channel}: it gets data, not words.", field="channel", value=channel,
            expected=f"one of {read}",
        )  # fmt: skip
    return Key(code, channel, locale)


def summary(tx: Tx) -> dict[Key, Row]:
    """Per key the number of own versions, the one in use and when that changed last."""
    found = tx.rows(
        """SELECT code, channel, locale, count(*) AS versions, max(updated_at) AS updated_at,
               max(version) FILTER (WHERE is_active) AS version
           FROM notification.notification_templates GROUP BY code, channel, locale"""
    )
    return {Key(row["code"], row["channel"], row["locale"]): row for row in found}


def failures(tx: Tx, now: datetime) -> dict[str, Row]:
    """Per template (`code/channel/locale`) how often it failed lately, and how it did the last time."""
    found = tx.rows(
        """SELECT split_part(template_error, ': ', 1) AS key, count(DISTINCT message_id) AS failures,
               (array_agg(template_error ORDER BY updated_at DESC))[1] AS last_failure
           FROM notification.notifications WHERE template_error IS NOT NULL AND updated_at > :since GROUP BY 1""",
        since=now - _LATELY,
    )
    return {row["key"]: row for row in found}


def saved(tx: Tx, key: Key) -> list[TemplateVersion]:
    """The latest versions, the newest first."""
    found = tx.rows(
        f"""SELECT version, note, created_at, created_by, version = max(version) FILTER (WHERE is_active) OVER () AS active
            FROM notification.notification_templates WHERE code = :code AND channel = :channel AND locale = :locale
            ORDER BY version DESC LIMIT {LISTED}""",
        **key._asdict(),
    )
    return [TemplateVersion(**{**row, "active": bool(row["active"])}) for row in found]


def source(tx: Tx, key: Key, version: int) -> Wording:
    """The source of a saved version; NotFound."""
    row = tx.one(
        """SELECT subject, body, body_html FROM notification.notification_templates
           WHERE code = :code AND channel = :channel AND locale = :locale AND version = :version""",
        **key._asdict(), version=version,
    )  # fmt: skip
    if row is None:
        raise NotFound(f"There is no version {version} of your template {'/'.join(key)}.")
    return Wording(row["subject"], row["body"], row["body_html"])


def refuse_bad(key: Key, wording: Wording) -> None:
    """ValidationFailed naming field, line and what would be right, for everything that is wrong with a template."""
    found = faults(key.code, key.channel, key.locale, wording)
    if found:
        raise refusal(found)


def refusal(found: Sequence[Fault]) -> ValidationFailed:
    """The problem that tells these faults, the first one in front."""
    first = found[0]
    where = f"{first.field}, line {first.line}" if first.line else first.field
    return ValidationFailed(
        f"{where}: {first.detail}", code="bad_template", field=first.field, value=first.value,
        expected=first.expected, errors=[asdict(one) for one in found],
    )  # fmt: skip


def save(tx: Tx, key: Key, wording: Wording, note: str | None, by: str, *, activate: bool) -> int:
    """Add a version that was checked; its number."""
    _lock(tx, key)
    row = tx.one(
        """INSERT INTO notification.notification_templates
               (tenant_id, code, channel, locale, version, subject, body, body_html, note, is_active, created_by)
           SELECT :tenant_id, :code, :channel, :locale, coalesce(max(version), 0) + 1, :subject, :body, :body_html,
               :note, false, :by
           FROM notification.notification_templates WHERE code = :code AND channel = :channel AND locale = :locale
           RETURNING version""",
        tenant_id=tx.tenant_id, **key._asdict(), subject=wording.subject, body=wording.body,
        body_html=wording.body_html, note=note, by=by,
    )  # fmt: skip
    version = int(row["version"]) if row else 0
    if activate:
        use(tx, key, version)
    return version


def use(tx: Tx, key: Key, version: int | None) -> None:
    """Let that version speak, or with None the shipped wording; NotFound for a version that was never saved."""
    _lock(tx, key)
    if version is not None:
        source(tx, key, version)
    tx.execute(
        """UPDATE notification.notification_templates SET is_active = (version IS NOT DISTINCT FROM CAST(:version AS integer)),
               updated_at = now(), row_version = row_version + 1
           WHERE code = :code AND channel = :channel AND locale = :locale
               AND is_active <> (version IS NOT DISTINCT FROM CAST(:version AS integer))""",
        **key._asdict(), version=version,
    )  # fmt: skip


def _lock(tx: Tx, key: Key) -> None:
    """One change of a template at a time: the next version and the one in use are decided by reading first."""
    tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(:name, 5))", name=":".join((str(tx.tenant_id), "template", *key))
    )
