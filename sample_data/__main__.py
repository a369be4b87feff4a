"""`python -m sample_data OUT_DIR [--seed 7] [--as-of 2026-09-30] [--scale 1]`: write the sample plant's files."""

from __future__ import annotations

import argparse
import time
from datetime import date
from pathlib import Path

from sample_data.generate import AS_OF, SEED, generate


def main() -> None:
    """Read the command line, generate, print one line per file."""
    parser = argparse.ArgumentParser(prog="python -m sample_data", description="Write the sample plant's exports.")
    parser.add_argument("out_dir", type=Path, help="folder for the files and truth.json; made if missing")
    parser.add_argument("--seed", type=int, default=SEED, help="another seed is another plant (default %(default)s)")
    parser.add_argument("--as-of", type=date.fromisoformat, default=AS_OF, metavar="YYYY-MM-DD",
                        help="the plant's today (default %(default)s)")  # fmt: skip
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the number of order lines (default 1)")
    args = parser.parse_args()
    began = time.perf_counter()
    truth = generate(args.out_dir, args.seed, args.as_of, args.scale)
    for one in truth.facts["files"]:
        size = (truth.out_dir / one["file"]).stat().st_size
        print(f"{one['file']:40} {one['entity']:22} {one['rows']:>8,} rows {size:>12,} bytes")
    print(f"{len(truth.files)} files in {time.perf_counter() - began:.1f} s in {args.out_dir}")


if __name__ == "__main__":
    main()
