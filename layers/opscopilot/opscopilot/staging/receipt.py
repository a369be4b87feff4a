"""What ingest tells about a file: how it was read (kept with the job) and what is worth a line in the log."""

from __future__ import annotations

from typing import Any

from opscopilot.catalogue.remarks import remarks
from opscopilot.catalogue.types import Type
from opscopilot.catalogue.validation import Check
from opscopilot.staging.binding import Binding
from opscopilot.staging.checking import Outcome
from opscopilot.staging.choosing import Choice
from opscopilot.staging.jobs import LogEntry
from opscopilot.staging.reading.table import Prepared, Table

TRUNCATED = {
    65_535: "2^16-1, where old spreadsheets cut a file that has a header",
    65_536: "2^16, where old spreadsheets cut a file without a header",
    1_048_575: "2^20-1, where spreadsheets cut a file that has a header",
    1_048_576: "2^20, where spreadsheets cut a file without a header",
}


def describe(table: Table, outcome: Outcome, binding: Binding, choice: Choice) -> dict[str, Any]:
    """How the file was read, as data."""
    columns: dict[str, Any] = {}
    for bound, check in zip(binding.bounds, outcome.checks, strict=True):
        one: dict[str, Any] = {"from": bound.header}
        if bound.foreign_id:
            one["by"] = "source_id"
        if check.field.type in (Type.DATE, Type.INSTANT) and not bound.constant:
            one["dates"] = check.day.problem or check.day.layout.name
        if (check.field.type.is_number or check.field.type is Type.INT) and not bound.constant:
            one["decimal"] = check.number.decimal
        if bound.percent:
            one["percent"] = True
        columns[bound.field.name] = one
    return {
        "how": choice.how, "system": choice.system, "why": list(choice.why), **table.read_as,
        "header_row": table.header_row, "columns": columns, "unmapped": list(binding.unmapped),
        "filled_down": outcome.filled_down,
    }  # fmt: skip


def entries(table: Table, prepared: Prepared, outcome: Outcome, binding: Binding, choice: Choice) -> list[LogEntry]:
    """What a planner should know about how the file was taken."""
    found = [LogEntry("info", "recognised", _recognised(choice, binding))]
    if table.preamble:
        found.append(LogEntry("info", "preamble_skipped", f"The header is in line {table.header_row}; what stands "
                              f"above it was left out.", raw_value=" | ".join(table.preamble)[:200]))  # fmt: skip
    for footer in (*outcome.footers, *prepared.footers):
        found.append(LogEntry("info", "totals_dropped", "A line of totals or notes at the end was left out.",
                              raw_value=footer[:200]))  # fmt: skip
    counted = (
        (prepared.blank, "blank_lines", "blank lines were left out"),
        (prepared.repeated_headers, "repeated_headers", "repeated header lines were left out"),
        (outcome.skipped, "skipped", "records were left out by the mapping's skip_when"),
    )
    found += [LogEntry("info", code, f"{count:,} {what}.") for count, code, what in counted if count]
    if outcome.filled_down:
        found.append(LogEntry("info", "filled_down", "Lines without a document number were taken as further lines of "
                              "the document above them."))  # fmt: skip
    found += [LogEntry("info", code, message, field) for code, field, message in binding.notes]
    found += [
        LogEntry(one.level, one.code, one.message, None, one.raw_value) for one in (*table.notes, *prepared.notes)
    ]
    return found + _warnings(prepared, outcome)


def _recognised(choice: Choice, binding: Binding) -> str:
    system = f", headers of {choice.system}" if choice.system else ""
    score = f", score {choice.score:.2f}" if choice.score is not None else ""
    left = f" Not kept: {', '.join(binding.unmapped)}." if binding.unmapped else ""
    return f"{binding.entity.title} ({choice.how}{score}{system}).{left}"


def _warnings(prepared: Prepared, outcome: Outcome) -> list[LogEntry]:
    found = []
    if prepared.records in TRUNCATED:
        why = TRUNCATED[prepared.records]
        found.append(LogEntry("warning", "truncated_suspected", f"The file has {prepared.records:,} records: {why}. "
                              f"Check that the export is whole."))  # fmt: skip
    found += [_assumed(check) for check in outcome.checks if check.number.assumed]
    said = [(check.field.name, one) for check in outcome.checks for one in remarks(check)]
    return found + [
        LogEntry(one.level, one.code, one.message, name, one.raw_value) for name, one in (*said, *outcome.noticed)
    ]  # fmt: skip


def _assumed(check: Check) -> LogEntry:
    """No value of a number column, nor of the file, says which sign is the decimal one."""
    sign, other = ("comma", "point") if check.number.decimal == "," else ("point", "comma")
    samples = check.number.samples
    taken = "decimals" if samples and check.number.decimal in samples[0] else f"thousands (the {sign} for decimals)"
    met = sign if samples and check.number.decimal in samples[0] else other
    return LogEntry(
        "warning", "number_format_assumed", f"No value says whether the {met} in {check.field.label} stands before "
        f"decimals or between thousands; it was read as {taken}. State `decimal` in this source's mapping if not.",
        check.field.name, ", ".join(samples),
    )  # fmt: skip
