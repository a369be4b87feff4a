"""Tools as strict JSON Schema for a model, and the way back from the model's JSON to arguments.

Strict means: every property is required and no other is allowed, so an optional one becomes nullable and null
means 'left out'. Limits that strict schemas cannot express are put into words; pydantic still checks them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from opscopilot.copilot.chat import ToolSpec
from opscopilot.kernel.tools import Tool

_WORDS = {
    "minimum": "at least {}", "maximum": "at most {}", "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}", "maxLength": "at most {} characters", "minLength": "at least {} characters",
    "maxItems": "at most {} entries", "minItems": "at least {} entries",
}  # fmt: skip
_FORMATS = {"date": "YYYY-MM-DD", "date-time": "ISO 8601 with offset", "uuid": "UUID"}
_NULL = {"type": "null"}


def spec(tool: Tool) -> ToolSpec:
    """The tool as a model sees it."""
    schema = tool.args.model_json_schema()
    parameters = _object(schema, schema.get("$defs", {}))
    examples = f" Questions it answers: {' '.join(tool.examples)}" if tool.examples else ""
    return ToolSpec(name=tool.name, description=tool.description + examples, parameters=parameters)


def _object(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> dict[str, Any]:
    required = set(schema.get("required", ()))
    properties = {
        name: _property(inner, defs, optional=name not in required)
        for name, inner in schema.get("properties", {}).items()
    }
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _property(schema: Mapping[str, Any], defs: Mapping[str, Any], *, optional: bool) -> dict[str, Any]:
    notes = [schema["description"]] if "description" in schema else []
    options = [_plain(option, defs, notes) for option in schema.get("anyOf", [schema])]
    if optional and _NULL not in options:
        options.append(_NULL)
    if schema.get("default") is not None:
        notes.append(f"null = {schema['default']}.")
    out = dict(options[0]) if len(options) == 1 else {"anyOf": options}
    return {**out, "description": " ".join(notes)} if notes else out


def _plain(schema: Mapping[str, Any], defs: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    """One alternative without what strict schemas forbid; its limits go to `notes` as words."""
    if "$ref" in schema:
        return _plain({**defs[schema["$ref"].rpartition("/")[2]], **_without_ref(schema)}, defs, notes)
    limits = [words.format(f"{schema[key]:g}") for key, words in _WORDS.items() if key in schema]
    if schema.get("format") in _FORMATS:
        limits.append(_FORMATS[schema["format"]])
    if limits:
        words = ", ".join(limits)
        notes.append(f"{words[0].upper()}{words[1:]}.")
    if schema.get("type") == "object":
        return _object(schema, defs)
    out = {key: schema[key] for key in ("type", "enum") if key in schema}
    if "const" in schema:
        out["enum"] = [schema["const"]]
    if schema.get("type") == "array":
        out["items"] = _property(schema.get("items", {"type": "string"}), defs, optional=False)
    return out


def _without_ref(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "$ref"}


def arguments(text: str) -> dict[str, Any]:
    """The arguments in a model's JSON, decimals exact and nulls left out; ValueError when it is not an object."""
    found = json.loads(text or "{}", parse_float=Decimal, parse_constant=_refuse)
    if not isinstance(found, dict):
        raise ValueError("arguments must be a JSON object")
    return {name: _without_nulls(value) for name, value in found.items() if value is not None}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _refuse(text: str) -> Decimal:
    raise ValueError(f"{text} is not a number")
