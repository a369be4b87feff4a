"""The words of the links' page: every language says everything, with the same values in its sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from opscopilot.notifications.links.offering import LABELS
from opscopilot.notifications.links.wording import STATUSES, Words, _shipped, languages
from opscopilot.notifications.wording.shipped import common


def sentences(words: dict[str, Any], path: str = "") -> Iterator[tuple[str, frozenset[str]]]:
    for name, value in words.items():
        if isinstance(value, dict):
            yield from sentences(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", frozenset(re.findall(r"\{(\w+)\}", value))


def test_every_language_says_the_same_things_with_the_same_values() -> None:
    english, *others = (dict(sentences(words)) for words in _shipped().values())
    assert others
    for other in others:
        assert other == english


@pytest.mark.parametrize("locale", ["en", "de"])
def test_the_button_on_the_page_says_what_the_button_in_the_message_said(locale: str) -> None:
    for action, label in LABELS.items():
        assert Words.of(locale).button(action, "button") == common(locale)["links"].get(label, label)


def test_every_trouble_has_a_title_and_a_status() -> None:
    assert set(Words.of("en").words["titles"]) == set(STATUSES)


@pytest.mark.parametrize(("accepted", "locale"), [
    ("de-DE,de;q=0.9,en;q=0.8", "de"), ("fr,de;q=0.5", "de"), ("fr-FR", "en"), (None, "en"), ("", "en"), ("*", "en"),
    ("," * 5000, "en"),
])  # fmt: skip
def test_a_browsers_language_is_used_where_we_have_it(accepted: str | None, locale: str) -> None:
    assert Words.of(*languages(accepted)).locale == locale
