"""The forecast function, called by the API for an answer at once."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from opscopilot.kernel.errors import Unavailable

_ANSWER_S = 24
"""An HTTP API gives up after 30 s and the API's function after 29; a cold forecast function needs a few."""


def lambda_client(region: str) -> Any:
    """A client that asks once and waits as long as the caller of the API would."""
    patience = Config(connect_timeout=3, read_timeout=_ANSWER_S, retries={"total_max_attempts": 1})
    return boto3.client("lambda", region_name=region, config=patience)


class ForecastFunction:
    """Implements forecasting.computing.Computer: a synchronous invocation of the forecast function."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def demand(self, tenant_id: UUID, asked: dict[str, Any]) -> dict[str, Any]:
        """Ask and wait; Unavailable with what to do when there is no answer."""
        payload = json.dumps({"task": "demand", "tenant_id": str(tenant_id), **asked}).encode()
        try:
            answer = self._client.invoke(FunctionName=self._name, Payload=payload)
        except (BotoCoreError, ClientError) as error:
            raise _unavailable() from error
        told = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise _unavailable() from RuntimeError(str(told.get("errorType")))
        found: dict[str, Any] = told
        return found


def _unavailable() -> Unavailable:
    return Unavailable(
        "The forecast could not be computed just now.", code="forecast_unavailable",
        expected='trying again in a moment; "source": "published" answers from the version in force',
    )  # fmt: skip
