"""The AWS of one machine: moto in this process, the template's stack in it, and our seams around it."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import threading
import uuid
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from moto import mock_aws

from local import mail
from local.constants import ACCOUNT, REGION
from local.environment import offline_environment
from local.functions import FunctionHost, FunctionSpec, Outcome
from local.localise import RESOLVED, STACK, SUBSTITUTE, localise
from local.objects import ObjectStore
from local.seams import (
    Patches,
    definitions,
    event_rules,
    execution_status,
    jsonata,
    lambda_invoke,
    mail_events,
    outbox,
    s3_requests,
    secrets,
    state_machines,
)
from local.template import CODE, AsyncInvocation, Template

log = logging.getLogger(__name__)

LARGE_OBJECT = str(1 << 20)  # bytes; larger ones wait in temporary files instead of memory
CONCURRENCY = 6  # invocations of one function at once: the four batches of a map, and somebody who asks meanwhile
API_CONCURRENCY = 8
RETRY_SECONDS = 1.0  # after the first failure, twice that after the second; Lambda counts in minutes

_ONE_AT_A_TIME = threading.Lock()  # moto's backends and the seams belong to the process

Overrides = Callable[[str], Mapping[str, str]]


class LocalAws:
    """Create it, ``start()``, use boto3 as anywhere, ``stop()``. One at a time in a process."""

    def __init__(self, template: Template, objects: Path, overrides: Overrides) -> None:
        self.template = template
        self.names: dict[str, str] = {}
        self.outputs: dict[str, str] = {}
        self.resolved: dict[str, str] = {}
        self.host = FunctionHost({})
        self.store = ObjectStore(objects, ACCOUNT)
        self._secrets = objects.parent / "secrets.json"
        self._overrides = overrides
        self._patches = Patches()
        self._mock = mock_aws(
            config={"core": {"mock_credentials": False}, "stepfunctions": {"execute_state_machine": True}}
        )
        self._background = ThreadPoolExecutor(8, thread_name_prefix="async-invoke")
        self._environment = contextlib.ExitStack()
        self._logical: dict[str, str] = {}
        self._queue_urls: dict[str, str] = {}
        self._stopped = threading.Event()

    def start(self) -> None:
        """Mock AWS, install the seams, create the stack and put back the objects kept on disk."""
        if not _ONE_AT_A_TIME.acquire(blocking=False):
            raise RuntimeError("another LocalAws runs in this process; stop it first")
        self._environment.enter_context(offline_environment())
        os.environ["MOTO_S3_DEFAULT_KEY_BUFFER_SIZE"] = LARGE_OBJECT
        self._mock.start()
        try:
            self._install_seams()
            secrets.generate(self.template.of_type("AWS::SecretsManager::Secret"), SUBSTITUTE)
            self._create_stack()
            self._configure_buckets()
            mail.configure(self.template, self.resolved, self.client)
            outbox.install()
            self.host = FunctionHost(self._functions())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop background invocations and give the process its real boto3 back. Twice is harmless."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self._background.shutdown(wait=True, cancel_futures=True)
        with contextlib.suppress(Exception):  # a start that failed early has no machines to stop
            self._stop_executions()
        self._patches.undo()
        self._mock.stop()
        self._environment.close()
        _ONE_AT_A_TIME.release()

    def set_environment(self, variables: Mapping[str, str]) -> None:
        """Give every function these variables as well; before any of them has started."""
        self.host = FunctionHost(
            {
                name: replace(spec, environment={**spec.environment, **variables})
                for name, spec in self.host.specs.items()
            }
        )

    def verify_senders(self) -> None:
        """Make SES accept the senders the functions use; on AWS somebody confirms them once."""
        ses = self.client("ses")
        for sender in {spec.environment.get("EMAIL_SENDER") for spec in self.host.specs.values()}:
            if sender:
                ses.verify_email_identity(EmailAddress=sender)

    def _stop_executions(self) -> None:
        """A thread that outlived the mock would speak to the real AWS."""
        for name, _ in self.template.of_type("AWS::StepFunctions::StateMachine"):
            listed = self._states.list_executions(stateMachineArn=self.names[name], statusFilter="RUNNING")
            for execution in listed["executions"]:
                self._states.stop_execution(executionArn=execution["executionArn"])

    def client(self, service: Any) -> Any:
        """A boto3 client of the local AWS."""
        return boto3.client(service, region_name=REGION)

    def call(self, name: str, event: Any) -> Outcome:
        """Invoke a function by its physical name and wait."""
        logical = self._logical.get(name, name)
        return self.host.invoke(logical, event, f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")

    def call_later(self, name: str, event: Any) -> None:
        """Invoke asynchronously: two retries, as Lambda does, then a line in the log."""
        with contextlib.suppress(RuntimeError):  # shutting down; the outbox sends it again at the next start
            self._background.submit(self._call_with_retries, name, event)

    def _call_with_retries(self, name: str, event: Any) -> None:
        logical = self._logical.get(name, name)
        plan = self.template.async_invocations().get(logical, AsyncInvocation())
        for attempt in range(1, plan.retries + 2):
            outcome = self.call(name, event)
            if not outcome.failed or self._stopped.is_set():
                return
            log.warning("asynchronous invocation of %s failed: %s", name, outcome.payload)
            if attempt <= plan.retries and self._stopped.wait(RETRY_SECONDS * attempt):
                return
        if destination := self.resolved.get(f"{logical}.on_failure"):
            self.deliver(destination, _failure_record(name, event, outcome, plan.retries + 1))

    def publish(self, entry: dict[str, Any]) -> None:
        """Put one event (a PutEvents entry) on its bus; nothing once the stack is stopping."""
        if not self._stopped.is_set():
            self._events.put_events(Entries=[entry])

    def deliver(self, arn: str, event: Any, target: Mapping[str, Any] | None = None) -> None:
        """Hand ``event`` to a target by ARN: rules and schedules both end here.

        A delivery that fails is logged and not raised: whoever put the event is not its consumer.
        """
        try:
            self._deliver(arn, event, target or {})
        except Exception:
            log.exception("event could not be delivered to %s", arn)
            if dead_letters := (target or {}).get("DeadLetterConfig", {}).get("Arn"):
                self.deliver(dead_letters, event)

    def _deliver(self, arn: str, event: Any, target: Mapping[str, Any]) -> None:
        service, name = arn.split(":")[2], arn.rsplit(":", 1)[-1]
        body = event if isinstance(event, str) else json.dumps(event)
        if service == "lambda":
            self.call_later(name, event)
        elif service == "states":
            self._states.start_execution(stateMachineArn=arn, name=str(uuid.uuid4()), input=body)
        elif service == "sns":
            self._sns.publish(TopicArn=arn, Message=body)
        elif service == "sqs":
            group = target.get("SqsParameters", {}).get("MessageGroupId")
            self._sqs.send_message(
                QueueUrl=self.queue_url(name), MessageBody=body, **({"MessageGroupId": group} if group else {})
            )
        elif service == "events":
            self.publish(
                {
                    "Source": event["source"],
                    "DetailType": event["detail-type"],
                    "Detail": json.dumps(event["detail"]),
                    "Resources": event.get("resources", []),
                    "EventBusName": arn,
                }
            )
        else:
            raise NotImplementedError(f"the one-machine runtime delivers no events to {service!r}")

    def queue_url(self, name: str) -> str:
        """The URL of a queue by its physical name."""
        if name not in self._queue_urls:
            self._queue_urls[name] = self._sqs.get_queue_url(QueueName=name)["QueueUrl"]
        return self._queue_urls[name]

    @cached_property
    def _events(self) -> Any:
        return self.client("events")

    @cached_property
    def _states(self) -> Any:
        return self.client("stepfunctions")

    @cached_property
    def _sqs(self) -> Any:
        return self.client("sqs")

    @cached_property
    def _sns(self) -> Any:
        return self.client("sns")

    def _install_seams(self) -> None:
        lambda_invoke.install(self._patches, self)
        event_rules.install(self._patches, self.deliver)
        state_machines.install(self._patches)
        s3_requests.install(self._patches, self.store.saved, self.publish)
        execution_status.install(self._patches, self.publish)
        jsonata.install(self._patches)
        definitions.install(self._patches)
        secrets.install(self._patches, self._secrets)
        mail_events.install(self._patches, self._report)

    def _report(self, topic: str, message: str) -> None:
        """Publish what SES has to say about a mail."""
        self._sns.publish(TopicArn=topic, Message=message)

    def _create_stack(self) -> None:
        s3 = self.client("s3")
        bucket, key = CODE.removeprefix("s3://").split("/", 1)
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket=bucket, Key=key, Body=_empty_zip())
        wanted = self._expressions()
        keys = {f"{index}": name for index, name in enumerate(wanted)}
        local = localise(self.template.expanded, resolve={index: wanted[name] for index, name in keys.items()})
        formation = self.client("cloudformation")
        formation.create_stack(
            StackName=STACK,
            TemplateBody=json.dumps(local),
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value} for name, value in self.template.parameters.items()
            ],
        )
        stack = formation.describe_stacks(StackName=STACK)["Stacks"][0]
        outputs = {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}
        self.resolved = {name: outputs.pop(f"{RESOLVED}{index}") for index, name in keys.items()}
        self.outputs = outputs
        listed = formation.describe_stack_resources(StackName=STACK)["StackResources"]
        self.names = {
            r["LogicalResourceId"]: r.get("PhysicalResourceId", "")
            for r in listed
            if "LogicalResourceId" in r  # moto lists a resource whose condition is false as an empty entry
        }

    def _expressions(self) -> dict[str, Any]:
        """What the template's schedules and event sources name, to be resolved with the stack."""
        wanted: dict[str, Any] = {}
        for schedule in self.template.schedules():
            for part in ("expression", "timezone", "target", "input"):
                if (value := getattr(schedule, part)) is not None:
                    wanted[f"{schedule.name}.{part}"] = value
        for source in self.template.event_sources():
            wanted[f"{source.name}.queue"] = source.queue
            wanted[f"{source.name}.function"] = source.function
        for name, plan in self.template.async_invocations().items():
            if plan.destination is not None:
                wanted[f"{name}.on_failure"] = plan.destination
        wanted |= mail.expressions(self.template)
        cors = self.template.cors()
        for name in ("origins", "methods", "headers"):
            if value := getattr(cors, name):  # a list parameter is one text with commas by now
                wanted[f"cors.{name}"] = value if isinstance(value, str) else {"Fn::Join": [",", value]}
        return wanted

    def _configure_buckets(self) -> None:
        """Versioning and EventBridge, which moto's CloudFormation leaves out; then the kept objects."""
        s3 = self.client("s3")
        buckets = {n: p for n, p in self.template.of_type("AWS::S3::Bucket") if n in self.names}
        for name, properties in buckets.items():
            status = properties.get("VersioningConfiguration", {}).get("Status")
            if status == "Enabled":
                s3.put_bucket_versioning(Bucket=self.names[name], VersioningConfiguration={"Status": "Enabled"})
        restored = self.store.attach(frozenset(self.names[name] for name in buckets))
        log.info("%d objects put back", restored)
        for name, properties in buckets.items():
            if "EventBridgeConfiguration" in properties.get("NotificationConfiguration", {}):
                s3.put_bucket_notification_configuration(
                    Bucket=self.names[name], NotificationConfiguration={"EventBridgeConfiguration": {}}
                )

    def _functions(self) -> dict[str, FunctionSpec]:
        lambdas = self.client("lambda")
        serving = {route.function for route in self.template.routes()}
        specs: dict[str, FunctionSpec] = {}
        for logical, code in self.template.code.items():
            physical = self.names[logical]
            self._logical[physical] = logical
            found = lambdas.get_function_configuration(FunctionName=physical)
            variables = {k: str(v) for k, v in found.get("Environment", {}).get("Variables", {}).items()}
            specs[logical] = FunctionSpec(
                logical,
                code,
                found["Handler"],
                {**variables, "AWS_LAMBDA_FUNCTION_NAME": physical, **self._overrides(logical)},
                int(found.get("Timeout") or 3),
                int(found.get("MemorySize") or 128),
                API_CONCURRENCY if logical in serving else CONCURRENCY,
            )
        return specs


def _empty_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", "")
    return buffer.getvalue()


def _failure_record(name: str, event: Any, outcome: Outcome, attempts: int) -> dict[str, Any]:
    """What Lambda sends to an on-failure destination."""
    return {
        "version": "1.0",
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": attempts,
        },
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": json.loads(outcome.payload),
    }
