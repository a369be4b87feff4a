"""The documentation page at /docs: plain HTML made from the OpenAPI document. No script, nothing from elsewhere.

Swagger UI would come from a content delivery network: blank on a plant network without internet, and foreign
code beside a token.
"""

from __future__ import annotations

from html import escape
from typing import Any

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1.5rem;color:#1c2733;background:#fff}
h1{margin:.2em 0}h2{border-bottom:1px solid #d5dde5;margin:2em 0 .5em}code,pre{font:13px/1.45 ui-monospace,monospace}
details{border:1px solid #e2e8ee;border-radius:6px;margin:.4em 0;padding:.35em .7em}summary{cursor:pointer}
.m{display:inline-block;min-width:4.2em;font-weight:700}.get{color:#0b6bcb}.post{color:#1a7f37}.put,.patch{color:#9a6700}
.delete{color:#b42318}table{border-collapse:collapse;width:100%}td,th{border-top:1px solid #e2e8ee;padding:.25em .5em;
text-align:left;vertical-align:top}pre{background:#f5f7f9;overflow:auto;padding:.6em}.q{color:#5b6b7b}
@media (prefers-color-scheme:dark){body{background:#10161c;color:#dbe4ec}details,td,th,h2{border-color:#2b3945}
pre{background:#18212a}.q{color:#93a4b3}.get{color:#6cb6ff}.post{color:#57ab5a}.put,.patch{color:#c69026}.delete{color:#f47067}}
"""
CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def page(schema: dict[str, Any]) -> str:
    """The whole page."""
    info = schema["info"]
    by_tag: dict[str, list[str]] = {one["name"]: [] for one in schema.get("tags", [])}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            tag = (operation.get("tags") or ["other"])[0]
            by_tag.setdefault(tag, []).append(_operation(schema, method, path, operation))
    texts = {one["name"]: one["description"] for one in schema.get("tags", [])}
    sections = "".join(
        f"<h2 id='{escape(tag)}'>{escape(tag)}</h2><p class='q'>{escape(texts.get(tag, ''))}</p>{''.join(found)}"
        for tag, found in by_tag.items() if found
    )  # fmt: skip
    intro = "".join(f"<p>{escape(part)}</p>" for part in info["description"].split("\n* "))
    index = " · ".join(f"<a href='#{escape(tag)}'>{escape(tag)}</a>" for tag, found in by_tag.items() if found)
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{escape(info['title'])}</title>"
        f"<meta name='viewport' content='width=device-width'><style>{_STYLE}</style>"
        f"<h1>{escape(info['title'])} <small class='q'>{escape(info['version'])}</small></h1>{intro}"
        f"<p>Machine readable: <a href='openapi.json'>openapi.json</a></p><p>{index}</p>{sections}</html>"
    )


def _operation(schema: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> str:
    body = _request(schema, operation)
    rows = "".join(
        f"<tr><td><code>{escape(one['name'])}</code></td><td class='q'>{escape(one['in'])}</td>"
        f"<td>{escape(_kind(one.get('schema', {})))}</td><td>{escape(one.get('description') or '')}</td></tr>"
        for one in operation.get("parameters", [])
    )
    table = f"<table>{rows}</table>" if rows else ""
    text = f"<p>{escape(operation['description'])}</p>" if operation.get("description") else ""
    answers = ", ".join(f"{code} {escape(one.get('description', ''))}" for code, one in operation["responses"].items())
    return (
        f"<details><summary><span class='m {method}'>{method.upper()}</span> <code>{escape(path)}</code> "
        f"<span class='q'>{escape(operation.get('summary', ''))}</span></summary>{text}{table}{body}"
        f"<p class='q'>Answers: {answers}</p></details>"
    )


def _request(schema: dict[str, Any], operation: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if not content:
        return ""
    fields = _resolve(schema, content).get("properties", {})
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td class='q'>body</td><td>{escape(_kind(one))}</td>"
        f"<td>{escape(one.get('description') or '')}{_example(one)}</td></tr>"
        for name, one in fields.items()
    )
    return f"<table>{rows}</table>" if rows else ""


def _example(one: dict[str, Any]) -> str:
    found = one.get("examples") or []
    return f" <span class='q'>e.g. <code>{escape(str(found[0]))}</code></span>" if found else ""


def _resolve(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    name = str(part.get("$ref", "")).rpartition("/")[2]
    found: dict[str, Any] = schema["components"]["schemas"].get(name, part)
    return found


def _kind(part: dict[str, Any]) -> str:
    if "enum" in part:
        return " | ".join(str(one) for one in part["enum"])
    if "anyOf" in part:
        return " | ".join(dict.fromkeys(_kind(one) for one in part["anyOf"] if one.get("type") != "null"))
    if "$ref" in part:
        return str(part["$ref"]).rpartition("/")[2]
    if part.get("type") == "array":
        return f"list of {_kind(part.get('items', {}))}"
    return str(part.get("format") or part.get("type") or part.get("const") or "any")
