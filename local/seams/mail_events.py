"""Seam ``SESV2Response.send_email``: SES's mailbox simulator.

A mail to bounce@, complaint@ or success@simulator.amazonses.com (also with +anything) has its event published where its
configuration set says, as on AWS. About other mails nothing is reported: on one machine nobody receives them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.sesv2.responses import SESV2Response

from local.seams import Patches
from local.seams.outbox import ses

SIMULATOR = "simulator.amazonses.com"
Publish = Callable[[str, str], None]
"""Topic and message."""


def install(patches: Patches, publish: Publish) -> None:
    """Report what the simulator's mailboxes do."""
    original = SESV2Response.send_email

    def send_email(self: SESV2Response) -> str:
        answer = original(self)
        asked = json.loads(self.body)
        found = ses().config_set_event_destination.get(asked.get("ConfigurationSetName", ""), {})
        topic = found.get("SNSDestination", {}).get("TopicARN")
        for address in asked.get("Destination", {}).get("ToAddresses", []):
            event = event_of(address, json.loads(answer)["MessageId"], asked)
            if topic and event:
                publish(topic, json.dumps(event))
        return answer

    patches.replace(SESV2Response, "send_email", send_email)


def event_of(address: str, message_id: str, asked: dict[str, Any]) -> dict[str, Any] | None:
    """What SES publishes about a mail to this address of its simulator; None for an address that is none."""
    name, _, domain = address.lower().rpartition("@")
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    what: dict[str, dict[str, Any]] = {
        "bounce": {"eventType": "Bounce", "bounce": {
            "feedbackId": f"f-{message_id}", "bounceType": "Permanent", "bounceSubType": "General", "timestamp": now,
            "bouncedRecipients": [{"emailAddress": address, "action": "failed", "status": "5.1.1",
                                   "diagnosticCode": "smtp; 550 5.1.1 user unknown"}],
            "reportingMTA": "dns; amazonses.com"}},
        "complaint": {"eventType": "Complaint", "complaint": {
            "feedbackId": f"f-{message_id}", "timestamp": now, "complaintFeedbackType": "abuse",
            "complainedRecipients": [{"emailAddress": address}]}},
        "success": {"eventType": "Delivery", "delivery": {
            "timestamp": now, "processingTimeMillis": 1, "recipients": [address], "smtpResponse": "250 2.6.0 accepted",
            "reportingMTA": "amazonses.com"}},
    }  # fmt: skip
    kind = name.split("+", 1)[0]
    if domain != SIMULATOR or kind not in what:
        return None
    tags = {one["Name"]: [one["Value"]] for one in asked.get("EmailTags", [])}
    tags["ses:configuration-set"] = [asked.get("ConfigurationSetName", "")]
    mail = {"timestamp": now, "messageId": message_id, "source": asked.get("FromEmailAddress", ""),
            "destination": [address], "headersTruncated": False, "tags": tags}  # fmt: skip
    return {**what[kind], "mail": mail}
