"""Settings stop a function at cold start, by the name of the variable.

That the template gives every function what its model reads is in tests/contract/template/test_environment.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from opscopilot.kernel.settings import (
    CopilotSettings,
    ForecastSettings,
    FunctionSettings,
    IngestSettings,
    MigrateSettings,
    NormalizeSettings,
    NotifySettings,
)

MODELS: dict[str, type[FunctionSettings]] = {
    "ingest": IngestSettings, "normalize": NormalizeSettings, "forecast": ForecastSettings,
    "notify": NotifySettings, "copilot": CopilotSettings, "migrate": MigrateSettings,
}  # fmt: skip
BASE = {"STAGE": "local", "DB_HOST": "127.0.0.1", "DB_USER": "ops_ingest", "DB_AUTH": "trust"}
OWN = {
    "ingest": {"LANDING_BUCKET": "l", "STAGING_BUCKET": "s", "EVENT_BUS_NAME": "b"},
    "normalize": {"STAGING_BUCKET": "s", "EVENT_BUS_NAME": "b"},
    "forecast": {"EVENT_BUS_NAME": "b", "STAGING_BUCKET": "s"},
    "notify": {"EVENT_BUS_NAME": "b", "EMAIL_SENDER": "a@b.example"},
    "copilot": {
        "LANDING_BUCKET": "l", "STAGING_BUCKET": "s", "EVENT_BUS_NAME": "b", "EMAIL_SENDER": "a@b.example",
        "INGESTION_STATE_MACHINE_ARN": "i", "FORECAST_STATE_MACHINE_ARN": "f", "FORECAST_FUNCTION_NAME": "g", "SYNC_STATE_MACHINE_ARN": "s", "JWT_ISSUER": "x",
        "JWT_AUDIENCE": "y", "JWT_JWKS_URL": "https://id.example/jwks.json",
    },
    "migrate": {},
}  # fmt: skip
FUNCTIONS = sorted(MODELS)


@pytest.fixture
def cold_start(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Read a function's settings from exactly this environment."""

    def start(function: str, environment: Mapping[str, str]) -> FunctionSettings:
        for model in MODELS.values():
            for name in model.model_fields:
                monkeypatch.delenv(name.upper(), raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return MODELS[function]()

    return start


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_complete_environment_starts(cold_start: Any, function: str) -> None:
    settings = cold_start(function, BASE | OWN[function])
    assert settings.stage == "local"
    assert settings.db_port == 5432


@pytest.mark.parametrize(
    ("function", "missing"),
    [(one, name) for one in FUNCTIONS for name in ("STAGE", "DB_HOST", "DB_USER", *OWN[one])],
)
@pytest.mark.parametrize("how", ["absent", "empty"])
def test_a_missing_variable_stops_the_function_and_is_named(
    cold_start: Any, function: str, missing: str, how: str
) -> None:
    environment = BASE | OWN[function]
    environment.pop(missing)
    with pytest.raises(ValidationError) as caught:
        cold_start(function, environment | ({missing: ""} if how == "empty" else {}))
    assert [error["loc"] for error in caught.value.errors()] == [(missing.lower(),)]


@pytest.mark.parametrize(
    ("name", "value"),
    [("STAGE", "production"), ("LOG_LEVEL", "verbose"), ("DB_PORT", "0"), ("DB_PORT", "70000"), ("DB_PORT", "five"),
     ("DB_AUTH", "password"), ("DB_POOL_SIZE", "0")],
)  # fmt: skip
def test_a_malformed_variable_stops_the_function_and_is_named(cold_start: Any, name: str, value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        cold_start("forecast", BASE | OWN["forecast"] | {name: value})
    assert caught.value.errors()[0]["loc"] == (name.lower(),)


def test_trust_is_for_one_machine_only(cold_start: Any) -> None:
    with pytest.raises(ValidationError, match="DB_AUTH 'trust' is for STAGE 'local' only"):
        cold_start("migrate", BASE | {"STAGE": "prod"})


def test_iam_needs_verified_tls(cold_start: Any) -> None:
    with pytest.raises(ValidationError, match="DB_CA_BUNDLE"):
        cold_start("migrate", BASE | {"STAGE": "prod", "DB_AUTH": "iam"})
    assert cold_start("migrate", BASE | {"DB_AUTH": "iam", "DB_CA_BUNDLE": "/opt/ca.pem"}).db_ca_bundle == "/opt/ca.pem"


def test_iam_is_the_default_so_forgetting_it_is_safe(cold_start: Any) -> None:
    environment = dict(BASE)
    del environment["DB_AUTH"]
    with pytest.raises(ValidationError, match="DB_CA_BUNDLE"):
        cold_start("migrate", environment)


def test_a_sender_that_is_no_address_stops_notify(cold_start: Any) -> None:
    with pytest.raises(ValidationError, match="email_sender"):
        cold_start("notify", BASE | OWN["notify"] | {"EMAIL_SENDER": "nobody"})


def test_settings_do_not_change_while_the_function_runs(cold_start: Any) -> None:
    settings = cold_start("migrate", BASE)
    with pytest.raises(ValidationError, match="frozen"):
        settings.db_host = "elsewhere"
