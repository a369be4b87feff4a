"""Entity linking: which of the tenant's own things a question names, by code or by words of a name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from opscopilot.copilot.text import fold
from opscopilot.kernel.db import Tx

_CODE_TABLES = (
    ("sku", "manufacturing.skus", "sku_code"),
    ("order", "manufacturing.sales_orders", "order_number"),
    ("work_order", "manufacturing.work_orders", "wo_number"),
    ("purchase_order", "manufacturing.purchase_orders", "po_number"),
    ("supplier", "manufacturing.suppliers", "supplier_code"),
    ("customer", "manufacturing.customers", "customer_code"),
    ("warehouse", "manufacturing.locations", "code"),
)
_NAME_TABLES = (
    ("sku", "manufacturing.skus", "description || ' ' || coalesce(category, '')"),
    ("supplier", "manufacturing.suppliers", "name"),
    ("customer", "manufacturing.customers", "name"),
    ("warehouse", "manufacturing.locations", "name"),
)
_QUOTED = re.compile(r"[\"“”„«»']([^\"“”„«»']{2,80})[\"“”„«»']")
_RAW_TOKEN = re.compile(r"[^\s,;:!?()\"“”„«»]+")


_KIND_WORDS = {
    "work_order": r"(work order|wo|fertigungsauftrag|ordre de fabrication|orden de trabajo)",
    "purchase_order": r"(purchase order|po|bestellung)",
    "order": r"(sales order|order|auftrag|commande|pedido)",
    "supplier": r"(supplier|vendor|lieferant|fournisseur|proveedor)",
    "customer": r"(customer|kunde|client|cliente)",
    "warehouse": r"(warehouse|location|lager|entrepot|almacen)",
    "sku": r"(sku|item|product|article|artikel|producto)",
}
_SHORT_NUMBER = 4
"""A bare number of at most so many digits is a size or a count ('Red, 62'), unless its kind stands before it."""


@dataclass
class Links:
    """What was found. `unknown` are words that name nothing of this tenant."""

    found: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    quoted: str | None = None


def link(tx: Tx, question: str, ignore: frozenset[str], words: list[str]) -> Links:
    """Link codes first (exact, case kept or not), then the words of names that are not in `ignore`."""
    links = Links()
    quoted = _QUOTED.search(question)
    links.quoted = quoted.group(1).strip() if quoted else None
    used = _link_codes(tx, question, links)
    rest = [word for word in dict.fromkeys(words) if word not in ignore and fold(word) not in used]
    if rest:
        _link_names(tx, rest, links)
    return links


def _link_codes(tx: Tx, question: str, links: Links) -> set[str]:
    raw = {token.strip(".'#").upper() for token in _RAW_TOKEN.findall(question)} - {""}
    candidates = sorted(
        token for token in raw if any(char.isdigit() for char in token) and _may_be_code(token, question)
    )
    if not candidates:
        return set()
    union = " UNION ALL ".join(
        f"SELECT '{kind}' AS kind, {column} AS code FROM {table} WHERE upper({column}) = ANY(CAST(:codes AS text[]))"
        for kind, table, column in _CODE_TABLES
    )
    used: set[str] = set()
    for row in tx.rows(union, codes=candidates):
        # The same digits can be an order and an item; what comes first in _CODE_TABLES is asked about more often,
        # but a word such as 'order 43659' decides.
        if row["kind"] in links.found:
            continue
        links.found[row["kind"]] = row["code"]
        used.add(fold(row["code"]))
    _settle_numbers(question, links)
    return used


def _may_be_code(token: str, question: str) -> bool:
    if not token.isdigit() or len(token) > _SHORT_NUMBER or token.startswith("0"):
        return True
    return any(_named(kind, token, fold(question)) for kind in _KIND_WORDS)


def _named(kind: str, code: str, folded: str) -> bool:
    """Whether the word for `kind` stands right before `code`."""
    return bool(re.search(rf"\b{_KIND_WORDS[kind]}\s+(no\.?\s+|number\s+|#)?{re.escape(fold(code))}\b", folded))


def _settle_numbers(question: str, links: Links) -> None:
    """A bare number that is several things is the one whose word stands before it."""
    folded = fold(question)
    by_code: dict[str, list[str]] = {}
    for kind, code in links.found.items():
        by_code.setdefault(code, []).append(kind)
    for code, kinds in by_code.items():
        if len(kinds) < 2:
            continue
        named = [k for k in kinds if _named(k, code, folded)]
        keep = named[0] if named else kinds[0]
        for kind in kinds:
            if kind != keep:
                del links.found[kind]


def _link_names(tx: Tx, words: list[str], links: Links) -> None:
    hits: dict[str, list[str]] = {}
    patterns = [_like(word) for word in words]
    for kind, table, expression in _NAME_TABLES:
        if kind in links.found:
            continue
        rows = tx.rows(
            f"SELECT w.pattern FROM unnest(CAST(:patterns AS text[])) w(pattern) "
            f"WHERE EXISTS (SELECT 1 FROM {table} WHERE {expression} ILIKE w.pattern)",
            patterns=patterns,
        )
        known = {row["pattern"] for row in rows}
        hits[kind] = [word for word, pattern in zip(words, patterns, strict=True) if pattern in known]
    explained: set[str] = set()
    for kind, found in sorted(hits.items(), key=lambda pair: -len(pair[1])):
        fresh = [word for word in found if word not in explained]
        if fresh and kind not in links.found:
            links.found[kind] = " ".join(fresh)
            explained.update(fresh)
    links.unknown = [word for word in words if word not in explained]


def _like(word: str) -> str:
    """An ILIKE pattern for a word; a plural 's' is dropped so that 'jams' finds 'jam'."""
    base = word[:-1] if len(word) > 4 and word.endswith("s") and not word.endswith("ss") else word
    escaped = base.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
