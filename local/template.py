"""Read template.yaml: expand SAM offline, and say what it asks of services that CloudFormation only sets up."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from local.constants import REGION
from local.environment import offline_environment

CODE = "s3://opscopilot-local-code/function.zip"  # sam build uploads the real thing; here files run in place
_ANY = "x-amazon-apigateway-any-method"
_INTEGRATION = "x-amazon-apigateway-integration"
_FUNCTION_ARN = re.compile(r"\$\{(\w+)\.Arn\}")


class TemplateError(ValueError):
    """The template asks for something the one-machine runtime cannot give; the message names the resource."""


@dataclass(frozen=True)
class Route:
    """One route of the HTTP API. ``path`` may hold ``{name}`` and a trailing ``{name+}``."""

    method: str
    path: str
    public: bool
    function: str


@dataclass(frozen=True)
class Schedule:
    """A timetable and what it starts; all but the name may hold intrinsics."""

    name: str
    expression: Any
    timezone: Any
    target: Any
    input: Any


@dataclass(frozen=True)
class EventSource:
    """An SQS queue that feeds a function; ``queue`` and ``function`` may hold intrinsics."""

    name: str
    queue: Any
    function: Any
    batch_size: int
    window_seconds: int
    partial: bool


@dataclass(frozen=True)
class AsyncInvocation:
    """How often a failed asynchronous invocation is tried again, and where it goes in the end."""

    retries: int = 2
    destination: Any = None


@dataclass(frozen=True)
class Cors:
    """What the API answers to browsers of other origins; lists may hold intrinsics."""

    origins: Any = ()
    methods: Any = ()
    headers: Any = ()
    max_age: Any = None


@dataclass(frozen=True)
class Template:
    """One template, as written (``source``) and expanded to plain CloudFormation (``resources``)."""

    folder: Path
    source: dict[str, Any]
    expanded: dict[str, Any]
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Logical id → resource of the expanded template."""
        found: dict[str, dict[str, Any]] = self.expanded["Resources"]
        return found

    def of_type(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """(logical id, properties) of the resources of one CloudFormation type."""
        for name, resource in self.resources.items():
            if resource["Type"] == kind:
                yield name, resource.get("Properties", {})

    @cached_property
    def code(self) -> dict[str, Path]:
        """Function's logical id → folder of its code, Globals applied."""
        shared = self.source.get("Globals", {}).get("Function", {}).get("CodeUri")
        return {
            name: self.folder / resource.get("Properties", {}).get("CodeUri", shared)
            for name, resource in self.source["Resources"].items()
            if resource["Type"] == "AWS::Serverless::Function"
        }

    def routes(self) -> list[Route]:
        """The API's routes. A route is public when nothing secures it, or its authorizer is NONE."""
        found: list[Route] = []
        for _, api in self.of_type("AWS::ApiGatewayV2::Api"):
            for path, methods in api.get("Body", {}).get("paths", {}).items():
                for method, operation in methods.items():
                    if isinstance(operation, dict) and _INTEGRATION in operation:
                        found.append(_route(path, method, operation))
        return found

    def cors(self) -> Cors:
        """The API's CORS configuration, empty when it has none."""
        for _, api in self.of_type("AWS::ApiGatewayV2::Api"):
            found = api.get("CorsConfiguration") or api.get("Body", {}).get("x-amazon-apigateway-cors")
            if found:
                folded = {key.lower(): value for key, value in found.items()}
                return Cors(
                    folded.get("alloworigins", ()),
                    folded.get("allowmethods", ()),
                    folded.get("allowheaders", ()),
                    folded.get("maxage"),
                )
        return Cors()

    def schedules(self) -> list[Schedule]:
        """EventBridge Scheduler schedules and scheduled rules that are enabled."""
        found: list[Schedule] = []
        for name, properties in self.of_type("AWS::Scheduler::Schedule"):
            if properties.get("State", "ENABLED") == "ENABLED":
                target = properties["Target"]
                zone = properties.get("ScheduleExpressionTimezone", "UTC")
                expression = properties["ScheduleExpression"]
                found.append(Schedule(name, expression, zone, target["Arn"], target.get("Input")))
        for name, properties in self.of_type("AWS::Events::Rule"):
            if "ScheduleExpression" in properties and properties.get("State", "ENABLED") == "ENABLED":
                for target in properties["Targets"]:
                    expression = properties["ScheduleExpression"]
                    found.append(Schedule(name, expression, "UTC", target["Arn"], target.get("Input")))
        return found

    def async_invocations(self) -> dict[str, AsyncInvocation]:
        """Function's logical id → what its EventInvokeConfig says."""
        found: dict[str, AsyncInvocation] = {}
        for _, properties in self.of_type("AWS::Lambda::EventInvokeConfig"):
            destination = properties.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
            retries = int(properties.get("MaximumRetryAttempts", 2))
            found[properties["FunctionName"]["Ref"]] = AsyncInvocation(retries, destination)
        return found

    def event_sources(self) -> list[EventSource]:
        """SQS queues that feed functions."""
        found: list[EventSource] = []
        for name, properties in self.of_type("AWS::Lambda::EventSourceMapping"):
            if "FilterCriteria" in properties:
                raise TemplateError(f"{name}: FilterCriteria on an SQS event source is not run locally")
            if properties.get("Enabled", True):
                found.append(
                    EventSource(
                        name,
                        properties["EventSourceArn"],
                        properties["FunctionName"],
                        int(properties.get("BatchSize", 10)),
                        int(properties.get("MaximumBatchingWindowInSeconds", 0)),
                        "ReportBatchItemFailures" in properties.get("FunctionResponseTypes", []),
                    )
                )
        return found


def load(
    path: Path,
    overrides: Mapping[str, str] | None = None,
    region: str = REGION,
    cache: Path | None = None,
) -> Template:
    """Read and expand the template. Parameters take their defaults unless overridden.

    Expanding takes a second; with a ``cache`` folder the result is kept there and used until anything it was
    made from changes. Raises TemplateError when the file is no valid SAM template, saying why.
    """
    source = parse_yaml(path.read_text(encoding="utf-8"))
    parameters = _parameters(source, overrides or {})
    packaged = _packaged(source, path.parent)
    given = {**parameters, "AWS::Region": region}
    version = metadata.version("aws-sam-translator")
    digest = hashlib.sha256(json.dumps([packaged, given, version]).encode()).hexdigest()[:24]
    kept = cache / f"template-{digest}.json" if cache is not None else None
    if kept is not None and kept.exists():
        return Template(path.parent, source, json.loads(kept.read_text("utf-8")), parameters)
    expanded = _expand(path, packaged, given)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(expanded), "utf-8")
        part.replace(kept)
    return Template(path.parent, source, expanded, parameters)


def _expand(path: Path, packaged: dict[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.translator.transform import transform

    try:
        with offline_environment():  # the translator asks botocore for a region
            expanded = transform(packaged, dict(parameters), _NoManagedPolicies())
    except InvalidDocumentException as error:
        reasons = "; ".join(str(cause.message) for cause in error.causes)
        raise TemplateError(f"{path}: {reasons}") from error
    plain: dict[str, Any] = json.loads(json.dumps(expanded, default=str))
    return plain


def parse_yaml(text: str) -> dict[str, Any]:
    """CloudFormation YAML, with its ``!Ref`` short forms as the long ones."""
    loaded: dict[str, Any] = yaml.load(text, _Loader)
    return loaded


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """SafeLoader plus CloudFormation's tags."""


def _intrinsic(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _intrinsic)


class _NoManagedPolicies:
    """The translator asks IAM for managed policies' ARNs; locally nobody checks permissions."""

    def load(self) -> dict[str, str]:
        return {}


def _parameters(source: dict[str, Any], overrides: Mapping[str, str]) -> dict[str, str]:
    declared: dict[str, Any] = source.get("Parameters", {})
    unknown = sorted(set(overrides) - set(declared))
    if unknown:
        raise TemplateError(f"parameters {unknown} are not in the template, which has {sorted(declared)}")
    return {
        name: str(overrides.get(name, declaration.get("Default", f"local-{name.lower()}")))
        for name, declaration in declared.items()
    }


def _packaged(source: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A copy of the template as ``sam package`` leaves it: code uploaded, definitions inlined."""
    packaged: dict[str, Any] = json.loads(json.dumps(source, default=str))
    packaged.get("Globals", {}).get("Function", {}).pop("CodeUri", None)
    for resource in packaged["Resources"].values():
        properties = resource.setdefault("Properties", {})
        if resource["Type"] == "AWS::Serverless::StateMachine" and isinstance(properties.get("DefinitionUri"), str):
            properties["Definition"] = json.loads((folder / properties.pop("DefinitionUri")).read_text("utf-8"))
        elif resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = CODE
        elif resource["Type"] == "AWS::Serverless::LayerVersion":
            properties["ContentUri"] = CODE
    return packaged


def _route(path: str, method: str, operation: dict[str, Any]) -> Route:
    secured = [name for entry in operation.get("security", []) for name in entry]
    functions = _FUNCTION_ARN.findall(json.dumps(operation[_INTEGRATION]))
    if not functions:
        raise TemplateError(f"route {method} {path} does not lead to a function of this template")
    return Route(
        "ANY" if method == _ANY else method.upper(),
        path,
        not secured or "NONE" in secured,
        functions[0],
    )
