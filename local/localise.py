"""Turn the expanded template into one that moto's CloudFormation can create.

Kept is what does work locally. What has no meaning on one machine (network, database, alarms) or what this
runtime does itself (API, schedules, event sources) is dropped, and references to it become plain text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

KEPT = frozenset(
    {
        "AWS::S3::Bucket",
        "AWS::SQS::Queue",
        "AWS::SNS::Topic",
        "AWS::Events::EventBus",
        "AWS::Events::Rule",
        "AWS::StepFunctions::StateMachine",
        "AWS::Lambda::Function",
        "AWS::IAM::Role",
    }
)
# Properties moto's CloudFormation stumbles over and nothing local reads.
DROPPED_PROPERTIES = frozenset({"VpcConfig", "Layers", "LoggingConfiguration", "TracingConfiguration"})
# Names are fixed, so that ARNs and the objects kept on disk are the same after every start.
NAME_PROPERTY = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
    "AWS::Events::Rule": "Name",
}
STACK = "opscopilot-local"
RESOLVED = "LocalResolved"
# moto answers a Ref to these with an object instead of a name; the attribute says the same.
REF_ATTRIBUTE = {"AWS::Events::EventBus": "Name"}
SUBSTITUTE = "local-"  # what a reference to a dropped resource becomes: this and its name
_SUB = re.compile(r"\$\{([^!}][^}]*)\}")


def localise(
    expanded: Mapping[str, Any],
    substitutes: Mapping[str, str] | None = None,
    resolve: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The template to create locally.

    ``substitutes`` says what references to dropped resources become (``Database.Endpoint.Address`` or plain
    ``Database``); others become ``local-<name>``. ``resolve`` are expressions whose values are wanted after
    creation; they come back as outputs named ``LocalResolved<key>``.
    """
    resources: Mapping[str, Any] = expanded["Resources"]
    gone = {name for name, resource in resources.items() if resource["Type"] not in KEPT}
    attributes = {
        name: REF_ATTRIBUTE[resource["Type"]]
        for name, resource in resources.items()
        if resource["Type"] in REF_ATTRIBUTE
    }
    walker = _Walker(gone, substitutes or {}, attributes)
    local: dict[str, Any] = {
        "Resources": {name: walker.walk(_named(name, r)) for name, r in resources.items() if name not in gone},
        "Outputs": walker.walk(dict(expanded.get("Outputs", {})))
        | {f"{RESOLVED}{key}": {"Value": walker.walk(value)} for key, value in (resolve or {}).items()},
    }
    for section in ("Parameters", "Mappings", "Conditions"):
        if section in expanded:
            local[section] = walker.walk(expanded[section])
    for declaration in local.get("Parameters", {}).values():
        if str(declaration.get("Type", "")).startswith("AWS::SSM::"):
            declaration["Type"] = "String"
    for resource in local["Resources"].values():
        _forget_dependencies(resource, gone)
    for output in local["Outputs"].values():
        output.pop("Export", None)
    return local


class _Walker:
    """Rewrites references to dropped resources wherever they stand."""

    def __init__(self, gone: set[str], substitutes: Mapping[str, str], attributes: Mapping[str, str]) -> None:
        self._gone = gone
        self._attributes = attributes
        self._substitutes = substitutes

    def walk(self, node: Any) -> Any:
        """``node`` with nothing in it that refers to a dropped resource."""
        if isinstance(node, list):
            return [self.walk(item) for item in node]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((key, value),) = node.items()
            if key == "Ref" and value in self._gone:
                return self._text(value)
            if key == "Ref" and value in self._attributes:
                return {"Fn::GetAtt": [value, self._attributes[value]]}
            if key == "Fn::GetAtt":
                path = value if isinstance(value, str) else ".".join(str(part) for part in value)
                return self._text(path) if path.split(".", 1)[0] in self._gone else node
            if key == "Fn::Sub":
                return {key: self._sub(value)}
        return {key: self.walk(value) for key, value in node.items() if key not in DROPPED_PROPERTIES}

    def _sub(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._sub(value[0]), self.walk(value[1])]

        def fill(match: re.Match[str]) -> str:
            path = match.group(1)
            if path in self._attributes:
                return f"${{{path}.{self._attributes[path]}}}"
            return self._text(path) if path.split(".", 1)[0] in self._gone else match.group(0)

        return _SUB.sub(fill, str(value))

    def _text(self, path: str) -> str:
        return self._substitutes.get(path, f"{SUBSTITUTE}{path}")


def _named(name: str, resource: Mapping[str, Any]) -> dict[str, Any]:
    """The resource with a fixed physical name, unless the template gives it one."""
    properties = dict(resource.get("Properties", {}))
    name_property = NAME_PROPERTY.get(resource["Type"])
    if name_property is not None and name_property not in properties:
        physical = name[:64]
        if resource["Type"] == "AWS::S3::Bucket":
            physical = f"{STACK}-{name.lower()}"[:63]
        elif properties.get("FifoQueue") or properties.get("FifoTopic"):
            physical += ".fifo"
        properties[name_property] = physical
    return {**resource, "Properties": properties}


def _forget_dependencies(resource: dict[str, Any], gone: set[str]) -> None:
    depends = resource.pop("DependsOn", [])
    kept = [name for name in ([depends] if isinstance(depends, str) else depends) if name not in gone]
    if kept:
        resource["DependsOn"] = kept
