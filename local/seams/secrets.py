"""Seam ``SecretsManagerBackend.create_secret`` and ``put_secret_value``: secrets outlive the stack.

Connectors' secrets, and those the template has generated (moto's CloudFormation makes none). They lie in one file of the state folder that only its owner may read, as the rest of this machine's data does.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import boto3
from moto.secretsmanager.models import SecretsManagerBackend, secretsmanager_backends

from local.constants import ACCOUNT, REGION
from local.seams import Patches

_lock = threading.Lock()


def install(patches: Patches, path: Path) -> None:
    """Put back what was kept, and keep from now on whatever is written."""
    client = boto3.client("secretsmanager", region_name=REGION)
    for name, text in sorted(_kept(path).items()):
        client.create_secret(Name=name, SecretString=text)
    for method in ("create_secret", "put_secret_value"):
        patches.replace(SecretsManagerBackend, method, _keeping(getattr(SecretsManagerBackend, method), path))


def generate(declared: Iterable[tuple[str, Mapping[str, Any]]], prefix: str) -> None:
    """Make the template's generated secrets that are not there yet, under the names that references to them become."""
    client = boto3.client("secretsmanager", region_name=REGION)
    there = {one.name for one in secretsmanager_backends[ACCOUNT][REGION].secrets.values()}
    for logical, properties in declared:
        name, wish = f"{prefix}{logical}", properties.get("GenerateSecretString")
        if wish is not None and name not in there:
            made = secrets.token_hex(int(wish.get("PasswordLength", 32)) // 2)
            key = wish.get("GenerateStringKey")
            text = json.dumps({**json.loads(wish.get("SecretStringTemplate") or "{}"), key: made}) if key else made
            client.create_secret(Name=name, SecretString=text)


def _kept(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _keeping(original: Any, path: Path) -> Any:
    def replacement(self: SecretsManagerBackend, *args: Any, **kwargs: Any) -> Any:
        answer = original(self, *args, **kwargs)
        with _lock:
            _save(path)
        return answer

    return replacement


def _save(path: Path) -> None:
    """Written beside and renamed: a crash leaves the old file or the new one."""
    backend = secretsmanager_backends[ACCOUNT][REGION]
    found = {one.name: _text(one) for one in backend.secrets.values()}
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        json.dump({name: text for name, text in found.items() if text is not None}, stream)
    os.replace(part, path)


def _text(secret: Any) -> str | None:
    current = secret.versions.get(secret.default_version_id) or {}
    text = current.get("secret_string")
    return None if text is None else str(text)
