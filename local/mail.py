"""What becomes of mails on one machine: SES's configuration sets, the topics they report to, the queues that listen.

moto's CloudFormation makes neither subscriptions nor configuration sets; its API does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from local.template import Template

SUBSCRIPTION = "AWS::SNS::Subscription"
EVENTS = "AWS::SES::ConfigurationSetEventDestination"


def expressions(template: Template) -> dict[str, Any]:
    """What has to be known of the stack to set this up, by the name under which it comes back resolved."""
    wanted: dict[str, Any] = {}
    for name, properties in _queues_that_listen(template):
        wanted[f"{name}.topic"] = properties["TopicArn"]
        wanted[f"{name}.queue"] = properties["Endpoint"]
    for name, properties in template.of_type(EVENTS):
        wanted[f"{name}.set"] = properties["ConfigurationSetName"]
        wanted[f"{name}.topic"] = properties["EventDestination"]["SnsDestination"]["TopicARN"]
    return wanted


def configure(template: Template, resolved: Mapping[str, str], client: Callable[[str], Any]) -> None:
    """Subscribe the queues, make the configuration sets and say where their events go. `resolved`: `expressions` as
    they came out; `client` makes the client of a service."""
    sns, ses = client("sns"), client("ses")
    for name, properties in _queues_that_listen(template):
        raw = str(properties.get("RawMessageDelivery", False)).lower()
        sns.subscribe(
            TopicArn=resolved[f"{name}.topic"], Protocol="sqs", Endpoint=resolved[f"{name}.queue"],
            Attributes={"RawMessageDelivery": raw},
        )  # fmt: skip
    for name, properties in template.of_type(EVENTS):
        told = properties["EventDestination"]
        ses.create_configuration_set(ConfigurationSet={"Name": resolved[f"{name}.set"]})
        ses.create_configuration_set_event_destination(
            ConfigurationSetName=resolved[f"{name}.set"],
            EventDestination={
                "Name": name, "Enabled": told.get("Enabled", True), "MatchingEventTypes": told["MatchingEventTypes"],
                "SNSDestination": {"TopicARN": resolved[f"{name}.topic"]},
            },
        )  # fmt: skip


def _queues_that_listen(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((name, one) for name, one in template.of_type(SUBSCRIPTION) if one.get("Protocol") == "sqs")
