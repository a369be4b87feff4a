"""A function that starts sees its own variables; whoever is at work beside it sees nothing of that."""

from __future__ import annotations

import os
import threading
from os import environ

import pytest

from local.environment import function_environment


def seen_elsewhere(name: str) -> str | None:
    """What another thread reads."""
    found: list[str | None] = []
    thread = threading.Thread(target=lambda: found.append(os.environ.get(name)))
    thread.start()
    thread.join()
    return found[0]


def test_a_starting_function_has_its_own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEVELOPERS_OWN", "secret")
    before = dict(os.environ)
    with function_environment({"DB_USER": "ops_ingest"}):
        assert os.environ["DB_USER"] == os.getenv("DB_USER") == environ["DB_USER"] == "ops_ingest"
        assert "DEVELOPERS_OWN" not in os.environ
        assert os.environ["PATH"] == before["PATH"]
        assert len(os.environ) == len(dict(os.environ))
        assert seen_elsewhere("DB_USER") is None
        assert seen_elsewhere("DEVELOPERS_OWN") == "secret"
        os.environ["MADE_HERE"] = "1"
        assert os.environ.pop("MADE_HERE") == "1"
    assert dict(os.environ) == before


def test_starting_functions_disturb_nobody_who_reads_the_environment() -> None:
    over = threading.Event()
    broken: list[BaseException] = []

    def read() -> None:
        try:
            while not over.is_set():
                assert dict(os.environ)["PATH"]
        except BaseException as error:
            broken.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    for number in range(300):
        with function_environment({f"VARIABLE_{number}": "1", "DB_USER": str(number)}):
            pass
    over.set()
    thread.join()
    assert broken == []
