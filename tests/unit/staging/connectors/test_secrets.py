"""Secrets stay out of configs, and a tenant names its own only (P-60)."""

from __future__ import annotations

from typing import Any

import pytest

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.staging.connectors.secrets import check_ref, refuse_secrets

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:"


@pytest.mark.parametrize("config", [
    {"password": "hunter2"}, {"auth": {"kind": "bearer", "token": "abc"}}, {"apiKey": "k"}, {"client_secret": "s"},
    {"headers": {"Authorization": "Bearer abcdefgh"}}, {"headers": {"X-Api-Key": "k"}}, {"dbPassword": "x"},
    {"url": "postgresql://ops:hunter2@db/erp"}, {"streams": [{"params": {"access_token": "t"}}]},
    {"note": "Bearer abcdefghij"}, {"private-key": "x"}, {"headers": {"Cookie": "sid=1"}},
], ids=str)  # fmt: skip
def test_what_looks_like_a_secret_is_refused_without_repeating_it(config: dict[str, Any]) -> None:
    with pytest.raises(ValidationFailed) as raised:
        refuse_secrets(config)
    assert raised.value.code == "secret_in_config"
    assert "secret_ref" in str(raised.value.expected)
    told = f"{raised.value.detail} {raised.value.value} {raised.value.expected}"
    for value in ("hunter2", "abcdefgh"):
        assert value not in told


@pytest.mark.parametrize("config", [
    {"secret_ref": "opscopilot/acme/x"}, {"auth": {"token_url": "https://id.example.com/token", "scope": "read"}},
    {"auth": {"kind": "api_key", "header": "X-Api-Key"}}, {"keys": ["a"], "key": ["Id"], "path": "/tokens"},
    {"pages": {"cursor": "next_token", "cursor_param": "pageToken"}},
], ids=str)  # fmt: skip
def test_what_only_speaks_of_secrets_is_fine(config: dict[str, Any]) -> None:
    refuse_secrets(config)


@pytest.mark.parametrize("ref", ["opscopilot/acme/sap", "opscopilot/acme/sap/prod", ARN + "opscopilot/acme/sap-AbCdEf"])
def test_own_secrets_can_be_named(ref: str) -> None:
    assert check_ref("acme", ref) == ref


@pytest.mark.parametrize("ref", [
    "opscopilot/other/sap", "opscopilot/acme", "opscopilot/acme/", "opscopilot/acme-2/sap", "opscopilot/acme/../other/x",
    "opscopilot/acme//x", "opscopilot/acme/channels/slack", "rds!db-1", ARN + "opscopilot/other/sap-AbCdEf", "OPSCOPILOT/acme/sap", "opscopilot/acme/a b",
    "arn:aws:ssm:eu-west-1:123456789012:parameter/opscopilot/acme/x", "",
])  # fmt: skip
def test_nobody_elses_secret_can_be_named(ref: str) -> None:
    with pytest.raises(ValidationFailed) as raised:
        check_ref("acme", ref)
    assert "opscopilot/acme/" in str(raised.value.expected)
