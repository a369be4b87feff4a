"""The channels of an installation, built from what the package `adapters.channels` holds."""

from __future__ import annotations

from opscopilot.adapters.channels import KINDS, _secrets, _web
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.settings import CopilotSettings, NotifySettings
from opscopilot.notifications.channels import Channel, Installation


def installation(settings: NotifySettings | CopilotSettings, clock: Clock) -> Installation:
    """What channels may use here. Nothing is opened before a channel asks for it."""
    return Installation(
        region=settings.aws_region, clock=clock, web=_web.opener(local=settings.stage == "local"),
        secrets=_secrets.opener(settings.aws_region), email_sender=settings.email_sender,
        email_configuration_set=settings.email_configuration_set,
    )  # fmt: skip


def channels(settings: NotifySettings, clock: Clock) -> dict[str, Channel]:
    """Every channel of this installation, by code."""
    here = installation(settings, clock)
    return {code: kind.build(here) for code, kind in KINDS.items()}
