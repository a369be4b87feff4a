"""One-time links of this installation: who signs them, who reads them."""

from __future__ import annotations

from opscopilot.adapters.secrets import secret_text
from opscopilot.kernel.clock import Clock
from opscopilot.kernel.settings import CopilotSettings, NotifySettings
from opscopilot.notifications.links.keys import KeyRing
from opscopilot.notifications.links.offering import LinksFor, Offer, no_links
from opscopilot.notifications.links.signing import Signer


def link_signer(settings: CopilotSettings | NotifySettings) -> Signer | None:
    """Reads and makes links with the installation's key, which is asked for at the first link; None without a key."""
    if settings.link_key_secret is None:
        return None
    return Signer(KeyRing(secret_text(settings.aws_region, settings.link_key_secret)))


def links_for(settings: NotifySettings, clock: Clock) -> LinksFor:
    """The links of a message; none where no key or no public address is set, and the message says what else to do."""
    signer = link_signer(settings)
    if signer is None or settings.public_url is None:
        return no_links
    return Offer(signer, settings.public_url, clock).links_for
