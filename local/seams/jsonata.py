"""Seam ``moto.stepfunctions.parser.asl.jsonata.jsonata._eval_jsonata``: moto ships it empty.

The product's state machines are JSONPath; this only keeps a JSONata one from failing for a local reason.
"""

from __future__ import annotations

import importlib.util
import json
from typing import Any

from moto.stepfunctions.parser.asl.jsonata import jsonata as moto_jsonata

from local.seams import Patches


def install(patches: Patches) -> None:
    """Evaluate ``{% … %}`` with jsonata-python when it is installed."""
    if importlib.util.find_spec("jsonata") is None:
        return

    def evaluate(expression: str) -> Any:
        import jsonata

        try:
            return json.loads(json.dumps(jsonata.Jsonata(expression).evaluate(None), default=_plain))
        except Exception as error:
            raise moto_jsonata.JSONataException("UNKNOWN", str(error)) from error

    patches.replace(moto_jsonata, "_eval_jsonata", evaluate)


def _plain(value: Any) -> Any:
    """jsonata-python's own null and sequence types as JSON ones."""
    return None if type(value).__name__ == "NullValue" else list(value)
