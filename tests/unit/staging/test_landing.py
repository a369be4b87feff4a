"""Where a file lies says whose it is and which job it makes."""

from __future__ import annotations

import pytest

from opscopilot.kernel.events import FileLanded
from opscopilot.kernel.ids import tenant_id_for, uuid7
from opscopilot.staging.landing import Landing, parse


def landed(key: str, etag: str = "e1", version: str | None = None) -> Landing | None:
    """The landing of that key."""
    return parse(FileLanded(bucket="b", key=key, etag=etag, version_id=version, size=3))


def test_an_announced_upload_carries_its_job() -> None:
    job = uuid7()
    found = landed(f"landing/Fjord-Foods/sap/{job}/MARA.csv")
    assert found is not None
    assert (found.job_id, found.tenant_code, found.source_system, found.file_name) == (
        job,
        "fjord-foods",
        "sap",
        "MARA.csv",
    )
    assert found.tenant_id == tenant_id_for("fjord-foods")


def test_a_bare_drop_makes_a_job_of_key_and_version() -> None:
    first, same, other = landed("landing/fjord/sap/MARA.csv"), landed("landing/fjord/sap/MARA.csv"), landed(
        "landing/fjord/sap/MARA.csv", etag="e2")  # fmt: skip
    assert first is not None
    assert same is not None
    assert other is not None
    assert first.job_id == same.job_id != other.job_id
    versioned = landed("landing/fjord/sap/MARA.csv", version="v1")
    assert versioned is not None
    assert versioned.version == "v1"


def test_folders_below_the_system_are_part_of_a_bare_drop() -> None:
    found = landed("landing/fjord/sap/2026/MARA.csv")
    assert found is not None
    assert found.file_name == "MARA.csv"


@pytest.mark.parametrize("key", ["landing/fjord/MARA.csv", "staged/fjord/sap/x.csv", "landing/fjord/sap/", "x",
                                 "landing/!!/sap/x.csv", "landing/fjord//x.csv"])  # fmt: skip
def test_other_objects_are_none_of_ours(key: str) -> None:
    assert landed(key) is None
