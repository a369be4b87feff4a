"""Seam secrets: what was put is there again after the next start, in a file of its owner's."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import boto3
from moto import mock_aws

from local.constants import REGION
from local.seams import Patches
from local.seams.secrets import generate, install
from opscopilot.adapters.secrets import SecretsManagerStore


def test_secrets_are_kept_replaced_and_put_back(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    for written, expected in ((1, None), (2, "1"), (3, "2")):
        with mock_aws():
            patches = Patches()
            install(patches, path)
            try:
                store = SecretsManagerStore(boto3.client("secretsmanager", region_name=REGION))
                if expected is not None:
                    assert store.get("opscopilot/acme/odoo") == {"password": expected}
                store.put("opscopilot/acme/odoo", {"password": str(written)})
                assert store.get("opscopilot/acme/odoo") == {"password": str(written)}
            finally:
                patches.undo()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_generated_secret_is_made_once_and_stays_the_same(tmp_path: Path) -> None:
    wish = {"SecretStringTemplate": '{"previous": ""}', "GenerateStringKey": "current", "PasswordLength": 64}
    declared = [("LinkKey", {"GenerateSecretString": wish}), ("Given", {"SecretString": "not ours to make"})]
    seen = []
    for _ in range(2):
        with mock_aws():
            patches = Patches()
            install(patches, tmp_path / "secrets.json")
            try:
                generate(declared, "local-")
                generate(declared, "local-")
                client = boto3.client("secretsmanager", region_name=REGION)
                seen.append(json.loads(client.get_secret_value(SecretId="local-LinkKey")["SecretString"]))
                assert [one["Name"] for one in client.list_secrets()["SecretList"]] == ["local-LinkKey"]
            finally:
                patches.undo()
    assert seen[0] == seen[1]
    assert (len(seen[0]["current"]), seen[0]["previous"]) == (64, "")
