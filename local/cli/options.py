"""Options that every command shares."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Limit = Annotated[int, typer.Option(min=1, max=500, help="Rows to show.")]
Tenant = Annotated[
    str | None, typer.Option("--tenant", "-t", help="Tenant code (local stack). Default: OPS_TENANT or 'sample'.")
]
