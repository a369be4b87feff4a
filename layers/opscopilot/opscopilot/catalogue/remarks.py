"""What a planner should know about how a column was read, although every value of it could be."""

from __future__ import annotations

from typing import NamedTuple

from opscopilot.catalogue.check import Check


class Remark(NamedTuple):
    """A line for the receipt."""

    level: str
    code: str
    message: str
    raw_value: str | None = None


def remarks(check: Check) -> list[Remark]:
    """Everything worth saying about one column."""
    found = [_day(check)] if check.day.note else []
    label, form = check.field.label, check.form
    if form.contested and not form.problem:
        found.append(Remark(
            "warning", "decimal_contested", f"{label} mostly writes decimals with a {_name(form.decimal)}, but not "
            f"always. Values of the other kind, and those that could be either, were rejected one by one.",
        ))  # fmt: skip
    if form.units:
        found.append(Remark("info", "units_split", f"{label} has its unit behind the number ({', '.join(form.units)}); "
                            f"the two were taken apart."))  # fmt: skip
    if check.decimal_codes:
        found.append(Remark("warning", "decimal_codes", f"{label} ends in .0 in every record: a program took the codes "
                            f"for numbers. The .0 was left off; zeros in front, if there were any, are lost."))  # fmt: skip
    if check.assumed_percent:
        found.append(Remark("warning", "percent_assumed", f"Most values of {label} are more than 1, so the column was "
                            f"read as percentages: 5 is 0.05, and 0.5 is 0.005."))  # fmt: skip
    if check.parts:
        found.append(Remark("warning", "not_whole", f"{label} has decimals in many records whose unit is counted in "
                            f"pieces. They were taken as they are; check whether the unit is the right one."))  # fmt: skip
    for first in check.doubted:
        found.append(Remark(
            "warning", "order_doubted", f"In most records {label} is before {first.replace('_', ' ')}. That is no "
            f"fault of single records: check whether the two columns are what they were taken for. The rule was left "
            f"out for this file.",
        ))  # fmt: skip
    return found


def _name(sign: str) -> str:
    return "comma" if sign == "," else "point"


def _day(check: Check) -> Remark:
    label, samples = check.field.label, ", ".join(check.day.samples)
    said = {
        "excel_serial_dates": f"{label} holds Excel's day numbers; they were counted from 1900 (45658 is 2025-01-01). "
        f"A workbook that counts from 1904 means days four years and one day later, and its numbers do not show it.",
        "epoch_dates": f"{label} holds seconds or milliseconds since 1970; they were read as UTC.",
        "short_dates": f"{label} holds days of six digits, read as {check.day.layout.name} because no other order makes "
        f"sense of all of them. Years 69 to 99 are the last century's.",
        "two_digit_years": f"{label} has years of two digits: 00 to 68 were read as 2000 to 2068, 69 to 99 as 1969 to "
        f"1999.",
    }  # fmt: skip
    level = "info" if check.day.note == "two_digit_years" else "warning"
    return Remark(level, check.day.note, said[check.day.note], samples)
