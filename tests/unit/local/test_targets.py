"""What targets of rules receive."""

from __future__ import annotations

from typing import Any

import pytest

from local.targets import find, shape_input

EVENT: dict[str, Any] = {
    "source": "opscopilot.forecasting",
    "resources": ["arn:a", "arn:b"],
    "detail-type": "AlertRaised",
    "detail": {"title": 'say "hi"', "amount": 12.5, "tags": ["a"], "nothing": None},
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", EVENT),
        ("$.detail.amount", 12.5),
        ("$.detail-type", "AlertRaised"),
        ("$.resources[1]", "arn:b"),
        ("$.resources[7]", None),
        ("$.detail.missing.deeper", None),
    ],
)
def test_paths(path: str, expected: Any) -> None:
    assert find(EVENT, path) == expected


def test_a_path_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="must start with"):
        find(EVENT, "detail.amount")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({}, EVENT),
        ({"Input": '{"task": "sweep"}'}, {"task": "sweep"}),
        ({"InputPath": "$.detail.tags"}, ["a"]),
        ({"InputTransformer": {"InputTemplate": '"fixed"'}}, "fixed"),
        ({"InputTransformer": {"InputTemplate": '{"all": <aws.events.event>}'}}, {"all": EVENT}),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"t": "$.detail.title", "n": "$.detail.amount", "x": "$.nope"},
                    "InputTemplate": '{"text": "<t> costs <n>", "raw": <t>, "number": <n>, "missing": <x>}',
                }
            },
            {"text": 'say "hi" costs 12.5', "raw": 'say "hi"', "number": 12.5, "missing": None},
        ),
        ({"InputTransformer": {"InputTemplate": "plain <text>"}}, "plain <text>"),
    ],
)
def test_inputs(target: dict[str, Any], expected: Any) -> None:
    assert shape_input(target, EVENT) == expected
