"""An alert's way to a person and back, on a whole running stack: told, taken on, bounced, signed, gathered."""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from local.client import OpsClient
from opscopilot.kernel.ids import tenant_id_for
from tests.support.e2e import Live, live, until

Facts = dict[str, Any]
LINK = re.compile(r"https?://[^\s\"<>]+/api/v1/notify/act/[A-Za-z0-9_.-]+")


@dataclass
class Plant:
    """One stack, one plant, its planner Pia."""

    live: Live
    stack: Any
    api: OpsClient
    code: str

    @property
    def address(self) -> str:
        """Pia's."""
        return f"pia@{self.code}.example.com"

    def mails(self, about: str) -> list[Facts]:
        """Mails to Pia that name that."""
        return [one for one in self.live.outbox() if one["to"] == [self.address] and about in one["html"]]

    def mail(self, about: str) -> Facts:
        """The mail about that, once it is there."""
        return until(lambda: self.mails(about), 30, f"mail about {about}")[0]

    def raised(self, title: str, severity: str = "critical", **more: Any) -> str:
        """The id of an alert that somebody raised."""
        body = {"severity": severity, "title": title, "message": "Stock covers two days.", **more}
        return str(self.api.post("/notify/alert", body)["alert_id"])

    def notifications(self, alert_id: str, *statuses: str) -> list[Facts]:
        """The alert's notifications once all of them have one of the statuses."""

        def settled() -> list[Facts] | None:
            found = self.api.get("/notify/notifications", alert_id=alert_id)["items"]
            return found if found and all(one["status"] in statuses for one in found) else None

        return until(settled, 30, f"notifications of {alert_id} in {statuses}")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Live, Any]]:
    with live(tmp_path_factory, background=True) as found:
        yield found


@pytest.fixture
def plant(running: tuple[Live, Any], request: pytest.FixtureRequest) -> Plant:
    """A plant of this test's own."""
    code = request.function.__name__.replace("test_", "").replace("_", "-")[:30].rstrip("-")
    one, stack = running
    return Plant(one, stack, one.tenant(code), code)


def test_fl4_the_link_in_the_mail_takes_an_alert_on_once_and_without_a_login(plant: Plant) -> None:
    alert_id = plant.raised("Hazelnuts run out", amount="12500", currency="EUR", deadline="2026-12-01T06:00:00+01:00",
                            entity_type="sku", entity_code="RM-001")  # fmt: skip
    mail = plant.mail("Hazelnuts run out")
    assert "12,500" in mail["subject"]
    assert "1 Dec" in mail["subject"]
    link = LINK.findall(html.unescape(mail["html"]))[0]
    shown = httpx.get(link)
    assert shown.status_code == 200
    assert "Hazelnuts run out" in shown.text
    assert plant.api.get(f"/notify/alerts/{alert_id}")["status"] == "open"  # looking is not acting
    assert httpx.post(link, data={"note": "Truck comes at noon"}).status_code == 200
    alert = plant.api.get(f"/notify/alerts/{alert_id}")
    assert alert["status"] == "acknowledged"
    assert alert["acknowledged_by"] == "pia"
    assert httpx.post(link, data={"note": "again"}).status_code == 409
    assert [one["kind"] for one in alert["history"]] == ["acknowledged", "opened"]  # newest first


def test_a_bounce_comes_back_and_the_address_is_left_alone(plant: Plant) -> None:
    alert_id = plant.raised("Oven 2 stops on Friday")
    sent = plant.notifications(alert_id, "sent")[0]
    detail = plant.api.get(f"/notify/notifications/{sent['id']}")
    report = {
        "eventType": "Bounce",
        "mail": {
            "timestamp": "2026-11-21T10:00:00.000Z", "messageId": detail["provider_id"],
            "destination": [plant.address], "source": "alerts@example.com",
            "tags": {"tenant": [str(tenant_id_for(plant.code))], "notification": [detail["message_id"]]},
        },
        "bounce": {
            "bounceType": "Permanent", "bounceSubType": "General", "timestamp": "2026-11-21T10:00:02.000Z",
            "feedbackId": "f-1",
            "bouncedRecipients": [{"emailAddress": plant.address, "diagnosticCode": "550 no such user"}],
        },
    }  # fmt: skip
    topic = plant.stack.aws.names["MailFeedbackTopic"]
    plant.stack.aws.client("sns").publish(TopicArn=topic, Message=json.dumps(report))
    assert plant.notifications(alert_id, "bounced")[0]["id"] == sent["id"]
    again = plant.notifications(plant.raised("Oven 2 stopped"), "suppressed")[0]
    assert "came back" in again["reason"]


@dataclass
class Receiver:
    """A machine that takes webhooks."""

    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[tuple[Receiver, str]]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found, f"http://127.0.0.1:{server.server_address[1]}/hook"
    server.shutdown()
    server.server_close()


def test_a_webhook_is_signed_with_the_secret_that_was_shown_once(plant: Plant, receiver: tuple[Receiver, str]) -> None:
    found, url = receiver
    machine = plant.live.api(plant.code, "plant_manager")
    secret = machine.post("/notify/preferences", {"webhook_url": url, "enabled_channels": ["webhook"]})[
        "webhook_secret"
    ]
    alert_id = plant.raised("Metal in lot 7", alert_type="ccp_breach")
    until(lambda: [one for one in found.got if b"Metal in lot 7" in one[1]], 30, "webhook")
    headers, body = next(one for one in found.got if b"Metal in lot 7" in one[1])
    stamp, said = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", headers["x-opscopilot-signature"]).groups()  # type: ignore[union-attr]
    assert hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest() == said
    assert json.loads(body)["alert_id"] == alert_id
    assert headers["idempotency-key"]


def test_simulate_says_who_would_be_told_on_sunday_at_three(plant: Plant) -> None:
    asked = {"alert_type": "stockout_risk", "severity": "critical", "at": "2026-11-22T03:00:00"}
    answer = plant.api.post("/notify/simulate", asked)
    assert "2026-11-22" in json.dumps(answer)
    assert "03:00" in json.dumps(answer)
    before = plant.api.get("/notify/notifications", limit=1)["total"]
    plant.api.post("/notify/simulate", asked)
    assert plant.api.get("/notify/notifications", limit=1)["total"] == before
