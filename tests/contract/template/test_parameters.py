"""What an operator sees of the template: parameters, outputs, samconfig.toml."""

from __future__ import annotations

import re
import tomllib

import pytest

from local.template import Template
from tests.contract.template.state_machines import ROOT


@pytest.mark.parametrize("section", ["Parameters", "Outputs"])
def test_everything_is_described(template: Template, section: str) -> None:
    silent = [name for name, one in template.source[section].items() if len(one.get("Description", "")) < 15]
    assert silent == []


def test_every_parameter_has_a_default_and_stands_in_one_group(template: Template) -> None:
    parameters = template.source["Parameters"]
    groups = template.source["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    assert sorted(grouped) == sorted(parameters)
    assert [name for name, one in parameters.items() if "Default" not in one] == []


def test_every_parameter_and_condition_is_used(template: Template) -> None:
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    unused = [
        name
        for name in template.source["Parameters"]
        if not re.search(rf"(!Ref {name}\b|\$\{{{name}\}}|\[LambdaLogLevel, !Ref {name})", text)
    ]
    unused += [
        name
        for name in template.source["Conditions"]
        if not re.search(rf"(!If \[{name},|Condition: {name}\b|!Condition {name}\b)", text)
    ]
    assert unused == []


@pytest.mark.parametrize("environment", ["default", "prod"])
def test_samconfig_sets_known_parameters_to_allowed_values(template: Template, environment: str) -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))[environment]
    chosen = dict(one.split("=", 1) for one in config["deploy"]["parameters"]["parameter_overrides"])
    declared = template.source["Parameters"]
    assert set(chosen) <= set(declared)
    for name, value in chosen.items():
        assert value in [str(one) for one in declared[name].get("AllowedValues", [value])], name
        assert re.search(declared[name].get("AllowedPattern", ""), value), name
    assert chosen["Stage"] == {"default": "dev", "prod": "prod"}[environment]


def test_prod_is_deployed_with_a_look_at_the_changes() -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    assert config["prod"]["deploy"]["parameters"]["confirm_changeset"] is True
    assert (
        config["prod"]["global"]["parameters"]["stack_name"] != config["default"]["global"]["parameters"]["stack_name"]
    )
