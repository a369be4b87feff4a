"""``python -m local up|down|status|token``: the stack without the ``ops`` command around it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from local import control
from local.constants import STATE
from local.identity import issue_token
from local.state import StackError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "up":
            return _up(options)
        if options.command == "down":
            print("stopped" if control.down(options.state_dir) else "nothing was running")
            return 0
        if options.command == "token":
            print(issue_token(options.tenant, options.role, options.email, state_dir=options.state_dir))
            return 0
        found = control.status(options.state_dir)
        print(json.dumps(found, indent=2))
        return 0 if found["state"] == "running" else 3
    except StackError as error:
        print(error, file=sys.stderr)
        return 1


def _up(options: argparse.Namespace) -> int:
    info = control.up(options.state_dir, options.port, foreground=options.foreground, progress=print)
    if not options.foreground:
        print(f"{info['api_url']}  (docs at /docs, outbox at /_local/outbox; stop with: python -m local down)")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start the stack")
    up.add_argument("--port", type=int, default=8000, help="of the API on 127.0.0.1; 0 = any free one")
    mode = up.add_mutually_exclusive_group()
    mode.add_argument("--foreground", action="store_true", help="stay in the terminal until ctrl-c")
    mode.add_argument("--detach", action="store_true", help="return when it answers (the default)")
    token = commands.add_parser("token", help="print a token")
    token.add_argument("--tenant", required=True)
    token.add_argument("--role", required=True)
    token.add_argument("--email")
    for command in (
        up,
        token,
        commands.add_parser("down", help="stop it"),
        commands.add_parser("status", help="describe the running stack"),
    ):
        command.add_argument("--state-dir", type=Path, default=STATE, help="where its data is kept")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
