"""Secrets of connectors: never in a config, always under the tenant's own prefix of the secret store."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

from opscopilot.kernel.errors import ValidationFailed

PREFIX = "opscopilot"
SecretText = str
_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,200}")
_ARN = re.compile(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:(?P<name>[A-Za-z0-9/_+=.@-]+)")
# Whole words of a field's name that say its value is a secret: client_secret, apiKey, Authorization…
_TELLTALE = re.compile(
    r"(?:^|_)(?:password|passwd|pwd|passphrase|secret|token|api_?key|access_?key|private_?key|credentials?|"
    r"authorization|cookie|sas)(?:$|_)"
)
# Fields that speak about a secret without being one.
_HARMLESS = frozenset({"secret_ref", "token_url", "credentials_in", "api_key_header", "api_key_param", "next_token"})
_USER_IN_URL = re.compile(r"^[a-z][a-z0-9+.-]*://[^/@\s]*:[^/@\s]+@", re.IGNORECASE)
_LOOKS_LIKE_ONE = re.compile(r"^(?:Bearer\s+\S{8,}|Basic\s+\S{8,}|-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}$)")


class SecretMissing(Exception):
    """There is no secret of that name (any more), or it cannot be read."""


class SecretStore(Protocol):
    """Where connectors' secrets are. A secret is a flat set of named texts."""

    def get(self, ref: str) -> dict[str, str]:
        """The fields of the secret; raises SecretMissing."""
        ...

    def put(self, ref: str, fields: Mapping[str, str]) -> None:
        """Make the secret, or replace it."""
        ...


def own_name(tenant_code: str, connector: str) -> str:
    """The name under which a connector's secret is kept unless its owner named another."""
    return f"{PREFIX}/{tenant_code}/{connector}"


def check_ref(tenant_code: str, ref: str) -> str:
    """`ref`, when it is a name or ARN under the tenant's own prefix; ValidationFailed otherwise.

    One place decides this, and it is asked when a config is saved and again before a secret is read.
    """
    arn = _ARN.fullmatch(ref)
    name = arn.group("name") if arn else ref
    mine = f"{PREFIX}/{tenant_code}/"
    odd = not _NAME.fullmatch(name) or ".." in name or "//" in name or name == mine
    if odd or not name.startswith(mine) or name.startswith(f"{mine}channels/"):  # those are notifications'
        raise ValidationFailed(
            "This secret is not one of yours.", field="secret_ref", value=ref,
            expected=f"a name (or the ARN of a secret whose name) starts with {mine}",
        )  # fmt: skip
    return ref


def refuse_secrets(config: Mapping[str, Any], at: str = "config") -> None:
    """ValidationFailed where a config holds something that looks like a secret; the value is never repeated."""
    for name, value in config.items():
        where = f"{at}.{name}"
        if _is_text(value) and (_names_a_secret(str(name)) or _holds_a_secret(value)):
            raise ValidationFailed(
                f"{where} looks like a secret, and configs are readable by everybody in the company.",
                code="secret_in_config", field=where,
                expected="put it in the secret (PUT /api/v1/connectors/NAME/secret) and name it in secret_ref",
            )  # fmt: skip
        if isinstance(value, Mapping):
            refuse_secrets(value, where)
        elif isinstance(value, list):
            for index, one in enumerate(value):
                if isinstance(one, Mapping):
                    refuse_secrets(one, f"{where}.{index}")
                elif _is_text(one) and _holds_a_secret(one):
                    refuse_secrets({str(index): one}, where)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _names_a_secret(name: str) -> bool:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").lower()
    return snake not in _HARMLESS and bool(_TELLTALE.search(snake))


def _holds_a_secret(value: str) -> bool:
    return bool(_USER_IN_URL.match(value) or _LOOKS_LIKE_ONE.match(value))
