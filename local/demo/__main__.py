"""Run the demo: `python -m local.demo --plant sample`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local import stack
from local.cli import context
from local.cli.output import complain, console
from local.client import ApiError
from local.demo import plants, run, screen


def main(argv: list[str] | None = None) -> int:
    """Start the stack if need be, run every step, print one screen, write the report, stop what was started."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--plant", choices=["sample", "adventureworks"], default="sample")
    parser.add_argument("--data", type=Path, help="folder with the plant's files (adventureworks)")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args(argv)
    if options.plant == "adventureworks" and options.data is None:
        parser.error("PLANT=adventureworks needs DATA=<folder with its csv.gz files>")
    started = stack.status(context.STATE)["state"] != "running"
    begun = time.monotonic()
    try:
        with ThreadPoolExecutor(1) as other:  # the stack starts in a process of its own
            made = other.submit(_plant, options.plant, options.data)
            if started:
                with console.status("Starting Postgres, the template's resources and the API …"):
                    stack.up(context.STATE, options.port)
            plant = made.result()
        ready = time.monotonic()
        report = run.run(plant, context.client)
    except (ApiError, FileNotFoundError, RuntimeError) as error:
        complain(error)
        return 1
    finally:
        if started:
            stack.down(context.STATE)
    report["checks"] = [check.as_dict() for check in plant.check(report)]
    report["steps"] = {"start": round(ready - begun, 1), **report["steps"]}
    report["seconds"] = round(time.monotonic() - begun, 1)
    (context.STATE / "demo_report.json").write_text(
        json.dumps(report, indent=1, default=str, ensure_ascii=False), encoding="utf-8"
    )
    screen.draw(report, plant)
    return 0 if all(check["ok"] for check in report["checks"]) else 1


def _plant(name: str, data: Path | None) -> plants.DemoPlant:
    return plants.sample(context.STATE / "sample") if data is None or name == "sample" else plants.adventureworks(data)


if __name__ == "__main__":
    sys.exit(main())
