"""Start and stop the whole product on one machine: Postgres, AWS, API."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from local.constants import LAYER, REGION, REPOSITORY, STATE
from local.control import down, status, up
from local.identity import AUDIENCE, ISSUER, Identity
from local.ports import listen
from local.postgres import PostgresServer
from local.state import StackError, StackInfo, StateFolder

if TYPE_CHECKING:
    from local.aws import LocalAws
    from local.gateway import Server
    from local.pump import QueuePump
    from local.ticker import Ticker

__all__ = ["Stack", "down", "status", "up"]

log = logging.getLogger(__name__)

FINISH_SECONDS = 10.0  # what running invocations get to finish in when the stack stops


class Stack:
    """One stack in this process. ``start()`` it, use ``info``, ``stop()`` it.

    ``durable=False`` turns fsync off for tests; ``background=False`` leaves out the scheduler's ticking, so
    that a test decides when time passes.
    """

    def __init__(
        self,
        state_dir: Path = STATE,
        port: int = 0,
        *,
        template: Path = REPOSITORY / "template.yaml",
        durable: bool = True,
        background: bool = True,
    ) -> None:
        self.folder = StateFolder(state_dir)
        self.identity: Identity
        self.aws: LocalAws
        self.postgres: PostgresServer
        self.info: StackInfo
        self._port = port
        self._template = template
        self._durable = durable
        self._background = background
        self._server: Server | None = None
        self._pumps: list[QueuePump] = []
        self._ticker: Ticker | None = None
        self._undo: list[Callable[[], None]] = []
        self._marks: dict[str, float] = {}
        self._began = 0.0

    def start(self) -> StackInfo:
        """Bring everything up; on failure what came up goes down again and the error is raised."""
        self._began = time.monotonic()
        self.folder.acquire()
        self._undo.append(self.folder.release)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self.info

    def _start(self) -> None:
        self._open_port()
        with ThreadPoolExecutor(1) as other:
            postgres = other.submit(self._start_postgres)  # waits for its processes while Python imports
            try:
                self._start_aws()
            finally:
                postgres.result()
                self._undo.append(self.postgres.stop)
        # Before Postgres and AWS go away: an invocation that loses either would record a failure for good.
        self._undo.append(self._finish_invocations)
        self._migrate()
        self._serve()
        from local.recovery import recover

        threading.Thread(target=self._warm, name="warm", daemon=True).start()
        recover(self.aws, self.postgres.port)
        self.folder.write(self.info)

    def stop(self) -> None:
        """Take everything down, in the opposite order. Safe to call twice."""
        while self._undo:
            step = self._undo.pop()
            try:
                step()
            except Exception:
                log.exception("while stopping")

    def _finish_invocations(self) -> None:
        if not self.aws.host.close(FINISH_SECONDS):
            log.warning("functions still run; what they were doing is redelivered at the next start")

    def _mark(self, name: str) -> None:
        self._marks[name] = round(time.monotonic() - self._began, 2)
        log.info("%5.2f s  %s", self._marks[name], name)

    def _start_postgres(self) -> None:
        from local.databases import ensure_database

        self.postgres = PostgresServer(self.folder.postgres, durable=self._durable)
        self.postgres.start()
        ensure_database(self.postgres.port)
        self._mark("postgres")

    def _open_port(self) -> None:
        """Take the API's port before anything else: links are signed with it, and a taken one fails fast."""
        self._socket = listen(self._port)
        self._undo.append(self._socket.close)
        self._port = int(self._socket.getsockname()[1])

    @property
    def _api_url(self) -> str:
        return f"http://localhost:{self._port}"

    def _start_aws(self) -> None:
        if importlib.util.find_spec("opscopilot") is None:
            sys.path.insert(0, str(LAYER))
        from local.aws import LocalAws
        from local.template import load

        self._mark("imports")
        self.identity = Identity(self.folder.path)
        template = load(self._template, cache=self.folder.path / "cache")
        self.aws = LocalAws(template, self.folder.objects, self._overrides)
        self._mark("template")
        self.aws.start()
        self._undo.append(self.aws.stop)
        self.aws.verify_senders()
        self._mark("aws")

    def _overrides(self, _function: str) -> dict[str, str]:
        """What differs from AWS in a function's environment; everything else is the template's."""
        from local.s3_endpoint import PREFIX

        return {
            "STAGE": "local",
            "AWS_REGION": REGION,
            "POWERTOOLS_TRACE_DISABLED": "1",
            "POWERTOOLS_METRICS_DISABLED": "1",
            "DB_AUTH": "trust",
            "DB_POOL_SIZE": "4",  # as many as a function's threads; each may overflow to twice that
            "DB_CA_BUNDLE": "",
            "DB_MASTER_SECRET_ARN": "",
            "JWT_ISSUER": ISSUER,
            "JWT_AUDIENCE": AUDIENCE,
            "JWT_JWKS_URL": self.identity.jwks_url,
            "S3_PUBLIC_ENDPOINT": self._api_url + PREFIX.rstrip("/"),
            "CONSOLE_URL": self._api_url,
            "PUBLIC_URL": self._api_url,
            **_chosen_model(),
        }

    def _migrate(self) -> None:
        """Point the functions at the database and bring it to the newest revision."""
        from local.databases import NAME

        address = {"DB_HOST": "127.0.0.1", "DB_PORT": str(self.postgres.port), "DB_NAME": NAME}
        self.aws.set_environment(address)
        outcome = self.aws.call(self.aws.names["MigrateFunction"], {"task": "migrate"})
        if outcome.failed:
            raise StackError(f"the database could not be migrated: {outcome.payload}")
        self._mark("migrated")

    def _serve(self) -> None:
        from local import outbox, queues
        from local.gateway import Gateway, Server, cors_policy
        from local.pump import pumps
        from local.s3_endpoint import PREFIX, S3Endpoint
        from local.ticker import Ticker

        secret = os.environ["AWS_SECRET_ACCESS_KEY"]
        gateway = Gateway(
            self.aws.call,
            self.identity.verify,
            self.aws.template.routes(),
            cors_policy(self.aws),
            {
                PREFIX: S3Endpoint(self.aws.client("s3"), secret),
                outbox.PREFIX: outbox.endpoint,
                queues.PREFIX: queues.QueuesEndpoint(self.aws),
            },
        )
        for pump in pumps(self.aws):
            pump.start()
            self._undo.append(pump.stop)
        if self._background:
            ticker = Ticker(self.aws)
            ticker.start()
            self._undo.append(ticker.stop)
        server = Server(gateway, self._socket)
        server.start()
        self._undo.append(server.stop)
        self._mark("serving")
        self.info = self._describe()

    def _describe(self) -> StackInfo:
        def named(kind: str) -> dict[str, str]:
            found = (name for name, _ in self.aws.template.of_type(kind))
            return {name: self.aws.names[name] for name in found if name in self.aws.names}

        return StackInfo(
            api_url=self._api_url,
            pid=os.getpid(),
            pg_port=self.postgres.port,
            s3_public_endpoint=self._overrides("")["S3_PUBLIC_ENDPOINT"],
            state_dir=str(self.folder.path),
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            start_seconds=round(time.monotonic() - self._began, 2),
            buckets=named("AWS::S3::Bucket"),
            queues=named("AWS::SQS::Queue"),
            state_machines=named("AWS::StepFunctions::StateMachine"),
            outputs=self.aws.outputs,
            marks=dict(self._marks),
        )

    def _warm(self) -> None:
        """Import the API's function now rather than at its first request."""
        for route in self.aws.template.routes()[:1]:
            try:
                self.aws.host.handler(route.function)
            except Exception:
                log.exception("%s does not start", route.function)


def _chosen_model() -> dict[str, str]:
    """The language model the developer asked for, if any: OPENAI_* and the variable that `env:NAME` names."""
    names = ["OPENAI_API_KEY_SECRET", "OPENAI_BASE_URL", "OPENAI_MODEL"]
    secret = os.environ.get("OPENAI_API_KEY_SECRET", "")
    if secret.startswith("env:"):
        names.append(secret.removeprefix("env:"))
    return {name: os.environ[name] for name in names if os.environ.get(name)}
