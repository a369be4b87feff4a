"""Errors and the RFC 9457 body they become."""

from __future__ import annotations

import pytest

from opscopilot.kernel import errors
from opscopilot.kernel.errors import OpsError, ValidationFailed, problem

KINDS = [
    (errors.ValidationFailed, 422, "validation_failed"),
    (errors.Unauthenticated, 401, "unauthenticated"),
    (errors.Forbidden, 403, "forbidden"),
    (errors.NotFound, 404, "not_found"),
    (errors.Conflict, 409, "conflict"),
    (errors.TooLarge, 413, "too_large"),
    (errors.Unavailable, 503, "unavailable"),
    (errors.OpsError, 500, "internal_error"),
]


@pytest.mark.parametrize(("kind", "status", "code"), KINDS)
def test_every_kind_has_a_stable_status_code_and_type(kind: type[OpsError], status: int, code: str) -> None:
    body = problem(kind("because"), "/api/v1/skus", "c-1")
    assert body == {
        "type": f"https://opscopilot.dev/problems/{code}", "title": kind.title, "status": status,
        "detail": "because", "instance": "/api/v1/skus", "correlation_id": "c-1",
    }  # fmt: skip


def test_the_body_names_field_value_and_what_would_be_right() -> None:
    error = ValidationFailed("no", code="bad_number", field="qty", value="1,2,3", expected="a number such as 12.5")
    body = problem(error, "/x", "c-1")
    assert body["type"].endswith("/bad_number")
    assert (body["field"], body["value"], body["expected"]) == ("qty", "1,2,3", "a number such as 12.5")


def test_a_value_that_was_nothing_is_null_and_a_long_one_is_cut() -> None:
    assert problem(ValidationFailed("no", field="qty"), "/x", "c")["value"] is None
    assert problem(ValidationFailed("no", field="qty", value="x" * 5000), "/x", "c")["value"] == "x" * 200


def test_several_faults_are_listed() -> None:
    faults = [{"field": "a", "message": "m"}]
    assert problem(ValidationFailed("no", errors=faults), "/x", "c")["errors"] == faults


def test_step_functions_retry_on_these_very_names() -> None:
    """Lambda reports the class name as errorType; the state machines match it."""
    assert errors.TransientError.__name__ == "TransientError"
    assert errors.DependenciesPending.__name__ == "DependenciesPending"
    assert not issubclass(errors.DependenciesPending, OpsError)
