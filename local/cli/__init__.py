"""The `ops` command: the whole product from a terminal, against the local stack or any deployment."""

from __future__ import annotations

import sys

from local.cli.app import app
from local.cli.output import fail
from local.client import ApiError

__all__ = ["app", "main"]


def main() -> None:
    """Run `ops`; what goes wrong becomes one readable line and a non-zero exit code."""
    try:
        app()
    except ApiError as error:
        fail(str(error))
    except (FileNotFoundError, RuntimeError, ValueError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
