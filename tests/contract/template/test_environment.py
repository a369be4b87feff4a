"""Settings models and template say the same: a function gets exactly the variables its model reads."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from local.template import Template
from opscopilot.kernel import settings

MODELS: dict[str, type[settings.FunctionSettings]] = {
    "IngestFunction": settings.IngestSettings,
    "NormalizeFunction": settings.NormalizeSettings,
    "ForecastFunction": settings.ForecastSettings,
    "NotifyFunction": settings.NotifySettings,
    "CopilotFunction": settings.CopilotSettings,
    "MigrateFunction": settings.MigrateSettings,
}
FROM_LAMBDA = {"AWS_REGION"}
OWN_DEFAULT = {"DB_POOL_SIZE"}  # one size fits every function; a model's default is enough
# Read by Powertools itself, and two addresses that later steps will read.
BESIDE_THE_MODELS = {"POWERTOOLS_SERVICE_NAME"}


def environment(template: Template, function: str) -> dict[str, Any]:
    """The function's variables, Globals included."""
    found: dict[str, Any] = template.resources[function]["Properties"]["Environment"]["Variables"]
    return found


def resolved(template: Template, name: str, value: Any) -> str:
    """The value CloudFormation would make of it: a parameter's default, or some text for an ARN or address."""
    if isinstance(value, dict) and value.get("Ref") in template.parameters:
        return template.parameters[value["Ref"]]
    return value if isinstance(value, str) else f"resolved-{name.lower()}"


def test_every_function_has_a_model(template: Template) -> None:
    assert sorted(template.code) == sorted(MODELS)


@pytest.mark.parametrize("function", MODELS)
def test_every_setting_is_given(template: Template, function: str) -> None:
    wanted = {name.upper() for name in MODELS[function].model_fields} - FROM_LAMBDA - OWN_DEFAULT
    assert wanted - set(environment(template, function)) == set()


@pytest.mark.parametrize("function", MODELS)
def test_nothing_is_given_that_nobody_reads(template: Template, function: str) -> None:
    read = {name.upper() for name in MODELS[function].model_fields} | BESIDE_THE_MODELS
    assert set(environment(template, function)) - read == set()


@pytest.mark.parametrize("function", MODELS)
def test_the_model_accepts_what_aws_would_resolve(
    template: Template, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = environment(template, function) | {"AWS_REGION": "eu-west-1", "DB_PORT": "5432"}
    for name, value in values.items():
        monkeypatch.setenv(name, resolved(template, name, value))
    assert MODELS[function]().db_user == f"ops_{function.removesuffix('Function').lower()}"


@pytest.mark.parametrize("function", MODELS)
def test_without_the_database_a_function_does_not_start(
    template: Template, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(template, function).items():
        if name not in ("DB_HOST", "DB_PORT"):
            monkeypatch.setenv(name, resolved(template, name, value))
    monkeypatch.delenv("DB_HOST", raising=False)
    with pytest.raises(ValidationError, match="db_host"):
        MODELS[function]()


def test_no_secret_travels_as_a_variable(template: Template) -> None:
    for function in MODELS:
        for name, value in environment(template, function).items():
            assert not any(word in name for word in ("PASSWORD", "TOKEN")), name
            if "KEY" in name or "SECRET" in name:
                assert name in ("OPENAI_API_KEY_SECRET", "DB_MASTER_SECRET_ARN", "LINK_KEY_SECRET"), (
                    name
                )  # addresses, not secrets
            assert "resolve:secretsmanager" not in str(value)
