"""How `ops` speaks: tables for people, JSON for programs (`--json`)."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Table
from rich.text import Text

# Into a file or a pipe the tables get the room a screen would have given them.
_WIDTH = None if sys.stdout.isatty() else 132
console = Console(highlight=False, width=_WIDTH)
errors = Console(stderr=True, highlight=False)


def fail(message: str, code: int = 1) -> NoReturn:
    """Say what went wrong on standard error and leave."""
    complain(message)
    sys.exit(code)


def complain(message: object) -> None:
    """Say what went wrong on standard error. The message may hold anything: file names, what the API said."""
    errors.print(Text.assemble(("✗ ", "bold red"), str(message)), soft_wrap=True)


def emit(data: Any, as_json: bool) -> bool:
    """Print `data` as JSON when asked to; whether it was."""
    if as_json:
        print(json.dumps(data, indent=2, default=str, ensure_ascii=False))
    return as_json


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], right: Sequence[str] = ()) -> Table:
    """A Rich table; columns named in `right` are right-aligned numbers. Cells are data, never markup."""
    result = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False)
    for name in columns:
        result.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        result.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    return result


def listing(
    page: Mapping[str, Any], as_json: bool, title: str, columns: Mapping[str, Callable[[dict[str, Any]], Any]],
    right: Sequence[str] = (),
) -> None:  # fmt: skip
    """A page of a list, as JSON or as a table with its total. `columns`: a heading and what stands under it."""
    if emit(page, as_json):
        return
    rows = [[cell(one) for cell in columns.values()] for one in page["items"]]
    console.print(table(f"{title} ({page['total']})", list(columns), rows, right=right))
    if page.get("next_cursor"):
        console.print(f"  … {page['total'] - len(rows)} more: give a larger --limit, or narrow it down", style="dim")


def minute(value: Any) -> str:
    """An instant as people read it, to the minute: 2026-01-14 11:00 (UTC unless it says otherwise)."""
    return "" if value is None else str(value)[:16].replace("T", " ")


def number(value: Any, places: int = 0) -> str:
    """A quantity or amount with thousands separators, or '–' when unknown."""
    from decimal import Decimal

    return "–" if value is None else f"{Decimal(str(value)):,.{places}f}"
