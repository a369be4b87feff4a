"""The template as it is written and as CloudFormation gets it, and state machines that really run."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import pytest
from moto import mock_aws

from local.seams import Patches, definitions
from local.seams import lambda_invoke as seam
from local.template import Template, load
from tests.contract.template.state_machines import FUNCTIONS, REGION, ROOT, StateMachines, aws


@pytest.fixture(scope="session")
def template() -> Template:
    """template.yaml, written and expanded."""
    return load(ROOT / "template.yaml", region=REGION)


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> Iterator[StateMachines]:
    """State machines whose Lambda tasks call the test's own handlers."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    patches, runner = Patches(), StateMachines()
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        role = aws("iam").create_role(RoleName="lambda", AssumeRolePolicyDocument="{}", Path="/")["Role"]["Arn"]
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("app.py", "")
        for name in FUNCTIONS:
            aws("lambda").create_function(
                FunctionName=name, Runtime="python3.13", Role=role, Handler="app.handler",
                Code={"ZipFile": code.getvalue()},
            )  # fmt: skip
        seam.install(patches, runner)
        definitions.install(patches)
        try:
            yield runner
        finally:
            patches.undo()
