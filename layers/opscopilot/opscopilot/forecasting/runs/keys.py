"""What travels through the state machine: whose run it is, and which version of it a step is about."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class RunKey(BaseModel):
    """A run and whose it is."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    tenant_id: UUID
    run_id: UUID


class VersionKey(RunKey):
    """A version that the run works on."""

    version_id: UUID

    def as_json(self) -> dict[str, Any]:
        """As it travels."""
        return self.model_dump(mode="json")


class BatchKey(VersionKey):
    """One batch of it."""

    batch: int
