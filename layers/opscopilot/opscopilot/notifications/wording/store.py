"""Templates of a tenant: versions are added and never changed, at most one per code, channel and locale is in use."""

from __future__ import annotations

from collections.abc import Collection

from opscopilot.kernel.db import Tx
from opscopilot.notifications.wording.model import OwnTemplates, Wording


def active(
    tx: Tx, codes: Collection[str] | None = None, channel: str | None = None, locale: str | None = None
) -> OwnTemplates:
    """The tenant's own templates that are in use, in one query; None stands for all. At most a few dozen rows."""
    found = tx.rows(
        """SELECT DISTINCT ON (code, channel, locale) code, channel, locale, subject, body, body_html
           FROM notification.notification_templates
           WHERE is_active AND (CAST(:codes AS text[]) IS NULL OR code = ANY(CAST(:codes AS text[])))
               AND (CAST(:channel AS text) IS NULL OR channel = :channel)
               AND (CAST(:locale AS text) IS NULL OR locale = :locale)
           ORDER BY code, channel, locale, version DESC""",
        codes=None if codes is None else list(codes), channel=channel, locale=locale,
    )  # fmt: skip
    return OwnTemplates({
        (row["code"], row["channel"], row["locale"]): Wording(row["subject"], row["body"], row["body_html"])
        for row in found
    })  # fmt: skip
