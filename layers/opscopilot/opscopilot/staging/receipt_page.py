"""The receipt as a page: self-contained HTML without script. Every value out of a file is escaped and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from opscopilot.staging import wording
from opscopilot.staging.receipt_parts import Fault
from opscopilot.staging.receipts import Receipt

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_COLOURS = {
    "completed": "#1a7f37", "partially_failed": "#a16207", "failed": "#b42318", "needs_mapping": "#1c4e80",
}  # fmt: skip
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:62rem;padding:1.5rem;color:#1c2733;background:#fff}
h1{font-size:1.35rem;margin:.4rem 0 1rem;overflow-wrap:anywhere}h2{font-size:1.05rem;margin:1.8rem 0 .5rem}
.s{display:inline-block;color:#fff;border-radius:4px;padding:.1rem .6rem;font-weight:600;font-size:.85rem}
.n{display:flex;flex-wrap:wrap;gap:.6rem;margin:1rem 0}.n div{border:1px solid #d5dde5;border-radius:6px;
padding:.4rem .9rem;min-width:5.5rem}.n b{display:block;font-size:1.3rem;font-variant-numeric:tabular-nums}
table{border-collapse:collapse;width:100%}td,th{border-top:1px solid #e2e8ee;padding:.3rem .6rem;text-align:left;
vertical-align:top;overflow-wrap:anywhere}th{font-weight:600;border-top:0}code{font:13px/1.45 ui-monospace,monospace;
background:#f2f5f8;padding:.05rem .25rem;border-radius:3px;white-space:pre-wrap}.q{color:#5b6b7b}.r{text-align:right}
@media (prefers-color-scheme:dark){body{background:#10161c;color:#dbe4ec}td,th,.n div{border-color:#2b3945}
code{background:#1b2530}.q{color:#93a4b3}}
"""


def page(told: Receipt) -> str:
    """The whole page."""
    sections = (
        _error(told), _numbers(told), _recognised(told), _proposed(told), _sample(told), _faults(told), _waits(told), _changes(told),
        _tables(told), _replays(told), _log(told), _next(told),
    )  # fmt: skip
    title = escape(wording.headline(told))
    colour = _COLOURS.get(told.status, "#475569")
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title}</title>"
        f"<meta name='viewport' content='width=device-width'><style>{_STYLE}</style></head><body>"
        f"<span class='s' style='background:{colour}'>{escape(told.status.replace('_', ' '))}</span>"
        f"<h1>{title}</h1><p class='q'>{_when(told)}</p>{''.join(sections)}</body></html>"
    )


def _cell(value: Any, longest: int = 300) -> str:
    return "" if value is None else escape(wording.shown(value, longest))


def _code(value: Any) -> str:
    return "" if value is None else f"<code>{_cell(value)}</code>"


def _table(title: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of cells that are HTML already; nothing without rows."""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    return f"<h2>{escape(title)}</h2><table><tr>{head}</tr>{body}</table>" if body else ""


def _when(told: Receipt) -> str:
    parts = [f"from {told.source_system}", f"job {told.id}"]
    if told.completed_at:
        parts.append(f"ended {told.completed_at:%Y-%m-%d %H:%M} UTC")
    if told.requested_by:
        parts.append(f"asked for by {told.requested_by}")
    return escape(" · ".join(wording.shown(part, 200) for part in parts))


def _error(told: Receipt) -> str:
    return f"<p>{_cell(told.error_summary, 2000)}</p>" if told.error_summary else ""


def _numbers(told: Receipt) -> str:
    count = told.counts
    boxes = [
        ("records", count.total), ("loaded", count.loaded), ("new", count.inserted), ("changed", count.updated),
        ("known already", count.duplicates), ("not loaded", count.failed), ("of these waiting", count.waiting),
        ("deactivated", count.deactivated),
    ]  # fmt: skip
    always = {"records", "loaded", "known already", "not loaded"}
    found = "".join(f"<div><b>{n:,}</b>{escape(name)}</div>" for name, n in boxes if n or name in always)
    if told.progress:
        found += f"<div><b>{told.progress.parts_loaded}/{told.progress.parts}</b>parts loaded</div>"
    return f"<div class='n'>{found}</div>"


def _recognised(told: Receipt) -> str:
    found = told.recognised
    if found is None:
        return ""
    why = [one for one in (found.how, f"headers of {found.system}" if found.system else None) if one]
    if found.score is not None:
        why.append(f"score {found.score:.2f}")
    rows = [(_cell(one.label), _code(one.source), _cell(", ".join(one.notes))) for one in found.columns]
    left = f"<p>Columns not kept: {', '.join(_code(one) for one in found.unmapped)}</p>" if found.unmapped else ""
    about = f"<p class='q'>{_cell(', '.join(why))}</p>" if why else ""
    return _table(f"Taken as: {found.title}", ("field", "column of the file", "read as"), rows) + about + left


def _proposed(told: Receipt) -> str:
    rows = (
        (_cell(one["title"]), f"{one['score']:.2f}",
         "<br>".join(f"{_code(of['column'])} → {_cell(name)}" for name, of in one["columns"].items()),
         _cell(", ".join(of["label"] for of in one.get("missing") or [])))
        for one in (told.proposal or {}).get("candidates") or []
    )  # fmt: skip
    return _table("What it could be", ("taken as", "score", "columns", "lacks"), rows)


def _sample(told: Receipt) -> str:
    found = told.proposal or {}
    rows = ([_code(cell) for cell in row] for row in found.get("sample") or [])
    return _table("The first rows", found.get("headers") or [], rows)


def _faults(told: Receipt) -> str:
    return _table(
        "What is wrong", ("records", "error", "field", "examples"),
        ((f"{fault.records:,}", _code(fault.code), _cell(fault.field), _examples(fault)) for fault in told.faults),
    )  # fmt: skip


def _examples(fault: Fault) -> str:
    lines = []
    for one in fault.examples:
        right = f" <span class='q'>Right would be: {_cell(one.expected)}</span>" if one.expected else ""
        lines.append(f"row {one.row or one.record_no}: {_code(one.raw_value)} {_cell(one.message)}{right}")
    return "<br>".join(lines)


def _waits(told: Receipt) -> str:
    rows = ((f"{one.records:,}", _cell(one.field), _code(one.value)) for one in told.waits_for)
    return _table("Records that wait, and for what", ("records", "field", "value"), rows)


def _changes(told: Receipt) -> str:
    return _table("What changed", ("",), ((_cell(one["sentence"]),) for one in told.changes))


def _tables(told: Receipt) -> str:
    rows = (
        (_cell(one.table_name or one.file_name), _cell(one.entity_type), _cell(one.status),
         f"{one.total_records:,}", f"{one.failed_records:,}")
        for one in told.children
    )  # fmt: skip
    return _table("Other tables of this file", ("table", "taken as", "status", "records", "not loaded"), rows)


def _replays(told: Receipt) -> str:
    rows = (
        (f"{one.created_at:%Y-%m-%d %H:%M}", _cell(one.requested_by), _cell(one.status), f"{one.records:,}",
         f"{one.loaded_records:,}", _cell(one.error_summary))
        for one in told.replays
    )  # fmt: skip
    return _table("Corrections sent in", ("when", "by", "status", "records", "loaded", ""), rows)


def _log(told: Receipt) -> str:
    rows = ((_cell(one.level), _cell(one.message, 1000), _code(one.raw_value)) for one in told.log)
    return _table("How it was read", ("", "", "value"), rows)


def _next(told: Receipt) -> str:
    text = wording.what_next(told).replace("{id}", str(told.id)).replace("JOB", str(told.id))
    return f"<h2>What to do next</h2><p>{_cell(text, 500)}</p>" if text else ""
