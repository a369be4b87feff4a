"""Seam ``moto.events.models.Rule.send_to_targets``: deliver to the targets the template uses.

moto matches the pattern; what a target receives (Input, InputPath, InputTransformer) and how it gets there is
ours, because moto ignores two of the three and knows neither Lambda, Step Functions nor SNS.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.events.models import Rule

from local.seams import Patches
from local.targets import shape_input

Deliver = Callable[[str, Any, dict[str, Any]], None]


def install(patches: Patches, deliver: Deliver) -> None:
    """Send every matching event to ``deliver(target arn, shaped event, target)``."""

    def send_to_targets(self: Rule, original_event: Any, **_: Any) -> None:
        has_pattern = bool(self.event_pattern.get_pattern())
        if self.state == "DISABLED" or not has_pattern or not self.event_pattern.matches_event(original_event):
            return
        event = as_delivered(original_event)
        for target in self.targets:
            deliver(target["Arn"], shape_input(target, event), target)

    patches.replace(Rule, "send_to_targets", send_to_targets)


def as_delivered(event: Any) -> dict[str, Any]:
    """moto's internal event as EventBridge puts it on the wire: time as text, nothing extra."""
    wire = {key: value for key, value in event.items() if key not in ("ingestion-time", "replay-name")}
    time = wire.get("time")
    if isinstance(time, (int, float)):
        wire["time"] = datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return wire
