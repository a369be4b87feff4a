"""What people got told, and what their click does: the mail of one alert, its link, a question about next Sunday."""

from __future__ import annotations

import re
import time
from datetime import datetime
from html import unescape
from typing import Any

import httpx

from local.cli.when import wall_time
from local.client import ApiError, OpsClient

WHO = "mette"
_LINK = re.compile(r"https?://[^\s\"<>]+/api/v1/notify/act/[\w-]+")
_PATIENCE_S = 30.0


def alerting(api: OpsClient) -> dict[str, Any]:
    """What was sent, and what became of one alert when somebody used the link in its mail."""
    notifications = delivered(api)
    at = wall_time("sunday 03:00", datetime.now())  # noqa: DTZ005 — whatever Sunday comes next here
    return {
        "notifications": notifications,
        "taken_on": _taken_on(api, notifications["items"]),
        "simulation": api.post("/notify/simulate", {"alert_type": "ccp_breach", "severity": "critical", "at": at}),
    }


def delivered(api: OpsClient) -> dict[str, Any]:
    """Notifications once none is under way any more; those that wait on purpose say why."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        page: dict[str, Any] = api.get("/notify/notifications", limit=100)
        moving = [one for one in page["items"] if one["status"] == "sending" or _due(one)]
        if not moving and (page["items"] or time.monotonic() > deadline - _PATIENCE_S + 3):
            page["items"] = [api.get(f"/notify/notifications/{one['id']}") for one in page["items"]]
            return page
        if time.monotonic() > deadline:
            raise ApiError(
                0, {"detail": f"{len(moving)} notifications were still under way after {_PATIENCE_S:.0f} s."}
            )
        time.sleep(0.2)


def _due(notification: dict[str, Any]) -> bool:
    return notification["status"] == "pending" and notification["reason"] is None


def _taken_on(api: OpsClient, notifications: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Open a mail about an alert that is open, follow its link, press the button, press it again; nobody signs in.
    Then hand the alert back, so that the demo leaves everything as it found it. None when there is no such mail: after
    a restart of this machine's stack the outbox is empty."""
    mails = _mails(api)
    for one in reversed(notifications):
        mail = next((mail for mail in mails if one["title"] in mail["said"]), None)
        if one["user_id"] != WHO or one["status"] not in ("sent", "delivered") or mail is None:
            continue
        path = f"/notify/alerts/{one['alert_id']}"
        if api.get(path)["status"] != "open":
            continue
        with httpx.Client(timeout=30) as browser:
            page = browser.get(mail["link"])
            if page.status_code != 200:  # used by a run before this one
                continue
            before = api.get(path)
            statuses = [page.status_code, *(browser.post(mail["link"]).status_code for _ in range(2))]
        after = api.get(path)
        handed_back = api.call("DELETE", f"/notify/alert/{one['alert_id']}/acknowledge")
        return {"mail": mail, "page": page.text, "before": before, "statuses": statuses, "after": after,
                "handed_back": handed_back}  # fmt: skip
    return None


def _mails(api: OpsClient) -> list[dict[str, Any]]:
    """Mails with a link in the outbox of this machine, as their reader got them."""
    items = httpx.get(f"{api.url}/_local/outbox", params={"format": "json"}, timeout=30).json()["items"]
    found = []
    for one in items:
        said = unescape(f"{one['text']} {one['html']}")
        link = _LINK.search(said)
        if link and any(address.startswith(f"{WHO}@") for address in one["to"]):
            found.append({"subject": one["subject"], "sent_at": one["sent_at"], "said": said, "link": link[0]})
    return found
