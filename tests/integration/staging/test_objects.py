"""The S3 adapter keeps its port's promises."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from opscopilot.adapters.objects import S3ObjectStore
from opscopilot.staging.ports import ObjectMissing, ObjectStore
from tests.support.dropping import LANDING, STAGING, Yard


def test_what_is_uploaded_is_downloaded(drops: Yard, tmp_path: Path) -> None:
    store: ObjectStore = drops.store
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    store.upload(tmp_path / "a", STAGING, "deep/key.bin")
    store.download(STAGING, "deep/key.bin", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == (tmp_path / "a").read_bytes()
    assert store.head(STAGING, "deep/key.bin").size == 3_000_000


def test_metadata_and_versions(drops: Yard, tmp_path: Path) -> None:
    drops.client.put_bucket_versioning(Bucket=LANDING, VersioningConfiguration={"Status": "Enabled"})
    old = drops.client.put_object(Bucket=LANDING, Key="k", Body=b"old", Metadata={"Entity": "sku"})["VersionId"]
    drops.client.put_object(Bucket=LANDING, Key="k", Body=b"newer")
    first = drops.store.head(LANDING, "k", old)
    assert (first.size, first.metadata, first.version_id) == (3, {"entity": "sku"}, old)
    assert drops.store.head(LANDING, "k").size == 5
    drops.store.download(LANDING, "k", tmp_path / "old", old)
    assert (tmp_path / "old").read_bytes() == b"old"


def test_what_is_not_there_is_missing(drops: Yard, tmp_path: Path) -> None:
    with pytest.raises(ObjectMissing):
        drops.store.head(LANDING, "nothing")
    with pytest.raises(ObjectMissing):
        drops.store.download(LANDING, "nothing", tmp_path / "x")


def test_a_link_is_for_one_object_and_expires(drops: Yard) -> None:
    url = S3ObjectStore(drops.client).presign_put(LANDING, "landing/fjord/sap/x.csv", 60, {"entity": "sku"})
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    assert parts.path.endswith("/landing/fjord/sap/x.csv")
    assert {"Signature", "X-Amz-Signature"} & set(query)
    assert {"Expires", "X-Amz-Expires"} & set(query)
