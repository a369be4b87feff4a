"""functions/migrate: roles and schema. Runs on every deploy, by hand, and when the local stack starts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3

from opscopilot.kernel.db import make_engine
from opscopilot.kernel.settings import MigrateSettings
from opscopilot.migrations.run import create_roles, upgrade

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def _master_password(settings: MigrateSettings) -> Callable[[], str] | None:
    if not settings.db_master_secret_arn:
        return None
    client = boto3.client("secretsmanager", region_name=settings.aws_region)

    def read() -> str:
        secret = client.get_secret_value(SecretId=settings.db_master_secret_arn)
        return str(json.loads(secret["SecretString"])["password"])

    return read


def migrate_handler() -> Handler:
    """Build the handler; settings are read now, at cold start."""
    settings = MigrateSettings()
    engine = make_engine(settings, _master_password(settings), "ops_migrate")

    def handle(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
        try:
            create_roles(engine, iam=settings.stage != "local")
            return {"status": "ok", "revision": upgrade(engine)}
        finally:
            engine.dispose()

    return handle
