"""A plant with a person, an open alert, and the means to follow one-time links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import APIRouter

from opscopilot.kernel.ids import tenant_id_for, uuid7
from opscopilot.notifications.links import routes
from opscopilot.notifications.links.keys import KeyRing
from opscopilot.notifications.links.signing import Link, LinkAction, Signer
from tests.integration.notifications.world import NOON, World
from tests.support.api import Answer, Api, make_api

SIGNER = Signer(KeyRing(lambda: "k" * 64))


@dataclass
class Plant:
    """A plant with Anna, an open alert, and the means to follow links."""

    world: World
    api: Api
    code: str
    alert_id: UUID

    @property
    def tenant_id(self) -> UUID:
        return tenant_id_for(self.code)

    def token(self, action: LinkAction = "acknowledge", user_id: str = "anna", **changed: Any) -> str:
        """The token of a new link."""
        base = {"tenant_id": self.tenant_id, "alert_id": self.alert_id, "user_id": user_id, "action": action,
                "expires_at": self.world.clock.now() + timedelta(hours=72), "link_id": uuid4()}  # fmt: skip
        return SIGNER.token(Link(**{**base, **changed}))

    def show(self, link: str) -> Answer:
        return self.api.get(f"/notify/act/{link}")

    def use(self, link: str, **form: str) -> Answer:
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self.api("POST", f"/api/v1/notify/act/{link}", body=urlencode(form), headers=kind)

    def alert(self) -> dict[str, Any]:
        return self.world.rows(self.tenant_id, "SELECT * FROM notification.alerts WHERE alert_id = :id",
                               id=self.alert_id)[0]  # fmt: skip

    def uses(self) -> list[dict[str, Any]]:
        return self.world.rows(self.tenant_id, "SELECT * FROM notification.used_links")

    def history(self) -> list[tuple[str, str, str]]:
        rows = self.world.rows(
            self.tenant_id, "SELECT kind, actor, via FROM notification.alert_history ORDER BY at, id"
        )
        return [(one["kind"], one["actor"], one["via"]) for one in rows]

    def set(self, sql: str, **params: Any) -> None:
        with self.world.copilot.tenant(self.tenant_id) as tx:
            tx.execute(sql, **params)


def plant(world: World, code: str | None = None, title: str = "SKU-1 runs out on Friday") -> Plant:
    code = code or f"link-{uuid7().hex[-12:]}"
    tenant_id, alert_id = world.tenant(code=code), uuid7()
    world.person(tenant_id, "anna", role="planner")
    with world.notify.tenant(tenant_id) as tx:
        tx.execute(
            """INSERT INTO notification.alerts (tenant_id, alert_id, fingerprint, correlation_key, alert_type, severity,
                   title, message, entity_type, first_seen, last_seen, occurrences, amount, currency, deadline, place)
               VALUES (:t, :id, :key, :key, 'stockout_risk', 'high', :title, 'Stock covers 2 days.', 'sku', :now, :now,
                   1, :amount, 'EUR', :deadline, 'Bergen')""",
            t=tenant_id, id=alert_id, key=f"k:{alert_id}", title=title, now=NOON, amount=Decimal("12500.0000"),
            deadline=NOON + timedelta(days=2),
        )  # fmt: skip
    mounted = APIRouter(prefix="/notify")
    routes.add(mounted, SIGNER)
    return Plant(world, make_api(world.copilot, [mounted], world.clock), code, alert_id)
