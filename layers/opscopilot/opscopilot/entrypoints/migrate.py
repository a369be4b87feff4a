"""functions/migrate: roles and schema. Runs on every deploy, by hand, and when the local stack starts."""

from __future__ import annotations

import json
import logging
import urllib.request
from collections.abc import Callable
from typing import Any

import boto3

from opscopilot.kernel.db import make_engine
from opscopilot.kernel.settings import MigrateSettings
from opscopilot.migrations.run import create_roles, upgrade

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
log = logging.getLogger(__name__)
_ANSWER_TIMEOUT_S = 30


def _master_password(settings: MigrateSettings) -> Callable[[], str] | None:
    secret_id = settings.db_master_secret_arn
    if not secret_id:
        return None
    client = boto3.client("secretsmanager", region_name=settings.aws_region)

    def read() -> str:
        secret = client.get_secret_value(SecretId=secret_id)
        return str(json.loads(secret["SecretString"])["password"])

    return read


def migrate_handler() -> Handler:
    """Build the handler; settings are read now, at cold start."""
    settings = MigrateSettings()
    engine = make_engine(settings, _master_password(settings), "ops_migrate")

    def migrate() -> dict[str, Any]:
        try:
            create_roles(engine, iam=settings.stage != "local")
            return {"status": "ok", "revision": upgrade(engine)}
        finally:
            engine.dispose()

    def handle(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        return for_cloudformation(event, migrate) if "RequestType" in event else migrate()

    return handle


def for_cloudformation(event: dict[str, Any], migrate: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Migrate as a custom resource: CloudFormation waits for our answer at its URL, whatever happens here.

    Deleting the stack does not touch the schema. The physical id never changes, so an update replaces nothing.
    """
    answer: dict[str, Any] = {
        "Status": "SUCCESS",
        "PhysicalResourceId": "opscopilot-database",
        **{key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")},
    }
    if event["RequestType"] != "Delete":
        try:
            answer["Data"] = {"Revision": migrate()["revision"]}
        except Exception as error:
            log.exception("migration failed")
            answer |= {"Status": "FAILED", "Reason": f"{type(error).__name__}: see the log of the migrate function"}
    request = urllib.request.Request(
        event["ResponseURL"], json.dumps(answer).encode(), {"content-type": ""}, method="PUT"
    )
    with urllib.request.urlopen(request, timeout=_ANSWER_TIMEOUT_S):
        return answer
