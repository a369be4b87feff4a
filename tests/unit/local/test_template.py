"""Reading SAM templates and making them local."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local.localise import localise
from local.template import TemplateError, load, parse_yaml

HEAD = "Transform: AWS::Serverless-2016-10-31\n"


def test_short_forms_become_long_ones() -> None:
    text = "a: !Ref X\nb: !GetAtt X.Arn\nc: !Sub 'x${Y}'\nd: !If [C, 1, !Ref Z]\ne: !Condition C\nf: !Join [',', [a]]"
    assert parse_yaml(text) == {
        "a": {"Ref": "X"},
        "b": {"Fn::GetAtt": ["X", "Arn"]},
        "c": {"Fn::Sub": "x${Y}"},
        "d": {"Fn::If": ["C", 1, {"Ref": "Z"}]},
        "e": {"Condition": "C"},
        "f": {"Fn::Join": [",", ["a"]]},
    }


def test_a_wrong_template_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(HEAD + "Resources:\n  F: {Type: AWS::Serverless::Function, Properties: {CodeUri: f}}\n")
    with pytest.raises(TemplateError, match="Handler"):
        load(path)


def test_an_unknown_parameter_is_named(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(HEAD + "Parameters: {Stage: {Type: String, Default: dev}}\nResources: {}\n")
    with pytest.raises(TemplateError, match=r"\['Stagge'\] are not in the template, which has \['Stage'\]"):
        load(path, {"Stagge": "prod"})


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def test_what_has_no_local_meaning_is_dropped_with_every_trace_of_it() -> None:
    expanded = {
        "Resources": {
            "Db": resource("AWS::RDS::DBInstance"),
            "Queue": {**resource("AWS::SQS::Queue"), "DependsOn": ["Db", "Bucket"]},
            "Bucket": {**resource("AWS::S3::Bucket"), "DependsOn": "Db"},
            "F": resource(
                "AWS::Lambda::Function",
                VpcConfig={"SubnetIds": [{"Ref": "Subnet"}]},
                Environment={
                    "Variables": {
                        "HOST": {"Fn::GetAtt": ["Db", "Endpoint.Address"]},
                        "URL": {"Fn::Sub": "pg://${Db.Endpoint.Address}/${Db}/${Queue}/${!Literal}"},
                        "DB": {"Ref": "Db"},
                        "QUEUE": {"Ref": "Queue"},
                        "BUS": {"Ref": "Bus"},
                        "BUS_TEXT": {"Fn::Sub": ["${Bus}-${X}", {"X": {"Ref": "Db"}}]},
                    }
                },
            ),
            "Bus": resource("AWS::Events::EventBus", Name="bus"),
            "Subnet": resource("AWS::EC2::Subnet"),
        },
        "Outputs": {"Host": {"Value": {"Ref": "Db"}, "Export": {"Name": "x"}}},
        "Rules": {"X": {}},
        "Metadata": {},
    }
    local = localise(expanded, {"Db.Endpoint.Address": "127.0.0.1"}, {"0": {"Fn::GetAtt": ["Queue", "Arn"]}})
    assert sorted(local["Resources"]) == ["Bucket", "Bus", "F", "Queue"]
    assert local["Resources"]["Queue"]["DependsOn"] == ["Bucket"]
    assert "DependsOn" not in local["Resources"]["Bucket"]
    function = local["Resources"]["F"]["Properties"]
    assert "VpcConfig" not in function
    assert function["Environment"]["Variables"] == {
        "HOST": "127.0.0.1",
        "URL": {"Fn::Sub": "pg://127.0.0.1/local-Db/${Queue}/${!Literal}"},
        "DB": "local-Db",
        "QUEUE": {"Ref": "Queue"},
        "BUS": {"Fn::GetAtt": ["Bus", "Name"]},
        "BUS_TEXT": {"Fn::Sub": ["${Bus.Name}-${X}", {"X": "local-Db"}]},
    }
    assert local["Outputs"]["Host"] == {"Value": "local-Db"}
    assert local["Outputs"]["LocalResolved0"] == {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}}
    assert set(local) == {"Resources", "Outputs"}


def test_names_are_fixed_unless_the_template_gives_one() -> None:
    expanded = {
        "Resources": {
            "LandingBucket": resource("AWS::S3::Bucket"),
            "Named": resource("AWS::S3::Bucket", BucketName="mine"),
            "Orders": resource("AWS::SQS::Queue", FifoQueue=True),
            "IngestFunction": resource("AWS::Lambda::Function"),
        }
    }
    found = {name: r["Properties"] for name, r in localise(expanded)["Resources"].items()}
    assert found["LandingBucket"]["BucketName"] == "opscopilot-local-landingbucket"
    assert found["Named"]["BucketName"] == "mine"
    assert found["Orders"]["QueueName"] == "Orders.fifo"
    assert found["IngestFunction"]["FunctionName"] == "IngestFunction"


def test_an_expanded_template_is_kept_until_something_changes(tmp_path: Path) -> None:
    path, cache = tmp_path / "template.yaml", tmp_path / "cache"
    text = HEAD + "Parameters: {Stage: {Type: String, Default: dev}}\nResources: {Q: {Type: AWS::SQS::Queue}}\n"
    path.write_text(text)
    first = load(path, cache=cache)
    assert load(path, cache=cache) == first
    assert len(list(cache.iterdir())) == 1
    load(path, {"Stage": "prod"}, cache=cache)
    path.write_text(text + "Outputs: {}\n")
    load(path, cache=cache)
    assert len(list(cache.iterdir())) == 3
