"""AWS Secrets Manager as the place of connectors' secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from opscopilot.staging.connectors.secrets import SecretMissing

_GONE = frozenset({"ResourceNotFoundException", "InvalidRequestException", "AccessDeniedException"})


class SecretsManagerStore:
    """Implements staging.connectors.secrets.SecretStore. `client` is a boto3 Secrets Manager client."""

    def __init__(self, client: Any) -> None:
        self._client = client

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
            self._client.create_secret(Name=ref, SecretString=text, Description="OpsCopilot: a connector's secret")


def _translated(error: ClientError, ref: str) -> Exception:
    code = str(error.response.get("Error", {}).get("Code", ""))
    return SecretMissing(ref) if code in _GONE else error
