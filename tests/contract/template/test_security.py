"""Least privilege, encryption, and a place for everything that fails. Each exception is named here with its reason."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from local.template import Template

NOTHING = {"Ref": "AWS::NoValue"}
DATABASE_USERS = {
    "IngestRole": "ops_ingest",
    "NormalizeRole": "ops_normalize",
    "ForecastRole": "ops_forecast",
    "NotifyRole": "ops_notify",
    "CopilotRole": "ops_copilot",
}
# (resource, statement) that may say Resource "*", because AWS has nothing narrower for these actions.
WILDCARDS = {
    ("FunctionNetworkPolicy", "NetworkInterfaces"),  # Lambda attaches functions to the network with them
    ("FunctionNetworkPolicy", "NotFromInside"),  # a Deny
    ("StateMachineLoggingPolicy", "LogDelivery"),  # vended logs
    ("TopicKey", "Account"),  # in a key policy "*" is the key itself
    ("TopicKey", "Publishers"),
}
PUBLIC_ROUTES = {
    "GET /api/v1/health", "GET /api/v1/health/live", "GET /api/v1/health/ready", "GET /api/v1/health/db",
    "GET /health", "GET /docs", "GET /openapi.json", "OPTIONS /{proxy+}",
    # The signed one-time link is the right to act: GET shows its page, POST uses it.
    "GET /api/v1/notify/act/{token}", "POST /api/v1/notify/act/{token}",
}  # fmt: skip


def as_list(value: Any) -> list[Any]:
    """IAM lets one thing stand for a list of one."""
    return value if isinstance(value, list) else [value]


def statements(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """(logical id, statement) of every policy, optional statements included."""
    for name, resource in template.resources.items():
        properties = resource.get("Properties", {})
        documents = (
            [one["PolicyDocument"] for one in properties.get("Policies", []) if isinstance(one, dict)]
            if (resource["Type"] == "AWS::IAM::Role")
            else []
        )
        documents += [properties[key] for key in ("PolicyDocument", "KeyPolicy") if key in properties]
        for document in documents:
            for statement in as_list(document["Statement"]):
                yield name, statement["Fn::If"][1] if "Fn::If" in statement else statement


def test_no_action_is_a_wildcard(template: Template) -> None:
    wide = [
        (name, statement["Sid"])
        for name, statement in statements(template)
        if statement["Effect"] == "Allow" and any("*" in action for action in as_list(statement["Action"]))
    ]
    assert wide == [("TopicKey", "Account")]  # without it nobody could ever change the key again


def test_no_resource_is_a_wildcard_but_the_named_ones(template: Template) -> None:
    wide = {
        (name, statement.get("Sid"))
        for name, statement in statements(template)
        if "*" in as_list(statement.get("Resource"))
    }
    assert wide == WILDCARDS
    everything_but = [s["Sid"] for _, s in statements(template) if "NotResource" in s or "NotAction" in s]
    assert everything_but == ["TextMessages"]  # a phone number has no ARN


def test_each_function_has_a_role_of_its_own(template: Template) -> None:
    roles = {name: p["Role"]["Fn::GetAtt"][0] for name, p in template.of_type("AWS::Lambda::Function")}
    assert roles == {name: name.replace("Function", "Role") for name in template.code}
    made_by_sam = [name for name, _ in template.of_type("AWS::IAM::Role") if name.endswith("FunctionRole")]
    assert made_by_sam == []


@pytest.mark.parametrize(("role", "user"), DATABASE_USERS.items())
def test_a_function_connects_as_its_own_database_user_only(template: Template, role: str, user: str) -> None:
    connects = [s for name, s in statements(template) if name == role and s["Action"] == "rds-db:connect"]
    assert len(connects) == 1
    assert connects[0]["Resource"]["Fn::Sub"][0].endswith(f":dbuser:${{Id}}/{user}")
    function = template.resources[role.replace("Role", "Function")]["Properties"]
    assert function["Environment"]["Variables"]["DB_USER"] == user


def test_only_migrate_may_read_the_owners_password(template: Template) -> None:
    readers = {
        name for name, s in statements(template) if "secretsmanager:GetSecretValue" in as_list(s.get("Action", []))
        and "MasterUserSecret" in json.dumps(s["Resource"])
    }  # fmt: skip
    assert readers == {"MigrateRole"}


def test_only_the_named_routes_are_public(template: Template) -> None:
    assert {f"{one.method} {one.path}" for one in template.routes() if one.public} == PUBLIC_ROUTES
    assert {f"{one.method} {one.path}" for one in template.routes() if not one.public} == {"ANY /{proxy+}"}


def test_only_whoever_makes_or_follows_links_may_read_their_key(template: Template) -> None:
    readers = {
        name for name, s in statements(template) if "secretsmanager:GetSecretValue" in as_list(s.get("Action", []))
        and s["Resource"] == {"Ref": "LinkKey"}
    }  # fmt: skip
    assert readers == {"NotifyRole", "CopilotRole"}
    # Connectors name their secrets themselves, so the key must lie outside of what they may name.
    assert "Name" not in template.resources["LinkKey"]["Properties"]


def test_the_access_log_does_not_keep_what_one_time_links_are_made_of(template: Template) -> None:
    written = template.resources["Api"]["Properties"]
    assert "$context.path" not in json.dumps(written) + json.dumps(template.source["Resources"]["Api"])
    assert "$context.routeKey" in json.dumps(template.source["Resources"]["Api"])


def test_users_cannot_write_their_own_tenant(template: Template) -> None:
    assert template.resources["UserPoolClient"]["Properties"]["WriteAttributes"] == ["email"]
    assert template.resources["UserPool"]["Properties"]["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True


def test_buckets_are_encrypted_private_and_reached_over_tls_only(template: Template) -> None:
    policies = {
        p["Bucket"]["Ref"]: p["PolicyDocument"]["Statement"] for _, p in template.of_type("AWS::S3::BucketPolicy")
    }
    buckets = dict(template.of_type("AWS::S3::Bucket"))
    assert set(buckets) == set(policies) == {"LandingBucket", "StagingBucket", "DocumentsBucket"}
    for name, bucket in buckets.items():
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["NotificationConfiguration"]["EventBridgeConfiguration"]["EventBridgeEnabled"] is True
        assert bucket["LifecycleConfiguration"]["Rules"]
        assert template.resources[name]["DeletionPolicy"] == "Retain"
        (tls,) = policies[name]
        assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert buckets["LandingBucket"]["VersioningConfiguration"] == {"Status": "Enabled"}


def test_queues_topics_and_database_are_encrypted(template: Template) -> None:
    for name, queue in template.of_type("AWS::SQS::Queue"):
        assert queue["SqsManagedSseEnabled"] is True, name
    for name, topic in template.of_type("AWS::SNS::Topic"):
        assert topic["KmsMasterKeyId"] == {"Ref": "TopicKey"}, name
    database = template.resources["Db"]["Properties"]
    assert database["StorageEncrypted"] == {"Fn::If": ["RestoresDb", NOTHING, True]}
    assert database["PubliclyAccessible"] is False
    assert database["EnableIAMDatabaseAuthentication"] is True
    assert "MasterUserPassword" not in database
    assert template.resources["DbParameters"]["Properties"]["Parameters"]["rds.force_ssl"] == "1"


def test_the_database_is_kept_when_it_matters(template: Template) -> None:
    database = template.resources["Db"]["Properties"]
    for switch in ("MultiAZ", "DeletionProtection"):
        assert database[switch] == {"Fn::If": ["IsProd", True, False]}
    assert template.resources["Db"]["DeletionPolicy"] == "Snapshot"


def test_a_database_made_from_a_snapshot_is_given_nothing_the_snapshot_brings(template: Template) -> None:
    database = template.resources["Db"]["Properties"]
    assert database["DBSnapshotIdentifier"] == {"Fn::If": ["RestoresDb", {"Ref": "DbSnapshotIdentifier"}, NOTHING]}
    for name in ("DBName", "MasterUsername", "StorageEncrypted"):
        assert database[name]["Fn::If"][:2] == ["RestoresDb", NOTHING], name
    assert database["ManageMasterUserPassword"] is True
    assert template.source["Parameters"]["DbSnapshotIdentifier"]["Default"] == ""


@pytest.mark.parametrize(
    ("name", "allowed"),
    [("", True), ("opscopilot-restored", True), ("rds:opscopilot-2026-11-20-03-07", True), ("a snapshot", False),
     ("arn:aws:rds:eu-west-1:111122223333:snapshot:opscopilot-restored", True)],
)  # fmt: skip
def test_a_snapshot_is_named_or_given_by_its_arn(template: Template, name: str, allowed: bool) -> None:
    pattern = template.source["Parameters"]["DbSnapshotIdentifier"]["AllowedPattern"]
    assert bool(re.search(pattern, name)) is allowed


def test_every_queue_has_a_dead_letter_queue_or_is_one(template: Template) -> None:
    queues = dict(template.of_type("AWS::SQS::Queue"))
    dead = {q["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] for q in queues.values() if "RedrivePolicy" in q}
    without = {name for name, queue in queues.items() if "RedrivePolicy" not in queue}
    assert dead <= without
    assert without == {"AlertDlq", "EventDlq", "MailFeedbackDlq"}
    for name in ("AlertQueue", "MailFeedbackQueue"):
        visibility = queues[name]["VisibilityTimeout"]
        assert visibility >= 6 * template.resources["NotifyFunction"]["Properties"]["Timeout"]


def test_whatever_delivers_has_a_place_for_what_nobody_takes(template: Template) -> None:
    dlq = {"Fn::GetAtt": ["EventDlq", "Arn"]}
    for name, rule in template.of_type("AWS::Events::Rule"):
        assert [target["DeadLetterConfig"]["Arn"] for target in rule["Targets"]] == [dlq], name
    for name, schedule in template.of_type("AWS::Scheduler::Schedule"):
        assert schedule["Target"]["DeadLetterConfig"]["Arn"] == dlq, name
    kept = [
        p["DestinationConfig"]["OnFailure"]["Destination"]
        for _, p in template.of_type("AWS::Lambda::EventInvokeConfig")
    ]
    assert kept == [dlq] * len(template.code)
    senders = {name for name, s in statements(template) if s["Action"] == "sqs:SendMessage" and s["Resource"] == dlq}
    assert {name.replace("Function", "Role") for name in template.code} <= senders


def test_logs_are_structured_kept_and_forgotten(template: Template) -> None:
    groups = dict(template.of_type("AWS::Logs::LogGroup"))
    assert [name for name, group in groups.items() if "RetentionInDays" not in group] == []
    for name, function in template.of_type("AWS::Lambda::Function"):
        logging = function["LoggingConfig"]
        assert logging["LogFormat"] == "JSON"
        assert logging["LogGroup"] == {"Ref": name.replace("Function", "Logs")}
        assert logging["LogGroup"]["Ref"] in groups
    for name, machine in template.of_type("AWS::StepFunctions::StateMachine"):
        assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False, name  # no payloads in logs


def test_functions_are_what_the_layers_are_built_for(template: Template) -> None:
    layers = {"RuntimeLayer", "AnalyticsLayer", "ForecastingLayer", "ApiLayer", "MessagingLayer", "OpsCopilotLayer"}
    for name, function in template.of_type("AWS::Lambda::Function"):
        assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"]), name
        assert function["VpcConfig"]["SubnetIds"] == [{"Ref": "PrivateSubnetA"}, {"Ref": "PrivateSubnetB"}]
        used = [one["Ref"] for one in template.source["Resources"][name]["Properties"]["Layers"]]
        assert used[0] == "RuntimeLayer"
        assert used[-1] == "OpsCopilotLayer"  # unpacked last, so nothing can hide our code
        assert set(used) <= layers


def test_functions_wait_for_the_migration_of_their_deploy(template: Template) -> None:
    for name in template.code:
        depends = template.resources[name].get("DependsOn", [])
        assert ("DatabaseMigration" in depends) is (name != "MigrateFunction"), name


@pytest.mark.parametrize("function", ["Ingest", "Normalize", "Forecast", "Notify", "Copilot", "Migrate"])
def test_every_function_has_an_error_alarm_that_reaches_people(template: Template, function: str) -> None:
    alarm = template.resources[f"{function}Errors"]["Properties"]
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": f"{function}Function"}}]
    assert alarm["AlarmActions"] == [{"Ref": "AlertTopic"}]
