"""What the HTTP API is made of: the contexts' routers over the outside world they need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import boto3
from botocore.config import Config
from fastapi import APIRouter

from opscopilot.adapters.channels import KINDS
from opscopilot.adapters.events import EventBridgePublisher
from opscopilot.adapters.executions import StateMachineRuns
from opscopilot.adapters.functions import ForecastFunction, lambda_client
from opscopilot.adapters.objects import S3ObjectStore
from opscopilot.adapters.openai_chat import from_settings
from opscopilot.adapters.secrets import SecretsManagerStore
from opscopilot.catalogue import routes as catalogue_routes
from opscopilot.copilot import routes as copilot_routes
from opscopilot.copilot.cards import CardIndex
from opscopilot.copilot.chat import ChatModel
from opscopilot.copilot.router import Router
from opscopilot.copilot.service import Copilot
from opscopilot.entrypoints.channels import installation
from opscopilot.entrypoints.links import link_signer
from opscopilot.forecasting import routes as forecasting_routes
from opscopilot.forecasting.computing import Computer
from opscopilot.forecasting.routes import quality as quality_routes
from opscopilot.forecasting.runs.executions import Runs
from opscopilot.forecasting.tools import TOOLS as FORECAST_TOOLS
from opscopilot.insights import routes as insights_routes
from opscopilot.insights.alert_tools import TOOLS as ALERT_TOOLS
from opscopilot.kernel.clock import SystemClock
from opscopilot.kernel.db import Database
from opscopilot.kernel.events import relay
from opscopilot.kernel.settings import CopilotSettings
from opscopilot.kernel.tools import ToolRegistry
from opscopilot.manufacturing import entities
from opscopilot.manufacturing import routes as manufacturing_routes
from opscopilot.manufacturing.tools import TOOLS as OPERATIONS_TOOLS
from opscopilot.manufacturing.working_time import WorkingTime
from opscopilot.notifications import routes as notification_routes
from opscopilot.notifications.alerts.routes import Relay
from opscopilot.notifications.channels import Channel, SecretStore
from opscopilot.notifications.links.signing import Signer
from opscopilot.planning.forecasts import routes as planning_routes
from opscopilot.planning.stocks import routes as stock_routes
from opscopilot.staging import routes as staging_routes
from opscopilot.staging.connectors.running import PullArea
from opscopilot.staging.ports import Redriver
from opscopilot.staging.uploads import LandingArea


@dataclass(frozen=True)
class Outside:
    """Everything beyond the database that routes reach."""

    landing: LandingArea
    runs: Runs
    mail: Channel
    relay: Relay
    ingestions: Redriver
    pulls: PullArea
    computer: Computer
    channel_secrets: Callable[[], SecretStore]
    chat: ChatModel | None = None
    links: Signer | None = None


def outside(settings: CopilotSettings, db: Database) -> Outside:
    """The real outside: S3, Step Functions, SES, EventBridge and, where one is configured, a language model."""
    region = settings.aws_region
    store = S3ObjectStore(boto3.client("s3", region_name=region))
    bus = EventBridgePublisher(boto3.client("events", region_name=region), settings.event_bus_name)
    machines = boto3.client("stepfunctions", region_name=region)
    here = installation(settings, SystemClock())

    def publish(tenant_id: UUID) -> int:
        with db.tenant(tenant_id) as tx:
            return relay(tx, bus)

    return Outside(
        landing=LandingArea(settings.landing_bucket, store, _signer(settings), settings.max_file_mb),
        runs=StateMachineRuns(machines, settings.forecast_state_machine_arn),
        ingestions=StateMachineRuns(machines, settings.ingestion_state_machine_arn),
        pulls=_pulls(settings, machines),
        computer=ForecastFunction(lambda_client(region), settings.forecast_function_name),
        mail=KINDS["email"].build(here), channel_secrets=here.secrets, relay=publish, chat=from_settings(settings),
        links=link_signer(settings),
    )  # fmt: skip


def _pulls(settings: CopilotSettings, machines: Any) -> PullArea:
    secrets = SecretsManagerStore(boto3.client("secretsmanager", region_name=settings.aws_region))
    runs = StateMachineRuns(machines, settings.sync_state_machine_arn)
    return PullArea(runs, secrets, local=settings.stage == "local")


def _signer(settings: CopilotSettings) -> S3ObjectStore:
    """Links are signed for the address under which clients reach S3: the regional one, or the local gateway's."""
    endpoint = settings.s3_public_endpoint
    config = Config(signature_version="s3v4", s3={"addressing_style": "path" if endpoint else "virtual"})
    return S3ObjectStore(boto3.client("s3", region_name=settings.aws_region, endpoint_url=endpoint, config=config))


def tools() -> ToolRegistry:
    """Every tool of this installation."""
    registry = ToolRegistry()
    registry.add(*OPERATIONS_TOOLS, *FORECAST_TOOLS, *ALERT_TOOLS)
    return registry


def copilot(chat: ChatModel | None = None) -> Copilot:
    """The copilot with its tools, the offline router and, where there is one, a model in front of it."""
    registry = tools()
    return Copilot(registry, Router(CardIndex([one.name for one in registry.all()])), chat=chat)


def context_routers(around: Outside) -> list[APIRouter]:
    """The contexts' routers; those without `/api/v1` in front get it from the app."""
    registry = entities.registry()
    return [
        staging_routes.router(registry, around.landing, around.ingestions, around.pulls),
        catalogue_routes.router(registry),
        manufacturing_routes.router(registry),
        forecasting_routes.router(around.runs, around.computer),
        quality_routes.router(),
        planning_routes.router(around.runs),
        stock_routes.router(),
        insights_routes.router(),
        notification_routes.router(
            around.mail, around.relay, KINDS, WorkingTime(), around.channel_secrets, around.links
        ),
        copilot_routes.router(copilot(around.chat)),
    ]
