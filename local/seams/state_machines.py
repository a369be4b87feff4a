"""Seam ``moto.stepfunctions.models.StateMachine.create_from_cloudformation_json``.

moto's CloudFormation makes state machines in the backend that does not execute and leaves
DefinitionSubstitutions unfilled; this makes them in the executing one, filled in.
"""

from __future__ import annotations

import json
from typing import Any

from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from local.seams import Patches


def install(patches: Patches) -> None:
    """Create AWS::StepFunctions::StateMachine in the backend that runs definitions."""

    def create(
        _cls: type[StateMachine],
        /,
        resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> Any:
        properties = cloudformation_json["Properties"]
        return stepfunctions_parser_backends[account_id][region_name].create_state_machine(
            properties.get("StateMachineName", resource_name),
            filled_definition(properties),
            properties.get("RoleArn", ""),
        )

    patches.replace(StateMachine, "create_from_cloudformation_json", classmethod(create))


def filled_definition(properties: dict[str, Any]) -> str:
    """The definition's text with every ``${Name}`` of DefinitionSubstitutions replaced."""
    definition = properties.get("DefinitionString") or json.dumps(properties["Definition"])
    for name, value in (properties.get("DefinitionSubstitutions") or {}).items():
        definition = definition.replace(f"${{{name}}}", str(value))
    return str(definition)
