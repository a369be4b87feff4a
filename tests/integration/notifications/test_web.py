"""An alert on its whole way to servers on this machine."""

from __future__ import annotations

import json
from typing import Any

from opscopilot.adapters.channels.slack import Slack
from opscopilot.adapters.channels.webhook import Webhook
from tests.integration.notifications.world import World, alert
from tests.support.servers.receivers import local_web, receiving


def test_an_alert_reaches_a_webhook_and_is_delivered(world: World) -> None:
    tenant = world.tenant()
    with receiving() as receiver, local_web() as web:
        world.person(
            tenant, mail=None, enabled_channels=["webhook", "slack"], webhook_url=receiver.url(), webhook_secret="s",
            slack_webhook=receiver.url("/slack"),
        )  # fmt: skip
        channels: dict[str, Any] = world.service.sender.channels  # type: ignore[assignment]
        channels |= {"webhook": Webhook(web, world.clock), "slack": Slack(web, lambda: None)}  # type: ignore[arg-type,return-value]
        event = alert(tenant)
        assert world.handle(event) == {"opened": 1, "delivered": 2}
    hook = next(json.loads(one["body"]) for one in receiver.got if one["path"] == "/hook")
    assert (hook["alert_id"], hook["severity"]) == (str(event.alert_id), "high")
    assert hook["notification_id"] in {str(row["id"]) for row in world.rows(tenant)}
    assert {row["status"] for row in world.rows(tenant)} == {"delivered"}
