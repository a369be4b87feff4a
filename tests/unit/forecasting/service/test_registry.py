"""When a model counts as better, and when it has drifted. Pure."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from opscopilot.forecasting.registry import drift
from opscopilot.forecasting.registry.models import checked
from opscopilot.forecasting.registry.verdict import _faults, p_of
from opscopilot.forecasting.settings import PlanSettings
from opscopilot.kernel.errors import ValidationFailed


def pairs(**more: Any) -> dict[str, Any]:
    return {
        "series": 40,
        "absolute": 90.0,
        "champion_absolute": 100.0,
        "coverage": 0.95,
        "champion_coverage": 0.95,
    } | more


def test_p_of_a_mean_gain_is_one_sided() -> None:
    assert p_of(100, 0.0, 1.0) == pytest.approx(0.5)
    assert p_of(100, 0.1645, 1.0) == pytest.approx(0.05, abs=1e-3)
    assert p_of(100, -0.2, 1.0) == pytest.approx(0.977, abs=1e-3)
    assert (p_of(1, 0.5, None), p_of(50, 0.1, 0.0), p_of(50, 0.0, 0.0)) == (None, 0.0, 1.0)


@pytest.mark.parametrize(
    ("row", "p_value", "live", "said"),
    [
        (pairs(), 0.01, None, None),
        (pairs(series=29), 0.01, None, "at least 30"),
        (pairs(absolute=100.0), 0.01, None, "no less"),
        (pairs(), 0.06, None, "chance"),
        (pairs(), None, None, "unknown"),
        (pairs(coverage=0.90), 0.01, None, "intervals hold"),
        (pairs(coverage=0.94), 0.01, None, None),
        (pairs(), 0.01, 1.01, "against what came"),
        (pairs(), 0.01, 0.99, None),
    ],
)
def test_a_challenger_is_refused_with_the_reason(
    row: dict[str, Any], p_value: float | None, live: float | None, said: str | None
) -> None:
    found = _faults(row, p_value, live)
    assert found == [] if said is None else said in found[0]


def test_engine_settings_a_challenger_may_not_have() -> None:
    checked({"origins": 8, "gate": False})
    for wrong in ({"origns": 8}, {"origins": "8"}, {"origins": True}, {"gate": 1}, {"block": -1}):
        with pytest.raises(ValidationFailed, match="cannot be told"):
            checked(wrong)


@pytest.mark.parametrize(
    ("seen", "alarms"),
    [
        ({}, ()),
        ({"ratio": 1.4, "sure_ratio": 5.0}, ("error",)),
        ({"ratio": 1.4, "sure_ratio": 2.0}, ()),
        ({"ratio": 1.2, "sure_ratio": 9.0}, ()),
        ({"bias": -0.2, "sure_bias": -4.0}, ("bias",)),
        ({"bias": -0.05, "sure_bias": -9.0}, ()),
        ({"coverage_95": 0.85}, ("coverage",)),
        ({"ratio": 2.0, "sure_ratio": 9.0, "n": 99}, ()),
    ],
)
def test_drift_needs_size_and_certainty(seen: dict[str, Any], alarms: tuple[str, ...]) -> None:
    calm = {"n": 400, "ratio": 1.0, "sure_ratio": 0.0, "bias": 0.0, "sure_bias": 0.0, "coverage_95": 0.95}
    assert drift.alarms(calm | seen) == alarms


def test_drift_is_one_problem_per_kind_and_period() -> None:
    found = drift.Drift(40, 400, 1.5, 6.0, -0.2, -5.0, 0.85, ("error", "bias", "coverage"))
    version = cast(Any, SimpleNamespace(period="weekly", model_id=UUID(int=1), code="DEMAND-W-1"))
    raised = drift.conditions(version, found)
    assert [(one.type, one.key) for one in raised] == [
        ("forecast_bias", "forecast_bias:model:weekly"), ("anomaly", "anomaly:model:weekly"),
    ]  # fmt: skip
    assert "too high: bias -20.0%" in raised[0].message
    assert drift.conditions(version, drift.Drift(40, 400, 1.0, 0.0, 0.0, 0.0, 0.95, ())) == []


def test_settings_know_horizons_and_service_levels_by_class() -> None:
    settings = PlanSettings(horizons={"daily": 14})
    assert (settings.horizon("daily"), settings.horizon("weekly")) == (14, 13)
    assert [str(settings.service_level_of(one)) for one in ("A", "B", "C", None)] == ["0.98", "0.95", "0.90", "0.95"]
