"""A mail that shows whether mail works."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from opscopilot.kernel.db import Tx
from opscopilot.kernel.errors import Conflict, Forbidden, NotFound, Unavailable
from opscopilot.kernel.ids import uuid7
from opscopilot.notifications.access import Body
from opscopilot.notifications.channel_configs import store
from opscopilot.notifications.channels import Channel, DeliveryFailed, Message
from opscopilot.notifications.wording.printable import one_line
from opscopilot.web import Caller


class MailRequest(Body):
    """A mail to see whether mail works. Only people of your own tenant can be written to."""

    user_id: str | None = Field(None, max_length=200, description="Whom to write to; left out: yourself.")
    subject: str = Field("OpsCopilot can reach you", min_length=1, max_length=150)
    message: str = Field("This is a test. You will get alerts at this address.", min_length=1, max_length=2000)


class MailSent(BaseModel):
    """The mail service took it."""

    status: Literal["sent"] = "sent"
    to: str
    provider_id: str | None


def send_test(mail: Channel, body: MailRequest, caller: Caller) -> MailSent:
    """Only to people in the registry: an address in the body would make this an open relay."""
    who = caller.principal
    to = body.user_id or who.user_id
    if to != who.user_id and who.role != "admin":
        raise Forbidden("Only an admin may write to somebody else.", field="user_id", value=to, expected=who.user_id)
    address = caller.tx.scalar(
        """SELECT coalesce(a.address, u.email) FROM platform.users u
           LEFT JOIN notification.addresses a
               ON a.tenant_id = u.tenant_id AND a.user_id = u.user_id AND a.channel = 'email'
           WHERE u.user_id = :user_id AND u.status = 'active'""",
        user_id=to,
    ) or (who.email if to == who.user_id else None)  # fmt: skip
    if address is None:
        raise NotFound("No e-mail address of this user is known.", field="user_id", value=to)
    _check_not_suppressed(caller.tx, address)
    text = f"{body.message}\n\nSent by {who.user_id} at {caller.plant.name} through OpsCopilot."
    try:
        receipt = mail.send(Message(
            id=uuid7(), to=address, subject=one_line(body.subject), text=text, tenant_id=who.tenant_id,
            config=store.config(caller.tx, "email"),
        ))  # fmt: skip
    except DeliveryFailed as error:
        raise Unavailable(f"The mail was not taken: {error.detail}", code="mail_not_sent") from error
    return MailSent(to=address, provider_id=receipt.provider_id)


def _check_not_suppressed(tx: Tx, address: str) -> None:
    """An address that bounced gets nothing, test or not: who writes on loses the name of a good sender."""
    found = tx.one(
        """SELECT reason, since FROM notification.suppressed_addresses
           WHERE channel = 'email' AND address = lower(:address) AND lifted_at IS NULL""",
        address=address,
    )  # fmt: skip
    if found is not None:
        raise Conflict(
            f"Nothing is sent to this address since {found['since']:%Y-%m-%d}: {found['reason']}.",
            code="address_suppressed", field="user_id", expected="an address whose suppression an admin has lifted",
        )  # fmt: skip
