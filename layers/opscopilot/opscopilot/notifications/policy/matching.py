"""Which alerts a silence or an escalation policy is about: every matcher that is given has to fit."""

from __future__ import annotations

from dataclasses import dataclass

from opscopilot.notifications.policy.model import Subject
from opscopilot.notifications.policy.wishes import workspaces_of


@dataclass(frozen=True, slots=True)
class Matcher:
    """What an alert must be like; what is left empty fits every alert.

    `entity_pattern`: `*` stands for any text, `?` for one character, upper and lower case are the same.
    `workspaces`: one of them is among those that the alert's type concerns.
    """

    alert_types: frozenset[str] = frozenset()
    workspaces: frozenset[str] = frozenset()
    entity_pattern: str | None = None
    place: str | None = None
    correlation_key: str | None = None

    @property
    def is_empty(self) -> bool:
        """Does it fit every alert there can be?"""
        return not (self.alert_types or self.workspaces or self.entity_pattern or self.place or self.correlation_key)

    def fits(self, subject: Subject) -> bool:
        """Is `subject` one of the alerts meant?"""
        if self.alert_types and subject.alert_type not in self.alert_types:
            return False
        if self.workspaces and not self.workspaces & workspaces_of(subject):
            return False
        if self.place is not None and not same_place(self.place, subject.place):
            return False
        if self.correlation_key is not None and self.correlation_key != subject.correlation_key:
            return False
        return self.entity_pattern is None or like(self.entity_pattern, subject.entity_code or "")


def same_place(one: str, other: str | None) -> bool:
    """Places are codes; upper and lower case are the same."""
    return other is not None and one.casefold() == other.casefold()


def like(pattern: str, text: str) -> bool:
    """Does `text` look like `pattern`? At worst the product of their lengths in steps, whoever wrote the pattern.

    After a mismatch only the last star is given one character more: what earlier stars took can stay.
    """
    pattern, text = pattern.casefold(), text.casefold()
    at = here = 0
    star, mark = -1, 0
    while here < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, mark, at = at, here, at + 1
        elif at < len(pattern) and pattern[at] in ("?", text[here]):
            at, here = at + 1, here + 1
        elif star >= 0:
            mark += 1
            at, here = star + 1, mark
        else:
            return False
    return not pattern[at:].strip("*")
