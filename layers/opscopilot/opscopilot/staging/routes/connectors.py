"""HTTP: keep the connectors, try them out and pull from them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from opscopilot.catalogue.declaration import Registry
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.ids import uuid7
from opscopilot.staging.connectors import configs
from opscopilot.staging.connectors.base import ConnectorFactory
from opscopilot.staging.connectors.configs import Connector, Entry
from opscopilot.staging.connectors.running import PullArea
from opscopilot.staging.connectors.secrets import check_ref, own_name
from opscopilot.staging.mapping import CONNECTOR_TYPE
from opscopilot.staging.routes.common import ConnectorName, Keeper, Loader
from opscopilot.staging.routes.pulls import PullStarted, SyncRequest, Trial, started
from opscopilot.web import CurrentCaller
from opscopilot.web.params import Strict

SecretField = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$")]
SecretValue = Annotated[str, Field(min_length=1, max_length=16_000)]


class ConnectorEntry(Strict):
    """What to remember about a source."""

    connector_type: str = Field(default="file_drop", max_length=40, examples=["file_drop"])
    config: dict[str, Any] = Field(
        description="For file_drop: how files are read (`files` with pattern, entity, columns). For others see "
        "GET /connector-types. Never a password, token or key.",
        examples=[{"files": [{"pattern": "Product*.csv*", "entity": "sku",
                              "columns": {"sku_code": "ProductNumber", "description": "Name"}}]}],
    )  # fmt: skip
    secret_ref: str | None = Field(
        default=None, max_length=300, description="Name or ARN of the secret, under opscopilot/{tenant}/. Left out: "
        "what it is, or the name that PUT /connectors/{name}/secret gives it.",
    )  # fmt: skip
    schedule: str | None = Field(
        default=None, max_length=100, examples=["rate(15 minutes)"],
        description="rate(…) or cron(…) in the plant's time zone, at most every 5 minutes.",
    )  # fmt: skip
    is_active: bool = True


class SecretEntry(Strict):
    """The secret's fields. They replace what was there."""

    fields: dict[SecretField, SecretValue] = Field(
        min_length=1, max_length=20, examples=[{"username": "ops", "password": "…"}]
    )


class SecretKept(BaseModel):
    """Where the secret is kept. Its values cannot be read back."""

    secret_ref: str
    fields: list[str]


class ConnectorType(BaseModel):
    """A kind of connector: what its config holds and what its secret needs."""

    connector_type: str
    title: str
    config_schema: dict[str, Any]
    secret_fields: list[str]


def connector_routes(routes: APIRouter, registry: Registry, area: PullArea) -> None:
    @routes.post("/sync/run", status_code=202, tags=["ingest"], summary="Pull from a connector",
                 responses={409: {"description": "Its files are pushed, or it is being pulled already."}})  # fmt: skip
    def run(body: SyncRequest, caller: Loader) -> PullStarted:
        """Each stream is a job of its own; what it fetches lands as objects with jobs of theirs."""
        found = configs.one(caller.tx, body.connector)
        who, run_id = caller.principal, uuid7()
        jobs = configs.ask_for_pull(caller.tx, found, body.streams, full=body.full, by=who.user_id)
        caller.after_commit(lambda: area.pull(who.tenant_id, run_id, [job_id for _, job_id in jobs]))
        return started(run_id, found.name, jobs)

    @routes.get("/connectors", tags=["connectors"], summary="What is remembered about every source, and how it does")
    def every(caller: CurrentCaller) -> list[Connector]:
        return configs.every(caller.tx)

    @routes.get("/connectors/{name}", tags=["connectors"], summary="What is remembered about a source")
    def read(name: ConnectorName, caller: CurrentCaller) -> Connector:
        return configs.one(caller.tx, name)

    @routes.put("/connectors/{name}", tags=["connectors"], summary="Remember a source: how it is read or pulled from")
    def save(name: ConnectorName, body: ConnectorEntry, caller: Keeper) -> Connector:
        entry = configs.checked(
            registry, Entry(**body.model_dump()), tenant_code=caller.principal.tenant_code,
            zone=caller.plant.default_time_zone, now=caller.clock.now(), local=area.local,
        )  # fmt: skip
        return configs.save(caller.tx, name, entry, caller.principal.user_id)

    _secret_and_trial(routes, area)

    @routes.get("/connector-types", tags=["connectors"], summary="The kinds of connectors, with their configs' schema")
    def types(_caller: CurrentCaller) -> list[ConnectorType]:
        return [
            ConnectorType(connector_type=kind, title=title, config_schema=model.model_json_schema(),
                          secret_fields=list(fields))
            for kind, title, model, fields in configs.kinds()
        ]  # fmt: skip


def _secret_and_trial(routes: APIRouter, area: PullArea) -> None:
    @routes.put("/connectors/{name}/secret", tags=["connectors"], summary="Keep a connector's passwords and keys")
    def secret(name: ConnectorName, body: SecretEntry, caller: Keeper) -> SecretKept:
        """They go to the secret store and are never shown again."""
        found = configs.one(caller.tx, name)
        if found.connector_type == CONNECTOR_TYPE:
            configs.refuse_pull(found)
        known = ConnectorFactory.kind(found.connector_type).secret_fields
        unknown = [one for one in body.fields if known and one not in known]
        if unknown:
            raise ValidationFailed(
                f"The secret of a {found.connector_type} connector has no field '{unknown[0]}'.",
                field=f"fields.{unknown[0]}", expected="some of: " + ", ".join(known),
            )  # fmt: skip
        code = caller.principal.tenant_code
        ref = check_ref(code, found.secret_ref or own_name(code, name))
        configs.keep_secret_ref(caller.tx, name, ref)
        caller.after_commit(lambda: area.secrets.put(ref, body.fields))
        return SecretKept(secret_ref=ref, fields=sorted(body.fields))

    @routes.post("/connectors/{name}/test", tags=["connectors"], summary="Connect and read the first records")
    def trial(name: ConnectorName, caller: Keeper) -> Trial:
        """Nothing is kept. `ok` is false with the reason per stream when something is wrong."""
        found = configs.one(caller.tx, name)
        if found.connector_type == CONNECTOR_TYPE:
            configs.refuse_pull(found)
        return Trial.model_validate(area.try_out(caller.principal.tenant_id, name))
