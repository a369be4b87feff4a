"""Every setting of a function is on the function's page, and no page speaks of one that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opscopilot.kernel import settings

DOCS = Path(__file__).resolve().parents[3] / "docs" / "functions"
MODELS: dict[str, type[settings.FunctionSettings]] = {
    "ingest": settings.IngestSettings, "normalize": settings.NormalizeSettings, "forecast": settings.ForecastSettings,
    "notify": settings.NotifySettings, "copilot": settings.CopilotSettings, "migrate": settings.MigrateSettings,
}  # fmt: skip
SHARED = set(settings.FunctionSettings.model_fields)
EVERY = pytest.mark.parametrize("function", MODELS)
ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]+)` \| (yes|no) \| (.+?) \| (.+) \|$", re.MULTILINE)


def table(page: str) -> dict[str, tuple[bool, str]]:
    """Variable → (required, default) of the settings table of a page."""
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    return {name: (required == "yes", default.strip("`")) for name, required, default, _ in ROW.findall(text)}


@EVERY
def test_every_setting_of_a_function_is_on_its_page(function: str) -> None:
    own = {name.upper() for name in MODELS[function].model_fields if name not in SHARED}
    assert set(table(function)) == own


def test_what_all_functions_read_is_on_the_common_page() -> None:
    assert set(table("README")) == {name.upper() for name in SHARED} | {"POWERTOOLS_SERVICE_NAME"}


@EVERY
def test_the_page_says_what_is_required_and_what_the_default_is(function: str) -> None:
    documented = table(function) | table("README")
    for name, field in MODELS[function].model_fields.items():
        required, default = documented[name.upper()]
        assert required == field.is_required(), name
        if not required:
            assert default == ("–" if field.default in (None, "") else str(field.default)), name


@EVERY
def test_every_page_links_to_the_common_settings(function: str) -> None:
    assert "](README.md#settings-of-every-function)" in (DOCS / f"{function}.md").read_text(encoding="utf-8")
