"""A confirmed mapping is kept for its source: the next file of that name, or with those columns, needs nobody."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from opscopilot.catalogue import synonyms
from opscopilot.kernel.db import Tx
from opscopilot.staging.mapping import CONNECTOR_TYPE, FileMapping

TABLE_SIGN = " › "
"""Stands between a file's name and the name of one of its tables."""
_PACKED = (".gz", ".zip", ".zst", ".bz2")


def save(tx: Tx, source_system: str, mapping: FileMapping, by: str) -> None:
    """Remember how the source's files of this pattern are read; what was said before about the same ones goes."""
    found = tx.one(
        """SELECT connector_type, config_json, file_mappings FROM staging.data_connector_configs
           WHERE name = :name FOR UPDATE""",
        name=source_system,
    )  # fmt: skip
    if found is not None and found["connector_type"] != CONNECTOR_TYPE:
        tx.execute(
            """UPDATE staging.data_connector_configs SET file_mappings = CAST(:files AS jsonb), last_drift = NULL,
                   updated_at = now(), row_version = row_version + 1 WHERE name = :name""",
            name=source_system, files=json.dumps(_with(mapping, found["file_mappings"])),
        )  # fmt: skip
        return
    config: dict[str, Any] = dict(found["config_json"]) if found else {}
    config["files"] = _with(mapping, config.get("files", []))
    tx.execute(
        """INSERT INTO staging.data_connector_configs AS c (tenant_id, name, connector_type, config_json, created_by)
           VALUES (:tenant, :name, :type, CAST(:config AS jsonb), :by)
           ON CONFLICT (tenant_id, name) DO UPDATE SET config_json = excluded.config_json, is_active = true,
               last_drift = NULL, updated_at = now(), row_version = c.row_version + 1""",
        tenant=tx.tenant_id, name=source_system, type=CONNECTOR_TYPE, config=json.dumps(config), by=by,
    )  # fmt: skip


def _with(mapping: FileMapping, before: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The mappings with the new one in front."""
    kept = [one for one in before if not _replaces(mapping, FileMapping.model_validate(one))]
    return [mapping.model_dump(mode="json", exclude_defaults=True), *kept]


def _replaces(new: FileMapping, old: FileMapping) -> bool:
    """Whether the new mapping is about the files of the old one: the same name, of the same kind or columns."""
    same_columns = {synonyms.key(name) for name in new.headers} == {synonyms.key(name) for name in old.headers}
    return new.pattern == old.pattern and (new.entity == old.entity or same_columns)


def pattern_of(file_name: str) -> str:
    """The pattern of a file's name: numbers and what packs it may change, the rest is the same next time.

    orders_20260930.csv.gz → orders_*.csv*; book 7.xlsx › Sheet1 → book *.xlsx* › Sheet1
    """
    name, separator, table = file_name.partition(TABLE_SIGN)
    for packed in _PACKED:
        name = name.removesuffix(packed)
    stem, dot, ending = name.rpartition(".")
    plain = re.sub(r"([\[\]?*])", r"[\1]", stem if dot else ending)
    general = re.sub(r"\*(?:[-_.]*\*)+", "*", re.sub(r"\d+", "*", plain))
    return (general + (f".{ending}*" if dot else "*") + separator + table)[:200]
