"""A receipt in words: one line for a subject, a short text for a message or a terminal.

Names and values out of files are data: each is put on one line and cut short here, and whoever shows the text
escapes it.
"""

from __future__ import annotations

from typing import Any

from opscopilot.staging.change_words import plural
from opscopilot.staging.receipt_parts import Fault
from opscopilot.staging.receipts import Receipt

_LONGEST = 80
_MAX_TEXT = 8000
_FAULTS = 5
_KINDS = {
    "remembered": "by the mapping of this source", "recognised": "by its columns", "asked for": "as it was announced",
    "confirmed": "as somebody confirmed",
}  # fmt: skip


def shown(value: Any, longest: int = _LONGEST) -> str:
    """A value out of a file on one printable line, cut short."""
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in str(value)).split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def things(told: Receipt, count: int) -> str:
    """What the records are, in the words of the catalogue: '3 sales order lines', '1 record'."""
    return f"{count:,} {plural(told.entity_type or 'record', count)}"


def headline(told: Receipt) -> str:
    """What became of the file, in one line."""
    name, total = shown(told.file_name, 120), told.total_records
    if told.status == "completed":
        return f"{name}: all {things(told, total)} are loaded" if total != 1 else f"{name}: its one record is loaded"
    if told.status == "partially_failed":
        return f"{name}: {told.failed_records:,} of {things(told, total)} could not be loaded"
    if told.status == "needs_mapping":
        return f"{name} waits: somebody has to say what its columns are"
    if told.status == "failed" and told.error_code == "all_records_rejected":
        return f"{name}: none of {things(told, total)} could be loaded"
    if told.status == "failed":
        return f"{name} was not taken ({(told.error_code or 'failed').replace('_', ' ')})"
    return f"{name}: {told.status}"


def as_text(told: Receipt) -> str:
    """The receipt as plain text, in blocks with an empty line between them. At most 8,000 characters."""
    blocks = (
        _recognised(told),
        _outcome(told),
        _proposed(told),
        _faults(told),
        _waits(told),
        _changes(told),
        _next(told),
    )
    return "\n\n".join(block for block in blocks if block)[:_MAX_TEXT]


def _recognised(told: Receipt) -> str:
    if told.entity_type is None:
        return ""
    found = told.recognised
    title = told.entity_title or told.entity_type.replace("_", " ")
    how = f", {_KINDS.get(found.how, found.how)}" if found and found.how else ""
    system = f", headers of {shown(found.system)}" if found and found.system else ""
    score = f" (score {told.entity_score:.2f})" if told.entity_score is not None else ""
    left = f" Columns not kept: {', '.join(shown(name, 40) for name in found.unmapped[:10])}." \
        if found and found.unmapped else ""  # fmt: skip
    return f"Taken as: {title}{how}{system}{score}.{left}"


def _outcome(told: Receipt) -> str:
    count, lines = told.counts, []
    if told.error_summary and told.error_code != "all_records_rejected" and told.status != "partially_failed":
        lines.append(shown(told.error_summary, 1000))
    if count.total:
        lines += [f"Records: {count.total:,}", f"  loaded: {count.loaded:,}{_of_loaded(told)}",
                  f"  known already: {count.duplicates:,}", f"  not loaded: {count.failed:,}"]  # fmt: skip
    return "\n".join(lines)


def _proposed(told: Receipt) -> str:
    lines = []
    for one in (told.proposal or {}).get("candidates") or []:
        columns = ", ".join(
            f"{shown(of.get('column') or 'a fixed value', 40)} → {name.replace('_', ' ')}"
            for name, of in list(one["columns"].items())[:8]
        )
        lacks = ", ".join(shown(of["label"], 40) for of in one.get("missing") or [])
        lines.append(f"  {one['title']} (score {one['score']:.2f}): {columns or 'no column for certain'}"
                     + (f"; it lacks: {lacks}" if lacks else ""))  # fmt: skip
    return "\n".join(["It could be:", *lines]) if lines else ""


def _of_loaded(told: Receipt) -> str:
    count = told.counts
    parts = ((count.inserted, "new"), (count.updated, "changed"), (count.unchanged, "unchanged"))
    if not (count.inserted or count.updated):
        return ""
    return f" ({', '.join(f'{number:,} {word}' for number, word in parts if number)})"


def _faults(told: Receipt) -> str:
    wrong = [fault for fault in told.faults if fault.records > fault.waiting]
    lines = [line for fault in wrong[:_FAULTS] for line in _fault(fault)]
    if len(wrong) > _FAULTS:
        lines.append(f"  and {len(wrong) - _FAULTS} more kinds of error")
    return "\n".join(["What is wrong:", *lines]) if lines else ""


def _fault(fault: Fault) -> list[str]:
    field = f" in {fault.field.replace('_', ' ')}" if fault.field else ""
    lines = [f"  {fault.records:,} × {fault.code.replace('_', ' ')}{field}"]
    if fault.examples:
        one = fault.examples[0]
        value = f" '{shown(one.raw_value)}':" if one.raw_value is not None else ""
        lines.append(f"    e.g. row {one.row or one.record_no}:{value} {shown(one.message, 200)}")
        if one.expected:
            lines.append(f"    right would be: {shown(one.expected, 160)}")
    return lines


def _waits(told: Receipt) -> str:
    if not told.waits_for:
        return ""
    lines = [
        f"  {one.records:,} for {(one.field or 'a reference').replace('_', ' ')} '{shown(one.value or '')}'"
        for one in told.waits_for[:_FAULTS]
    ]
    return "\n".join(["These records wait and load by themselves once it is there:", *lines])


def _changes(told: Receipt) -> str:
    lines = [f"  {shown(one['sentence'], 240)}" for one in told.changes[:10]]
    return "\n".join(["What changed:", *lines]) if lines else ""


def what_next(told: Receipt) -> str:
    """What a person should do now; empty when there is nothing to do."""
    if told.status == "needs_mapping":
        return "Say what the columns are: `ops map`, or POST /api/v1/jobs/{id}/mapping."
    if told.status == "failed" and not told.faults:
        return "Correct the file or its export as said above, and drop it again."
    if any(fault.records > fault.waiting for fault in told.faults):
        return (
            "Download the rejected records, correct them and send them in again: `ops rejects JOB --download FILE`, "
            "then `ops replay JOB --file FILE`."
        )
    if told.waits_for:
        return "Drop the files with what is missing; nothing else needs to be done."
    return ""


def _next(told: Receipt) -> str:
    text = what_next(told).replace("{id}", str(told.id)).replace("JOB", str(told.id))
    return f"What to do next: {text}" if text else ""
