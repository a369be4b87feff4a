"""What a load changed downstream, as sentences: 'on-hand of 14 items moved (00100: 40 → 12 EA)'."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_SENTENCES = {
    "added": "{n} new {things}",
    "changed": "{n} {things} changed",
    "deactivated": "{n} {things} {were} deactivated: the full extract no longer has them",
    "price_changed": "the {field} of {n} {things} changed",
    "due_date_moved": "the {field} of {n} {things} moved",
    "confirmed_later": "{n} {things} {are} confirmed for later",
    "status_changed": "{n} {things} changed their status",
    "switched_off": "{n} {things} {were} switched off",
    "demand_added": "{n} {things} added demand",
    "demand_changed": "demand changed in {n} {things}",
    "demand_cancelled": "{n} {things} {were} cancelled",
    "on_hand_moved": "on-hand of {n} {items} moved",
    "fell_below_reorder_point": "{n} {items} fell below their reorder point",
}
_SHOWN = 3


def plural(name: str, count: int) -> str:
    """An entity's name as people say it, for one or for several."""
    name = name.replace("_", " ")
    if count == 1:
        return name
    if name.endswith("y"):
        return name[:-1] + "ies"
    return name + ("es" if name.endswith(("s", "x", "ch")) else "s")


def sentence(change: Mapping[str, Any]) -> str:
    """One change in words, with up to three examples."""
    count = change.get("count") if isinstance(change.get("count"), int) else 0
    examples = [one for one in change.get("examples") or [] if isinstance(one, Mapping)]
    template = _SENTENCES.get(str(change.get("what")), "{n} × " + str(change.get("what") or "").replace("_", " "))
    # What stands in braces is ours; values are put in afterwards, so data with braces in it is only shown.
    parts = {
        "n": f"{count:,}", "things": plural(str(change.get("entity") or "row"), int(count or 0)),
        "were": "was" if count == 1 else "were", "are": "is" if count == 1 else "are",
        "items": plural("item", int(count or 0)),
        "field": str(examples[0].get("field") or "").replace("_", " ") if examples else "value",
    }  # fmt: skip
    said = template
    for name, text in parts.items():
        said = said.replace("{" + name + "}", text)
    shown = "; ".join(_example(one) for one in examples[:_SHOWN])
    return f"{said} ({shown})" if shown else said


def _example(one: Mapping[str, Any]) -> str:
    make: list[tuple[str, Callable[[Mapping[str, Any]], str]]] = [
        ("from", _moved), ("open_qty", lambda it: f"{it['open_qty']} {it.get('uom') or ''} in {it.get('lines')} lines"),
        ("field", lambda it: f"{str(it['field']).replace('_', ' ')} in {it.get('count')}"),
        ("key", lambda it: str(it["key"])),
    ]  # fmt: skip
    for name, words in make:
        if one.get(name) is not None:
            return " ".join(words(one).split())
    return ", ".join(f"{name} {value}" for name, value in one.items() if value is not None)


def _moved(one: Mapping[str, Any]) -> str:
    name = f"{one['key']}: " if one.get("key") else ""
    unit = f" {one['uom']}" if one.get("uom") else ""
    more = [
        f"{one['days']} days" if one.get("days") else "", f"{one['count']:,} of them" if one.get("count") else "",
        f"reorder point {one['reorder_point']}" if one.get("reorder_point") else "",
    ]  # fmt: skip
    return ", ".join([f"{name}{one['from']} → {one.get('to')}{unit}", *(part for part in more if part)])
