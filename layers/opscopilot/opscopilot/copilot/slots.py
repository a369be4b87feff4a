"""Slots: from the words of a question to the arguments of the tool it was routed to."""

from __future__ import annotations

import re
from typing import Any

from opscopilot.copilot.linking import Links
from opscopilot.copilot.periods import Period
from opscopilot.copilot.text import fold

_BELOW = re.compile(
    r"reorder|meldebestand|reapprovisionnement|punto de pedido|running low|run(ning)? out|short|too little"
)
_CONVERT = re.compile(r"convert\s+([\d.,]+)\s+([a-z]+)\b.*?\b(?:to|into|in)\s+([a-z]+)\b")
_HORIZON = re.compile(r"(\d+)\s*(?:weeks?|wochen|semaines?|semanas?)")
_OVERDUE = re.compile(r"overdue|late\b|behind|delayed|uberfallig|verspatet|en retard|atrasad")
_OPEN = re.compile(r"\bopen\b|outstanding|unshipped|backlog|offen|ouvert|abiert|pendient")
_SCRAP = re.compile(r"scrap|waste|ausschuss|rebut|merma|chatarra|yield")
_BY = re.compile(
    r"\b(?:by|per|nach|par|por)\s+(channel|customer|month|week|day|sku|product|reason|status|warehouse|kanal|kunde)\b"
)
_STATUS = {"critical": "critical", "kritisch": "critical", "excess": "excess", "overstock": "excess", "too much": "excess",
           "negative": "negative"}  # fmt: skip
_OF = r"\b(?:of|for|from|about|von|fur|vom|de|du|des|del|para|pour)\s+(?:the\s+|our\s+|item\s+|sku\s+|product\s+|supplier\s+|la\s+|le\s+|el\s+)*"
_SEVERITY = re.compile(r"\b(critical|high|medium|low|info)\b")


def converted_quantity(question: str) -> set[str]:
    """The 12 of 'convert 12 cartons …': a quantity, no part of a name."""
    found = _CONVERT.search(fold(question))
    return {found.group(1)} if found else set()


def fill(tool: str, question: str, links: Links, period: Period | None) -> dict[str, Any]:
    """Arguments for `tool`; only those the question speaks of."""
    folded = fold(question)
    filler = {
        "query_inventory": _inventory, "lookup_orders": _orders, "get_production_status": _production,
        "get_forecasts": _forecasts, "get_alerts": _alerts, "query_bom": _bom,
    }.get(tool)  # fmt: skip
    return filler(folded, links, period) if filler else {}


def _item(folded: str, links: Links) -> str | None:
    """The item a question names; words that name nothing are passed on so that the tool can say so."""
    if "sku" in links.found:
        return links.found["sku"]
    if links.quoted:
        return links.quoted
    coded = [word for word in links.unknown if any(char.isdigit() for char in word)]
    return " ".join(coded) if coded else _after_of(folded, links.unknown)


def _after_of(folded: str, unknown: list[str]) -> str | None:
    """'stock of zebras' names something even if nobody knows it; a stray word elsewhere names nothing."""
    named = [word for word in unknown if re.search(rf"{_OF}{re.escape(word)}\b", folded)]
    if not named:
        return None
    return " ".join(unknown[unknown.index(named[0]) :])


def _span(period: Period | None) -> dict[str, Any]:
    return {"from": period.start, "to": period.end} if period else {}


def _inventory(folded: str, links: Links, _period: Period | None) -> dict[str, Any]:
    args: dict[str, Any] = {}
    item = _item(folded, links)
    if item:
        args["sku_code"] = item
    if "warehouse" in links.found:
        args["warehouse"] = links.found["warehouse"]
    if _BELOW.search(folded) and not item:
        args["status"] = "below_reorder_point"
    for words, status in _STATUS.items():
        if words in folded and "status" not in args:
            args["status"] = status
    convert = _CONVERT.search(folded)
    if convert:
        args["convert"] = {"qty": convert.group(1).replace(",", "."), "from": convert.group(2), "to": convert.group(3)}
    return args


def _orders(folded: str, links: Links, period: Period | None) -> dict[str, Any]:
    args: dict[str, Any] = _span(period)
    for kind, name in (("order", "order"), ("customer", "customer"), ("sku", "sku")):
        if kind in links.found:
            args[name] = links.found[kind]
    if _OPEN.search(folded):
        args["status"] = "open"
    elif _OVERDUE.search(folded):
        args["status"] = "late"
    by = _BY.search(folded)
    if by:
        args["group_by"] = {"kanal": "channel", "kunde": "customer", "product": "sku"}.get(by.group(1), by.group(1))
    return args


def _production(folded: str, links: Links, period: Period | None) -> dict[str, Any]:
    args: dict[str, Any] = _span(period)
    if "work_order" in links.found:
        args["work_order"] = links.found["work_order"]
    if "sku" in links.found:
        args["sku"] = links.found["sku"]
    if _SCRAP.search(folded):
        args["filter"] = "scrap"
    elif _OVERDUE.search(folded):
        args["filter"] = "overdue"
    elif re.search(r"in progress|running|laufend|en cours|en curso", folded):
        args["filter"] = "in_progress"
    return args


def _forecasts(folded: str, links: Links, _period: Period | None) -> dict[str, Any]:
    item = _item(folded, links)
    args: dict[str, Any] = {"sku": item} if item else {}
    horizon = _HORIZON.search(folded)
    if horizon:
        args["horizon"] = int(horizon.group(1))
    elif re.search(r"quarter|quartal|trimestre", folded):
        args["horizon"] = 13
    elif re.search(r"\bmonth\b|monat\b|\bmois\b|\bmes\b", folded):
        args["horizon"] = 4
    return args


def _alerts(folded: str, _links: Links, _period: Period | None) -> dict[str, Any]:
    severity = _SEVERITY.search(folded)
    return {"status": "open", **({"severity": severity.group(1)} if severity else {})}


def _bom(folded: str, links: Links, _period: Period | None) -> dict[str, Any]:
    item = _item(folded, links)
    args: dict[str, Any] = {"sku": item} if item else {}
    used = re.search(
        r"where.?used|used in|which (products|items|skus).*(use|contain)|verwendet|wo wird|utilise|donde se usa", folded
    )
    cost = re.search(r"cost|kosten|cout|coste", folded)
    args["mode"] = "where_used" if used else "cost_rollup" if cost else "explode"
    return args
