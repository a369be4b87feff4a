"""Seam BaseExecutionWorkerCommunication.terminated: rules on failed executions fire."""

from __future__ import annotations

import json

from local.aws import LocalAws
from local.outbox import messages
from tests.contract.local.support import run_machine, wait_for


def test_a_failed_execution_reaches_the_operators_topic_and_a_good_one_does_not(aws: LocalAws) -> None:
    states = aws.client("stepfunctions")
    run_machine(aws, "ForecastingStateMachine", {"batches": 1})
    bad = states.start_execution(
        stateMachineArn=aws.names["ForecastingStateMachine"],
        name="bad",
        input=json.dumps({"batches": "not a number"}),
    )
    found = wait_for(lambda: [m for m in messages() if "FAILED" in m.text])
    assert len(messages()) == 1
    assert found[0].text.startswith(f"{bad['executionArn']} ended as FAILED: ")
    assert "TypeError" in found[0].text or "interpreted as an integer" in found[0].text
