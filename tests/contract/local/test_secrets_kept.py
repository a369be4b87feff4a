"""Seam secrets: what was put is there again after the next start, in a file of its owner's."""

from __future__ import annotations

import stat
from pathlib import Path

import boto3
from moto import mock_aws

from local.constants import REGION
from local.seams import Patches
from local.seams.secrets import install
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
