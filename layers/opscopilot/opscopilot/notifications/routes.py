"""`/notify`: preferences, notifications, channels, alerts raised or taken on by people, and a test mail."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter

from opscopilot.kernel.plant_calendar import PlantCalendar
from opscopilot.notifications.alerts import routes as alert_routes
from opscopilot.notifications.alerts.routes import Relay
from opscopilot.notifications.channel_configs import routes as channel_routes
from opscopilot.notifications.channels import Channel, Kinds, SecretStore
from opscopilot.notifications.delivery import routes as delivery_routes
from opscopilot.notifications.links import routes as link_routes
from opscopilot.notifications.links.signing import Signer
from opscopilot.notifications.people import routes as people_routes
from opscopilot.notifications.policy import routes as policy_routes
from opscopilot.notifications.wording import routes as wording_routes
from opscopilot.web import PROBLEM_RESPONSES


def router(
    mail: Channel, relay: Relay, kinds: Kinds, calendar: PlantCalendar, secrets: Callable[[], SecretStore],
    links: Signer | None = None,
) -> APIRouter:  # fmt: skip
    """All routes under `/notify`. `mail` sends the test mail; `relay` publishes a manual alert after the commit;
    `kinds` are the channels of this installation and `secrets` the place of their secrets; `calendar` knows shifts
    and free days; `links` reads the one-time links of messages."""
    routes = APIRouter(prefix="/notify", tags=["notify"], responses=PROBLEM_RESPONSES)
    people_routes.add(routes, kinds, calendar)
    policy_routes.add(routes, kinds, calendar)
    delivery_routes.add(routes, kinds)
    alert_routes.add(routes, relay)
    channel_routes.add(routes, kinds, mail, secrets)
    wording_routes.add(routes, kinds)
    link_routes.add(routes, links)
    return routes
