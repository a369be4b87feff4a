"""What every connector is: a checked config, streams, and batches of records (or whole files) that can be resumed.

A new kind of connector is one new module of this package with one subclass of BaseConnector in it; the factory
finds it. The HTTP API imports these modules to check configs, so drivers are imported inside methods only.
"""

from __future__ import annotations

import builtins
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from opscopilot.kernel.clock import Clock, Deadline, SystemClock
from opscopilot.kernel.errors import ValidationFailed
from opscopilot.staging.connectors.secrets import SecretText, refuse_secrets

if TYPE_CHECKING:
    from opscopilot.outbound.guard import AddressGuard
    from opscopilot.staging.connectors.http import HttpClient
    from opscopilot.staging.ports import OpenBucket

SourceType = Literal["erp", "accounting", "inventory", "sales", "quality", "production", "pos", "external_api"]
# The kinds that older documents name: a source type with no protocol of its own is spoken to over REST.
ALIASES = {"erp": "rest", "accounting": "rest", "inventory": "rest"}


class ConnectorFailed(Exception):
    """Pulling cannot go on. `code` is stable, `message` is for people and never holds a secret.

    `retryable` says that the same call may well work in a few minutes (the system is down, or throttles).
    """

    def __init__(self, code: str, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable


class StreamConfig(BaseModel):
    """What every stream of a config has. `name` becomes part of file names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$", examples=["orders"])
    entity: str | None = Field(default=None, description="What the records are; leave out to let the fields decide.")


class ConnectorConfig(BaseModel):
    """What every config has. Passwords, tokens and keys are in the secret that `secret_ref` names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source_type: SourceType = "erp"
    requests_per_minute: int | None = Field(default=None, ge=1, le=60_000, description="Calls we allow ourselves.")
    batch_records: int = Field(default=5_000, ge=1, le=50_000, description="Records of one landed object, at most.")
    max_waiting_jobs: int = Field(default=20, ge=1, le=1_000, description="Pulling waits while more are unloaded.")
    overlap_s: int = Field(default=0, ge=0, le=30 * 86_400, description="Read again what changed so long before.")


@dataclass(frozen=True)
class Stream:
    """One kind of record that a connector brings: a table, a model, a folder.

    `watermark_field` is where its records say when they last changed; None means that all is read every time.
    """

    name: str
    entity: str | None = None
    watermark_field: str | None = None


class Batch(NamedTuple):
    """Records that were fetched together.

    `watermark`: the highest value seen so far in this pull; it is kept when the stream's pull is complete.
    `resume`: a small JSON document to go on with after this batch; None where one cannot, then a crash starts the
    stream again from the last watermark. `warnings` are sentences for the job's log. `lasts`: the place stays right
    however much time passes (a key to go on from, not a page number), so that even the next pull may use it.
    `done`: the stream is at its end (one need not say so).
    """

    records: list[dict[str, Any]]
    watermark: str | None = None
    resume: dict[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    lasts: bool = False
    done: bool = False


class FileBatch(NamedTuple):
    """A whole file that was fetched to local disk; it lands under `name` and goes the way of any dropped file."""

    path: Path
    name: str
    watermark: str | None = None
    resume: dict[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    lasts: bool = False
    done: bool = False


def _no_limit() -> float:
    return 1e9


@dataclass
class Around:
    """What a connector is given to work with.

    `http` follows the rules for outbound addresses; `guard` checks host and port for protocols that are not HTTP
    (`guard.check(host, port)` gives the address to connect to). `folder` is empty local disk. `deadline` says the
    seconds that are left. `tenant_code` is the owner's: for what only the tenant may touch. `buckets` opens buckets
    of other owners.
    """

    http: HttpClient
    guard: AddressGuard
    folder: Path
    tenant_code: str = ""
    clock: Clock = field(default_factory=SystemClock)
    deadline: Deadline = _no_limit
    buckets: OpenBucket | None = None


class BaseConnector(ABC):
    """Reads one system. Made for one pull (or test) and closed after it; not shared between threads."""

    type: ClassVar[str]
    title: ClassVar[str] = ""
    Config: ClassVar[builtins.type[ConnectorConfig]]
    secret_fields: ClassVar[tuple[str, ...]] = ()
    speaks_http: ClassVar[bool] = False

    def __init__(self, config: Any, secret: Mapping[str, SecretText] | None, around: Around) -> None:
        self.config = config
        self.secret = secret or {}
        self.around = around

    @abstractmethod
    def streams(self) -> list[Stream]:
        """What can be pulled, in the order in which it should be (masters before what refers to them)."""

    @abstractmethod
    def fetch_data(
        self, stream: Stream, watermark: str | None, resume: dict[str, Any] | None
    ) -> Iterator[Batch | FileBatch]:
        """What changed since `watermark` (None = all there is), from `resume` on where that is given.

        Records at the watermark itself come again: a second record of the same instant must not be lost.
        Raises ConnectorFailed.
        """

    def close(self) -> None:
        """Let go of connections. The base has none."""
        return

    def need(self, name: str) -> str:
        """A field of the secret; ConnectorFailed names the field when it is not there."""
        found = self.secret.get(name)
        if not found:
            raise ConnectorFailed(
                "secret_incomplete", f"The secret of this connector has no field '{name}'. "
                f"Set it with `ops connectors secret NAME {name}=…`.",
            )  # fmt: skip
        return str(found)


@cache
def connector_types() -> dict[str, type[BaseConnector]]:
    """Every kind of connector by its type: whatever subclasses BaseConnector in a module of this package."""
    package = import_module(__package__ or "opscopilot.staging.connectors")
    found: dict[str, type[BaseConnector]] = {}
    for one in pkgutil.iter_modules(package.__path__):
        module = import_module(f"{package.__name__}.{one.name}")
        for value in vars(module).values():
            if _is_kind(value) and value.__module__ == module.__name__:
                found[value.type] = value
    return dict(sorted(found.items()))


def _is_kind(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseConnector) and "type" in vars(value)


class ConnectorFactory:
    """Makes connectors out of what is stored about them."""

    @staticmethod
    def kind(connector_type: str) -> type[BaseConnector]:
        """The class of a type or of one of its older names; ValidationFailed lists the types there are."""
        known = connector_types()
        found = known.get(ALIASES.get(connector_type, connector_type))
        if found is None:
            raise ValidationFailed(
                f"There is no connector type '{connector_type}'.", field="connector_type", value=connector_type,
                expected="one of: " + ", ".join(["file_drop", *known]),
            )  # fmt: skip
        return found

    @classmethod
    def config(cls, connector_type: str, given: Mapping[str, Any]) -> ConnectorConfig:
        """The checked config; ValidationFailed names each wrong field, and refuses what looks like a secret."""
        kind = cls.kind(connector_type)
        refuse_secrets(given)
        try:
            return kind.Config.model_validate(given)
        except ValidationError as error:
            faults = [
                {"field": ".".join(["config", *map(str, one["loc"])]), "message": one["msg"]} for one in error.errors()
            ]
            first = faults[0]
            raise ValidationFailed(
                f"The config of this {connector_type} connector does not fit: {first['field']}: {first['message']}.",
                field=first["field"], errors=faults,
                expected=f"GET /api/v1/connector-types shows what a {connector_type} config holds",
            ) from error  # fmt: skip

    @classmethod
    def create_connector(
        cls, connector_type: str, config: Mapping[str, Any], secret: Mapping[str, SecretText] | None, around: Around
    ) -> BaseConnector:
        """The connector, ready to pull."""
        return cls.kind(connector_type)(cls.config(connector_type, config), secret, around)
