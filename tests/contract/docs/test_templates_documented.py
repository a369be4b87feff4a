"""docs/templates.md names every fact and every filter a template may use, and its example is one that is taken."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from opscopilot.notifications.wording.checking import MAX_HTML, MAX_SOURCE, MAX_TEXT, faults
from opscopilot.notifications.wording.digest import SHOWN
from opscopilot.notifications.wording.model import CODES, MORE_CODES, SHIPPED_LOCALES, Wording
from opscopilot.notifications.wording.rendering import MAX_SUBJECT
from opscopilot.notifications.wording.samples import known_variables, sample_facts
from opscopilot.notifications.wording.sandbox import FILTERS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "templates.md").read_text(encoding="utf-8")


def facts_of(heading: str) -> set[str]:
    """The names in the first column of the table under that heading."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


@pytest.mark.parametrize("code", [one for one in CODES if one != "digest"])
def test_every_fact_of_an_alert_is_explained(code: str) -> None:
    assert facts_of("Facts of an alert") == set(known_variables(code))


def test_every_fact_of_a_digest_is_explained_with_its_parts() -> None:
    assert facts_of("Facts of a digest") == {*known_variables("digest"), "alerts"}
    group = sample_facts("digest", "en", full=True)["groups"][0]
    for part in (*group, *group["alerts"][0]):
        assert f"`{part}`" in PAGE.split("## Facts of a digest")[1]


def test_every_filter_is_named_and_no_other() -> None:
    listed = PAGE.split("<!-- filters -->")[1].split("<!-- /filters -->")[0]
    assert tuple(re.findall(r"`(\w+)`", listed)) == FILTERS


def test_the_example_is_a_good_template() -> None:
    (example,) = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
    assert (
        faults("stockout_risk", "email", "en", Wording(example["subject"], example["body"], example["body_html"])) == []
    )


def test_limits_and_kinds_are_the_ones_in_force() -> None:
    for limit in (*MAX_SOURCE.values(), MAX_TEXT, MAX_HTML, MAX_SUBJECT):
        assert f"{limit:,}" in PAGE
    assert all(f"`{code}`" in PAGE for code in MORE_CODES)
    assert (SHIPPED_LOCALES, SHOWN) == (("en", "de"), 10)
