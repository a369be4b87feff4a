"""Which planned events of a plant explain which alerts: one table for everything that raises or tells alerts.

Running out, a breached limit of food safety, a late supplier and a held lot are never explained away: they need a
decision however well they were planned.
"""

from __future__ import annotations

from collections.abc import Mapping

from opscopilot.kernel.events import AlertType

WHOLE_PLANT = ("shutdown", "closed", "holiday")
EXPLAINED_BY: Mapping[AlertType, tuple[str, ...]] = {
    "anomaly": (*WHOLE_PLANT, "maintenance", "trial"),
    "forecast_bias": ("promotion", "event", *WHOLE_PLANT),
}


def explains(kind: str, alert_type: AlertType) -> bool:
    """Is an alert of that type what one expects while an event of that kind is on?"""
    return kind in EXPLAINED_BY.get(alert_type, ())


def explains_anything(kind: str) -> bool:
    """Is there any alert that an event of that kind explains?"""
    return any(kind in kinds for kinds in EXPLAINED_BY.values())
