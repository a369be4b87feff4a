"""Which deployment, which tenant, whose token: options, environment, or the local stack that is running."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from local.client import OpsClient
from local.identity import Identity

STATE = Path(os.environ.get("OPS_STATE_DIR", ".local"))
DEFAULT_TENANT = "sample"


def stack_info() -> dict[str, Any]:
    """What the running local stack wrote about itself; RuntimeError with what to do when there is none."""
    path = STATE / "stack.json"
    if not path.exists():
        raise RuntimeError("No stack is running here. Start one with `ops up`, or give OPS_URL and OPS_TOKEN.")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def local_token(tenant: str, role: str, *, platform_admin: bool = False) -> str:
    """A token of the local stack's own key. Only the machine that runs the stack can make one."""
    claims: dict[str, Any] = {"platform_admin": True} if platform_admin else {}
    return Identity(STATE).issue(tenant, role, **claims)


def client(tenant: str | None = None, role: str = "planner", *, platform_admin: bool = False) -> OpsClient:
    """A client from OPS_URL and OPS_TOKEN, or for the local stack with a token made on the spot."""
    url, token = os.environ.get("OPS_URL"), os.environ.get("OPS_TOKEN")
    if url and token:
        return OpsClient(url, token)
    if url or token:
        raise RuntimeError(
            "OPS_URL and OPS_TOKEN belong together: set both for a deployment, neither for this machine."
        )
    info = stack_info()
    code = tenant or os.environ.get("OPS_TENANT", DEFAULT_TENANT)
    return OpsClient(info["api_url"], local_token(code, role, platform_admin=platform_admin))
