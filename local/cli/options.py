"""Options that every command shares."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Tenant = Annotated[
    str | None, typer.Option("--tenant", "-t", help="Tenant code (local stack). Default: OPS_TENANT or 'sample'.")
]
