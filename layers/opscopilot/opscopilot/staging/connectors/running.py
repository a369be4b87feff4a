"""Starting pulls and trials from the API: ports, and how long a trial is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from opscopilot.kernel.errors import Unavailable
from opscopilot.kernel.ids import uuid7
from opscopilot.staging.connectors.secrets import SecretStore

WAIT_S = 22.0  # the API itself has 29
_STEP_S = 0.2


class Ended(NamedTuple):
    """What became of an execution; `output` is None unless it ended well."""

    running: bool
    output: dict[str, Any] | None


class PullRuns(Protocol):
    """The state machine that pulls."""

    def start(self, tenant_id: UUID, run_id: UUID, payload: dict[str, Any]) -> None:
        """Start it; the same id again does nothing."""
        ...

    def ended(self, tenant_id: UUID, run_id: UUID) -> Ended:
        """Whether it still runs, and what it said at its end."""
        ...


@dataclass(frozen=True)
class PullArea:
    """What the connectors' routes reach. `local` is one machine: http addresses are taken there."""

    runs: PullRuns
    secrets: SecretStore
    local: bool = False
    sleep: Callable[[float], None] = time.sleep

    def pull(self, tenant_id: UUID, run_id: UUID, jobs: list[UUID]) -> None:
        """Start pulling these jobs, one after the other."""
        one = {"task": "pull", "tenant_id": str(tenant_id), "jobs": [str(job) for job in jobs]}
        self.runs.start(tenant_id, run_id, {"task": "pull_all", "pulls": [one]})

    def try_out(self, tenant_id: UUID, connector: str) -> dict[str, Any]:
        """What a connector's trial saw; Unavailable when it takes longer than a request may."""
        run_id = uuid7()
        self.runs.start(tenant_id, run_id, {"task": "pull_test", "tenant_id": str(tenant_id), "connector": connector})
        waited = 0.0
        while waited < WAIT_S:
            found = self.runs.ended(tenant_id, run_id)
            if not found.running:
                if found.output is None:
                    raise Unavailable("The trial broke off because of an error on our side.", code="trial_failed")
                return found.output
            self.sleep(_STEP_S)
            waited += _STEP_S
        raise Unavailable(
            f"The trial of '{connector}' takes longer than {WAIT_S:.0f} seconds: the system answers slowly, or not at "
            "all. Try one stream, or run it and follow the job.", code="trial_takes_long",
        )  # fmt: skip
