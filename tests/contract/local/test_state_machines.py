"""Seam StateMachine.create_from_cloudformation_json: the template's machines really run."""

from __future__ import annotations

import json

import pytest

from local.aws import LocalAws
from tests.contract.local.support import finished, run_machine


def test_definitions_are_filled_in_and_executed(aws: LocalAws) -> None:
    assert run_machine(aws, "ForecastingStateMachine", {"batches": 5})["results"] == [0, 1, 4, 9, 16]


def test_an_error_is_retried_by_its_class_name(aws: LocalAws) -> None:
    event = {"detail": {"object": {"key": "landing/pending.csv"}}}
    assert run_machine(aws, "IngestionStateMachine", event)["attempts"] == 3


def test_an_error_is_caught_with_its_name_and_cause(aws: LocalAws) -> None:
    event = {"detail": {"object": {"key": "landing/boom.csv"}}}
    answer = run_machine(aws, "IngestionStateMachine", event)
    assert answer["status"] == "failed"
    assert answer["error"]["Error"] == "CannotRead"
    assert json.loads(answer["error"]["Cause"])["errorMessage"] == "no reader for landing/boom.csv"


def test_a_choice_may_end_early(aws: LocalAws) -> None:
    event = {"detail": {"object": {"key": "landing/skip.csv"}}}
    assert run_machine(aws, "IngestionStateMachine", event)["status"] == "skipped"


def test_many_executions_run_at_once(aws: LocalAws) -> None:
    states = aws.client("stepfunctions")
    run_machine(aws, "ForecastingStateMachine", {"batches": 1})  # a cold start changes os.environ, which others read
    before = len(states.list_executions(stateMachineArn=aws.names["ForecastingStateMachine"])["executions"])
    for index in range(8):
        states.start_execution(
            stateMachineArn=aws.names["ForecastingStateMachine"],
            name=f"many-{index}",
            input=json.dumps({"batches": index}),
        )
    done = finished(aws, "ForecastingStateMachine", before + 8)
    assert {entry["status"] for entry in done} == {"SUCCEEDED"}


def test_jsonata_is_evaluated(aws: LocalAws) -> None:
    pytest.importorskip("jsonata")
    states = aws.client("stepfunctions")
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "Sum",
        "States": {"Sum": {"Type": "Pass", "Output": {"total": "{% $sum($states.input.parts) %}"}, "End": True}},
    }
    machine = states.create_state_machine(
        name="jsonata", definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/any"
    )
    aws.names["jsonata"] = machine["stateMachineArn"]
    assert run_machine(aws, "jsonata", {"parts": [1, 2, 3.5]}) == {"total": 6.5}
