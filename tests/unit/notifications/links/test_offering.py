"""Which links a message carries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from opscopilot.kernel.clock import FixedClock
from opscopilot.kernel.ids import uuid7
from opscopilot.notifications.links.keys import KeyRing
from opscopilot.notifications.links.offering import LABELS, Offer, no_links
from opscopilot.notifications.links.signing import LIFETIME, Link, Signer

NOW = datetime(2026, 1, 14, 11, tzinfo=UTC)
SIGNER = Signer(KeyRing(lambda: "k" * 40))


def offer() -> Offer:
    return Offer(SIGNER, "https://ops.example.com", FixedClock(NOW))


def row(**changed: Any) -> dict[str, Any]:
    return {"tenant_id": uuid4(), "alert_id": uuid4(), "user_id": "anna", "id": uuid4(), **changed}


def links(given: dict[str, Any]) -> list[Link]:
    return [SIGNER.read(one.url.rpartition("/")[2]) for one in offer().links_for(given)]


def test_a_message_offers_to_take_the_alert_on_and_to_be_reminded_later() -> None:
    given = row()
    assert [one.label for one in offer().links_for(given)] == list(LABELS.values())
    found = links(given)
    assert [one.action for one in found] == ["acknowledge", "snooze"]
    for one in found:
        assert (one.tenant_id, one.alert_id, one.user_id) == (given["tenant_id"], given["alert_id"], "anna")
        assert one.expires_at == NOW + LIFETIME
    assert found[0].link_id != found[1].link_id


def test_the_same_message_carries_the_same_links_however_often_it_is_tried() -> None:
    given = row(message_id=uuid7())
    assert offer().links_for(given) == offer().links_for(given)
    assert offer().links_for(given) != offer().links_for({**given, "message_id": uuid7()})


def test_the_three_days_begin_when_the_message_is_first_tried() -> None:
    (one, _) = links(row(message_id=uuid7()))
    assert abs(one.expires_at - LIFETIME - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("changed", [{"purpose": "resolved"}, {"user_role": "viewer"}])
def test_an_all_clear_and_somebody_who_may_only_look_get_none(changed: dict[str, str]) -> None:
    assert offer().links_for(row(**changed)) == ()


def test_an_alert_does_not_wait_for_its_buttons() -> None:
    """The key cannot be read: the message goes without links."""

    def broken() -> str:
        raise OSError("no answer")

    made = Offer(Signer(KeyRing(broken)), "https://ops.example.com", FixedClock(NOW))
    assert made.links_for(row()) == ()
    assert no_links(row()) == ()
