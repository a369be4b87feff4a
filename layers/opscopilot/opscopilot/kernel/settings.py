"""Settings: one model per function, read from the environment once, at cold start.

A missing or malformed setting stops the function before its first event, with the name of the variable.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class FunctionSettings(BaseSettings):
    """What every function needs. Each attribute is the environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    stage: Literal["local", "dev", "prod"]
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    aws_region: str = "eu-west-1"
    db_host: str
    db_port: int = Field(default=5432, ge=1, le=65535)
    db_name: str = "opscopilot"
    db_user: str
    db_auth: Literal["trust", "iam"] = "iam"
    db_ca_bundle: str | None = None
    db_pool_size: int = Field(default=2, ge=1, le=20)

    @model_validator(mode="after")
    def _verified_tls_outside_local(self) -> Self:
        if self.db_auth == "iam" and not self.db_ca_bundle:
            raise ValueError("DB_CA_BUNDLE must name the CA file when DB_AUTH is 'iam'")
        if self.stage != "local" and self.db_auth == "trust":
            raise ValueError("DB_AUTH 'trust' is for STAGE 'local' only")
        return self


class IngestSettings(FunctionSettings):
    """functions/ingest."""

    landing_bucket: str
    staging_bucket: str
    event_bus_name: str
    max_file_mb: int = Field(default=5120, ge=1)
    part_mb: int = Field(default=128, ge=1, le=512)
    connector_allow_private: str = Field(default="", pattern=r"^[0-9a-fA-F.:/, ]*$")


class NormalizeSettings(FunctionSettings):
    """functions/normalize."""

    staging_bucket: str
    event_bus_name: str


class ForecastSettings(FunctionSettings):
    """functions/forecast."""

    staging_bucket: str
    event_bus_name: str


class NotifySettings(FunctionSettings):
    """functions/notify."""

    event_bus_name: str
    email_sender: str = Field(pattern=r".+@.+")
    email_configuration_set: str | None = None
    enable_notification_retry: bool = True
    console_url: str | None = None
    public_url: str | None = None
    link_key_secret: str | None = None


class CopilotSettings(FunctionSettings):
    """functions/copilot: the HTTP API."""

    landing_bucket: str
    max_file_mb: int = Field(default=5120, ge=1)
    staging_bucket: str
    ingestion_state_machine_arn: str
    forecast_state_machine_arn: str
    forecast_function_name: str
    sync_state_machine_arn: str
    event_bus_name: str
    email_sender: str = Field(pattern=r".+@.+")
    email_configuration_set: str | None = None
    jwt_issuer: str
    jwt_audience: str
    jwt_jwks_url: str
    cors_allow_origins: str = ""
    s3_public_endpoint: str | None = None
    openai_api_key_secret: str | None = None
    openai_base_url: str | None = None
    openai_model: str = "gpt-5-mini"
    link_key_secret: str | None = None


class MigrateSettings(FunctionSettings):
    """functions/migrate: connects as the owner of the schemas."""

    db_master_secret_arn: str | None = None
