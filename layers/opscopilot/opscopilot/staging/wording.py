"""A receipt in words: one line for a subject, a short text for a message or a terminal. Values from files are data:
whoever shows the text escapes it."""

from __future__ import annotations

from opscopilot.staging.receipts import Receipt


def things(told: Receipt, count: int) -> str:
    """What the records are, in the words of the catalogue: '3 sales order lines', '1 record'."""
    name = (told.entity_type or "record").replace("_", " ")
    plural = name if count == 1 else name[:-1] + "ies" if name.endswith("y") else name + "s"
    return f"{count:,} {plural}"


def headline(told: Receipt) -> str:
    """What became of the file, in one line."""
    name, total, failed = told.file_name, told.total_records, told.failed_records
    if told.status == "completed":
        return f"{name}: all {things(told, total)} are loaded" if total != 1 else f"{name}: its one record is loaded"
    if told.status == "partially_failed":
        return f"{name}: {failed:,} of {things(told, total)} were not loaded"
    if told.status == "needs_mapping":
        return f"{name} waits: somebody has to say what its columns are"
    if told.status == "failed" and told.error_code == "all_records_rejected":
        return f"{name}: none of {things(told, total)} was loaded"
    if told.status == "failed":
        return f"{name} was not taken ({told.error_code})"
    return f"{name}: {told.status}"


def as_text(told: Receipt) -> str:
    """The receipt as plain text, in blocks with an empty line between them."""
    return "\n\n".join(block for block in (_outcome(told), _counts(told)) if block)


def _outcome(told: Receipt) -> str:
    return told.error_summary or ""


def _counts(told: Receipt) -> str:
    return (
        f"{told.total_records:,} records: {told.successful_records:,} loaded, {told.duplicate_records:,} known "
        f"already, {told.failed_records:,} not loaded."
    )
