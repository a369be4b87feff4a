"""AWS Secrets Manager as the place of connectors' secrets and of the key that signs links."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from opscopilot.staging.connectors.secrets import SecretMissing

_IMPATIENT = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2})
_GONE = frozenset({"ResourceNotFoundException", "InvalidRequestException", "AccessDeniedException"})


class SecretsManagerStore:
    """Implements staging.connectors.secrets.SecretStore. `client` is a boto3 Secrets Manager client.

    `description` is what a person reads beside a secret that was made here.
    """

    def __init__(self, client: Any, description: str = "OpsCopilot: a connector's secret") -> None:
        self._client = client
        self._description = description

    def get(self, ref: str) -> dict[str, str]:
        """The secret's fields. One that is plain text, not JSON, is given as the field `password`."""
        try:
            text = str(self._client.get_secret_value(SecretId=ref).get("SecretString") or "")
        except ClientError as error:
            raise _translated(error, ref) from error
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            return {"password": text}
        return {str(name): str(value) for name, value in found.items() if value is not None}

    def put(self, ref: str, fields: Mapping[str, str]) -> None:
        """Replace the secret, or make it."""
        text = json.dumps(dict(fields), ensure_ascii=False)
        try:
            self._client.put_secret_value(SecretId=ref, SecretString=text)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException" or ref.startswith("arn:"):
                raise _translated(error, ref) from error
            self._client.create_secret(Name=ref, SecretString=text, Description=self._description)


def _translated(error: ClientError, ref: str) -> Exception:
    code = str(error.response.get("Error", {}).get("Code", ""))
    return SecretMissing(ref) if code in _GONE else error


def secret_text(region: str, ref: str) -> Callable[[], str]:
    """How to read the text of one secret of the installation; nothing is asked, or imported, before the first call."""

    def read() -> str:
        client = boto3.client("secretsmanager", region_name=region, config=_IMPATIENT)
        return str(client.get_secret_value(SecretId=ref)["SecretString"])

    return read
