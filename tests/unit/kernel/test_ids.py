"""Row ids sort by age; tenant ids follow from the code and from nothing else."""

from __future__ import annotations

import time
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opscopilot.kernel.errors import ValidationFailed
from opscopilot.kernel.ids import check_tenant_code, derived_id, tenant_id_for, uuid7


def test_uuid7_is_a_version_7_uuid_of_the_rfc_4122_variant() -> None:
    one = uuid7()
    assert one.version == 7
    assert one.variant == uuid.RFC_4122


def test_uuid7_carries_the_milliseconds_and_sorts_by_age(monkeypatch: pytest.MonkeyPatch) -> None:
    instants = [1_700_000_000_000, 1_700_000_000_001, 1_800_000_000_000]
    made = []
    for instant in instants:
        monkeypatch.setattr(time, "time_ns", lambda now=instant: now * 1_000_000)
        made.append(uuid7())
    assert [one.int >> 80 for one in made] == instants
    assert sorted(made) == made
    assert sorted(str(one) for one in made) == [str(one) for one in made]


def test_uuid7_does_not_repeat_within_one_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_700_000_000_000_000_000)
    assert len({uuid7() for _ in range(10_000)}) == 10_000


def test_a_tenant_id_never_changes() -> None:
    """The value itself is pinned: a new namespace would orphan every tenant's rows."""
    assert str(tenant_id_for("fjord-foods")) == "f2511e2b-5ca2-53ff-85ae-4bf30a9fc86a"


def test_p61_the_tenant_id_follows_from_the_code_whatever_its_case() -> None:
    assert tenant_id_for("Fjord-Foods") == tenant_id_for(" fjord-foods ") == tenant_id_for("fjord-foods")
    assert tenant_id_for("fjord-foods") != tenant_id_for("fjord-food")


@pytest.mark.parametrize("code", ["abc", "a-1", "x" * 40, "2-plants"])
def test_codes_that_are_fine(code: str) -> None:
    assert check_tenant_code(code) == code


@pytest.mark.parametrize(
    "code", ["", "ab", "-abc", "abc-", "a b c", "a/b", "a..b", "x" * 41, "ünit", "ab\n", "a%2fb", "a_b", "../etc"]
)
def test_codes_that_could_leave_their_folder_or_look_alike_are_refused(code: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        check_tenant_code(code)
    assert caught.value.field == "code"
    assert "fjord-foods" in (caught.value.expected or "")


@settings(deadline=None)
@given(st.text())
def test_p60_no_two_accepted_codes_share_an_id(code: str) -> None:
    try:
        accepted = check_tenant_code(code)
    except ValidationFailed:
        return
    assert accepted == accepted.lower()
    assert tenant_id_for(code) == tenant_id_for(accepted)


def test_derived_ids_do_not_run_parts_together() -> None:
    assert derived_id("a", "bc") == derived_id("a", "bc")
    assert derived_id("a", "bc") != derived_id("ab", "c")
