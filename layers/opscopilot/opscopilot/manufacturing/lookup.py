"""Finding the thing somebody means: exact code first, then other names of it, then words. Never the nearest silently.

An exact code, id, GTIN or foreign id is that one thing. Words that fit several things give all of them, so that
the caller can ask which (P-66); words that fit nothing give suggestions.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from uuid import UUID

from opscopilot.kernel.db import Row, Tx
from opscopilot.kernel.errors import NotFound, ValidationFailed

_SKU = "k.id, k.sku_code, k.description, k.category, k.base_uom, k.is_active"
_MAX_CANDIDATES = 20


class _Kind(NamedTuple):
    table: str
    code: str
    name: str
    label: str


_KINDS: dict[str, _Kind] = {
    "sku": _Kind("manufacturing.skus", "sku_code", "description", "item"),
    "warehouse": _Kind("manufacturing.locations", "code", "name", "location"),
    "customer": _Kind("manufacturing.customers", "customer_code", "name", "customer"),
    "supplier": _Kind("manufacturing.suppliers", "supplier_code", "name", "supplier"),
}
Kind = Literal["sku", "warehouse", "customer", "supplier"]


@dataclass(frozen=True)
class Match:
    """What a text may mean. Exactly one of the three is filled."""

    row: Row | None = None
    candidates: list[Row] = field(default_factory=list)
    total: int = 0
    did_you_mean: list[str] = field(default_factory=list)

    @property
    def status(self) -> Literal["ok", "ambiguous", "not_found"]:
        """How it went."""
        return "ok" if self.row else "ambiguous" if self.candidates else "not_found"


def find_sku(tx: Tx, text: str) -> Match:
    """The SKU that `text` names: its code, id, GTIN, a foreign or partner's code, or words of its name."""
    exact = _exact_skus(tx, text.strip())
    if len(exact) == 1:
        return Match(row=exact[0])
    if exact:
        return Match(candidates=exact[:_MAX_CANDIDATES], total=len(exact))
    return _by_words(tx, "sku", text)


def find_exact_skus(tx: Tx, texts: Sequence[str]) -> dict[str, Match]:
    """What each of many texts names exactly (code, id, GTIN, a foreign code), without guessing from words."""
    wanted = list(dict.fromkeys(text.strip() for text in texts))
    rows = tx.rows(f"SELECT {_SKU} FROM manufacturing.skus k WHERE k.sku_code = ANY(CAST(:codes AS text[]))",
                   codes=wanted)  # fmt: skip
    found = {row["sku_code"]: Match(row=row) for row in rows}
    for text in wanted:
        if text not in found:
            exact = _exact_skus(tx, text)
            found[text] = Match(row=exact[0]) if len(exact) == 1 else Match(candidates=exact[:_MAX_CANDIDATES])
    return {text: found[text.strip()] for text in texts}


def find(tx: Tx, kind: Kind, text: str) -> Match:
    """The thing of that kind that `text` names, by code, foreign id or words of its name."""
    if kind == "sku":
        return find_sku(tx, text)
    one = _KINDS[kind]
    rows = tx.rows(
        f"SELECT t.* FROM {one.table} t WHERE upper(t.{one.code}) = upper(:text) "
        f"ORDER BY t.{one.code} = :text DESC LIMIT 2", text=text.strip(),
    )  # fmt: skip
    if rows:
        return Match(row=rows[0])
    return _by_words(tx, kind, text)


def require(tx: Tx, kind: Kind, text: str, field_name: str) -> Row:
    """The thing, for callers that need exactly one: NotFound with suggestions, ValidationFailed with candidates."""
    match, one = find(tx, kind, text), _KINDS[kind]
    if match.row is not None:
        return match.row
    if match.candidates:
        listed = ", ".join(str(row[one.code]) for row in match.candidates)
        raise ValidationFailed(
            f"'{text}' fits {match.total} {one.label}s.", code="ambiguous", field=field_name, value=text,
            expected=f"one of: {listed}",
        )  # fmt: skip
    hint = ", ".join(match.did_you_mean)
    raise NotFound(
        f"There is no {one.label} '{text}'.", field=field_name, value=text,
        expected=f"perhaps one of: {hint}" if hint else f"a {one.code}",
    )  # fmt: skip


def _exact_skus(tx: Tx, text: str) -> list[Row]:
    """Rows whose code is `text`; else by id, code in another case, GTIN, the source's id, anybody else's code."""
    attempts = [("k.sku_code = :text", text), ("upper(k.sku_code) = upper(:text)", text)]
    with suppress(ValueError):
        attempts.insert(0, ("k.id = CAST(:text AS uuid)", str(UUID(text))))
    if text.isdigit() and len(text) in (8, 12, 13, 14):
        attempts.append(("lpad(k.gtin, 14, '0') = :text", text.zfill(14)))
    attempts.append(("k.source_id = :text", text))
    attempts.append((
        """k.id IN (SELECT x.sku_id FROM manufacturing.sku_xrefs x
               WHERE :text IN (x.external_id, x.customer_item_code, x.supplier_item_code)
           UNION SELECT s.sku_id FROM manufacturing.sku_suppliers s WHERE s.supplier_item_code = :text)""", text,
    ))  # fmt: skip
    for test, value in attempts:
        rows = tx.rows(f"SELECT {_SKU} FROM manufacturing.skus k WHERE {test} ORDER BY k.sku_code LIMIT 50", text=value)
        if rows:
            return rows
    return []


def _words(text: str) -> list[str]:
    """Words to look for; a plural s is dropped, so that 'jams' finds 'jam'."""
    found = []
    for word in re.findall(r"[^\s,;()\"']+", text)[:8]:
        plural = len(word) > 3 and word.endswith("s") and not word.endswith("ss")
        found.append(word[:-1] if plural else word)
    return found


def _by_words(tx: Tx, kind: str, text: str) -> Match:
    """Things in whose code or name every word occurs; one is a match, several are candidates."""
    one, words = _KINDS[kind], _words(text)
    if not words:
        return Match()
    spoken = f"coalesce(t.{one.code}, '') || ' ' || coalesce(t.{one.name}, '')"
    if kind == "sku":
        spoken += " || ' ' || coalesce(t.category, '')"
    tests = " AND ".join(f"{spoken} ILIKE :w{n}" for n in range(len(words)))
    params = {f"w{n}": f"%{_escaped(word)}%" for n, word in enumerate(words)}
    total = int(tx.scalar(f"SELECT count(*) FROM {one.table} t WHERE {tests}", **params))
    if total == 0:
        return Match(did_you_mean=_suggestions(tx, one, text, words))
    rows = tx.rows(
        f"SELECT t.* FROM {one.table} t WHERE {tests} ORDER BY t.{one.code} LIMIT :rows", **params, rows=_MAX_CANDIDATES
    )
    return Match(row=rows[0]) if total == 1 else Match(candidates=rows, total=total)


def _escaped(word: str) -> str:
    return word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


def _suggestions(tx: Tx, one: _Kind, text: str, words: list[str]) -> list[str]:
    """Codes and names that are spelled alike, or that share one of the words; at most five."""
    rows = tx.rows(
        f"SELECT t.{one.code} AS code, t.{one.name} AS name FROM {one.table} t ORDER BY t.{one.code} LIMIT 5000"
    )
    spelled = {f"{row['code']} {row['name'] or ''}".strip(): row for row in rows}
    wanted = text.strip().lower()
    by_text: dict[str, str] = {}
    for label, row in spelled.items():
        by_text.setdefault(str(row["code"]).lower(), label)
        by_text.setdefault(str(row["name"] or "").lower(), label)
    close = [by_text[hit] for hit in difflib.get_close_matches(wanted, list(by_text), n=5, cutoff=0.6)]
    sharing = [label for label in spelled if any(len(w) > 3 and w.lower() in label.lower() for w in words)]
    return list(dict.fromkeys([*close, *sharing]))[:5]
