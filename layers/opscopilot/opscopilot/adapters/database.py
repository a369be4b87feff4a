"""Engines for functions: IAM tokens on AWS, trust on a laptop's loopback."""

from __future__ import annotations

import boto3

from opscopilot.kernel.db import Database, make_engine
from opscopilot.kernel.settings import FunctionSettings


def open_database(settings: FunctionSettings, patience_s: int = 30) -> Database:
    """The function's database, as its own role. A statement may take `patience_s` seconds."""
    if settings.db_auth == "trust":
        return Database(make_engine(settings, application=settings.db_user, patience_s=patience_s))
    client = boto3.client("rds", region_name=settings.aws_region)

    def token() -> str:
        return str(
            client.generate_db_auth_token(
                DBHostname=settings.db_host, Port=settings.db_port, DBUsername=settings.db_user
            )
        )

    return Database(make_engine(settings, token, settings.db_user, patience_s))
