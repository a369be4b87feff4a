"""What an EventBridge target receives: Input, InputPath and InputTransformer as AWS applies them."""

from __future__ import annotations

import json
import re
from typing import Any

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_PLACEHOLDER = re.compile(r"<([^<>\s]+)>")


def shape_input(target: dict[str, Any], event: dict[str, Any]) -> Any:
    """The event as ``target`` asks for it; the whole event when it asks for nothing."""
    if "Input" in target:
        return json.loads(target["Input"])
    if "InputPath" in target:
        return find(event, target["InputPath"])
    if "InputTransformer" in target:
        return transform(target["InputTransformer"], event)
    return event


def find(event: Any, path: str) -> Any:
    """The value at a JSONPath of names and indexes (``$.detail.bucket.name``); None where there is none."""
    if not path.startswith("$"):
        raise ValueError(f"input path {path!r} must start with '$'")
    found = event
    for name, index in _STEP.findall(path[1:]):
        if name and isinstance(found, dict):
            found = found.get(name)
        elif index and isinstance(found, list) and int(index) < len(found):
            found = found[int(index)]
        else:
            return None
    return found


def transform(transformer: dict[str, Any], event: dict[str, Any]) -> Any:
    """Fill ``<name>`` placeholders. Inside quotes a text value goes in bare, elsewhere as JSON."""
    values = {name: find(event, path) for name, path in transformer.get("InputPathsMap", {}).items()}
    values["aws.events.event"] = event
    values["aws.events.event.json"] = event
    template: str = transformer["InputTemplate"]

    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in values:
            return match.group(0)
        value = values[name]
        if _inside_quotes(template, match.start()):
            text = value if isinstance(value, str) else json.dumps(value)
            return json.dumps(text)[1:-1]
        return json.dumps(value)

    filled = _PLACEHOLDER.sub(fill, template)
    try:
        return json.loads(filled)
    except ValueError:
        return filled


def _inside_quotes(text: str, position: int) -> bool:
    """Whether ``position`` lies inside a JSON string of ``text``."""
    quotes = re.findall(r'(?<!\\)"', text[:position])
    return len(quotes) % 2 == 1
