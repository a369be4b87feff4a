"""The policy's routes on their own, and a plant to call them for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fastapi import APIRouter

from opscopilot.adapters.channels import KINDS
from opscopilot.kernel.ids import uuid7
from opscopilot.notifications.policy import routes
from tests.integration.notifications.world import World
from tests.support.api import Api, make_api

SUNDAY_3AM = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


@pytest.fixture
def api(world: World) -> Api:
    under = APIRouter(prefix="/notify")
    routes.add(under, KINDS, world.calendar)
    return make_api(world.copilot, [under], world.clock)


@pytest.fixture
def plant(world: World) -> str:
    code = f"policy-{uuid7().hex[-12:]}"
    world.tenant(code=code)
    return code
