"""cfn-lint sees what SAM does not: it checks state machines only where their definition stands in the template."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from cfnlint import api  # type: ignore[import-untyped]
from cfnlint.config import ManualArgs  # type: ignore[import-untyped]

from local.template import Template
from tests.contract.template.state_machines import ROOT, substituted

DEFINITIONS = sorted(path.name.removesuffix(".asl.json") for path in (ROOT / "statemachines").glob("*.asl.json"))


def complaints(definition: str) -> list[str]:
    """What cfn-lint says of a state machine with this definition."""
    stub = {
        "Resources": {
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "DefinitionString": definition,
                    "RoleArn": "arn:aws:iam::123456789012:role/states",
                },
            }
        }
    }
    return [str(one) for one in api.lint(json.dumps(stub), config=ManualArgs(regions=["eu-west-1"]))]


def states(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every state by name, those inside a Map included."""
    found: dict[str, dict[str, Any]] = {}
    for name, state in definition["States"].items():
        found[name] = state
        if "ItemProcessor" in state:
            found |= states(state["ItemProcessor"])
    return found


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_cfn_lint_is_content_with_the_definition(definition: str) -> None:
    assert complaints(substituted(definition)) == []


def test_cfn_lint_would_complain_about_a_broken_one() -> None:
    assert complaints(substituted("ingestion").replace('"Type": "Succeed"', '"Type": "Success"'))


def reached(machine: dict[str, Any]) -> set[str]:
    """Names a walk from StartAt comes to, whether they exist or not."""
    found: set[str] = set()
    pending = [machine["StartAt"]]
    while pending:
        name = pending.pop()
        if name in found:
            continue
        found.add(name)
        state = machine["States"].get(name, {})
        steps = [state, *state.get("Choices", []), *state.get("Catch", [])]
        pending += [step[key] for step in steps for key in ("Next", "Default") if key in step]
    return found


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_every_step_leads_somewhere_and_every_state_is_reached(definition: str) -> None:
    machine = json.loads(substituted(definition))  # cfn-lint does not follow Next and Default
    inner = [state["ItemProcessor"] for state in machine["States"].values() if "ItemProcessor" in state]
    for one in [machine, *inner]:
        assert reached(one) == set(one["States"])


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_every_placeholder_is_substituted_and_every_substitution_used(template: Template, definition: str) -> None:
    text = (ROOT / "statemachines" / f"{definition}.asl.json").read_text(encoding="utf-8")
    (machine,) = (
        one["Properties"]
        for one in template.source["Resources"].values()
        if one.get("Properties", {}).get("DefinitionUri") == f"statemachines/{definition}.asl.json"
    )
    assert set(re.findall(r"\$\{(\w+)\}", text)) == set(machine["DefinitionSubstitutions"])


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_every_task_gives_up_in_time_is_retried_and_caught(definition: str) -> None:
    loaded = json.loads(substituted(definition))
    every = states(loaded)
    assert loaded["TimeoutSeconds"] <= 14400
    for name, state in every.items():
        if state["Type"] != "Task":
            continue
        assert state["TimeoutSeconds"] > 900, f"{name} would give up before its function does"
        assert "HeartbeatSeconds" not in state, f"{name}: a Lambda task sends no heartbeats and would always fail"
        assert state["Retry"], name
        # What closes something as failed is tried again until it is closed.
        assert "Catch" in state or name.endswith("Failed"), name
    assert every["MarkFailed"]["Next"] == "Failed"
    assert every["Failed"]["Type"] == "Fail"


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_definitions_stay_in_the_jsonpath_subset_the_local_interpreter_runs(definition: str) -> None:
    text = substituted(definition)
    assert "{%" not in text
    assert "QueryLanguage" not in text
    assert not re.search(r"\$[.\w]*\[\d", text)  # an index inside a path yields a list there


def test_errors_that_are_retried_by_name_exist_under_that_name() -> None:
    from opscopilot.kernel import errors

    for name in ("TransientError", "DependenciesPending", "Unavailable"):
        assert getattr(errors, name).__name__ == name
        assert f'"{name}"' in (ROOT / "statemachines" / "ingestion.asl.json").read_text(encoding="utf-8")
