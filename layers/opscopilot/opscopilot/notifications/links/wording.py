"""What the page of a link says, in its reader's language. The sentences are in `words.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

from opscopilot.notifications.links.acting import Found, State
from opscopilot.notifications.links.signing import LIFETIME, LinkAction
from opscopilot.notifications.links.snoozing import Snooze
from opscopilot.notifications.wording.formats import Formats, formats
from opscopilot.notifications.wording.shipped import common

Trouble = Literal["unknown", "expired", "used", "closed", "suspended", "may_not", "unreadable", "unavailable"]
STATUSES: dict[Trouble, int] = {
    "unknown": 404, "expired": 410, "used": 409, "closed": 409, "suspended": 403, "may_not": 403, "unreadable": 422,
    "unavailable": 503,
}  # fmt: skip
_HOURS = int(LIFETIME.total_seconds() // 3600)


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Any]:
    return tomllib.loads((resources.files(__package__) / "words.toml").read_text(encoding="utf-8"))


def languages(accepted: str | None) -> tuple[str, ...]:
    """What a browser asks for, for pages that know nothing of their reader: de-DE,de;q=0.9 is German."""
    return tuple(part.strip()[:2].lower() for part in (accepted or "")[:200].split(",")) or ("en",)


@dataclass(frozen=True)
class Words:
    """The words of one language."""

    locale: str
    words: dict[str, Any]

    @classmethod
    def of(cls, *wanted: str | None) -> Words:
        """In the first of these languages that there is, else in English."""
        found = next((one for one in wanted if one in _shipped()), "en")
        return cls(found, _shipped()[found])

    @property
    def how(self) -> Formats:
        """Dates and money as this language writes them."""
        return formats(self.locale)

    def say(self, name: str, **values: str) -> str:
        """A sentence with its values."""
        return str(self.words[name]).format(**values)

    def button(self, action: LinkAction, name: Literal["heading", "button", "done"]) -> str:
        """What belongs to an action."""
        return str(self.words[action][name])

    def severity(self, code: str) -> str:
        """A severity, as the messages say it."""
        return str(common(self.locale)["severities"][code])

    def choice(self, one: Snooze, until: datetime, zone: str) -> str:
        """How long, and until when that is."""
        return self.say("until", length=self.words["lengths"][one], moment=self.how.short_moment(until, zone))

    def done(self, action: LinkAction, zone: str, now: datetime, until: datetime | None) -> str:
        """What was done, and what follows from it."""
        if action == "acknowledge" or until is None:
            return self.say("acknowledged", moment=self.how.moment(now, zone))
        return self.say("snoozed", moment=self.how.moment(until, zone))

    def facts(self, found: Found) -> Iterator[tuple[str, str]]:
        """What is known about the alert in a few words: until when, how bad, where."""
        row, names = found.row, self.words["facts"]
        if row["deadline"]:
            yield names["deadline"], self.how.moment(row["deadline"], row["zone"])
        if found.money:
            yield names["money"], self.how.money(*found.money)
        if row["place"]:
            yield names["place"], row["place"]
        if row["snoozed_until"]:
            yield names["snoozed_until"], self.how.moment(row["snoozed_until"], row["zone"])
        yield names["plant"], row["plant"]

    def trouble(self, what: Trouble, found: Found | None = None) -> tuple[str, str]:
        """Title and sentence of why nothing was done."""
        return str(self.words["titles"][what]), self._reason(what, found)

    def _reason(self, what: Trouble, found: Found | None) -> str:
        row = found.row if found is not None else {}
        if what == "used":
            return str(self.words[row["used_for"]]["used"]).format(moment=self.how.moment(row["used_at"], row["zone"]))
        if what == "closed":
            name = "ended" if row["status"] == "expired" else "resolved"
            return str(self.words["reasons"][name]).format(moment=self.how.moment(row["closed_at"], row["zone"]))
        return str(self.words["reasons"][what]).format(elsewhere=self.words["elsewhere"], hours=_HOURS)


TROUBLES: dict[State, Trouble] = {
    "unknown": "unknown", "used": "used", "closed": "closed", "suspended": "suspended", "may_not": "may_not",
}  # fmt: skip
"""What stands in the way, by what a link leads to."""
