"""``python tests/benchmarks [name …]``: run benchmarks on demand; docs/benchmarks.md says what each measures."""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import sys
from pathlib import Path

import attrs

NAMES = ("filters", "speed", "lateness", "stores", "startup", "retained", "reports", "waiting")
ALONE = ("profiles",)
"""They take an hour, and are run when they are asked for by name."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measure convgoals side by side with its peers.")
    parser.add_argument(
        "names",
        nargs="*",
        metavar="name",
        help=f"which to run: {', '.join(NAMES)} (all by default), {', '.join(ALONE)}",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write what was measured to FILE")
    chosen = parser.parse_args()
    for name in chosen.names:
        if name not in (*NAMES, *ALONE):
            parser.error(f"there is no benchmark {name!r}: choose from {', '.join((*NAMES, *ALONE))}")
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    measured = {}
    for name in chosen.names or NAMES:
        reports = importlib.import_module(f"benchmarks.{name}").benchmark()
        for report in reports:
            print(report, flush=True)
        measured[name] = [attrs.asdict(report) for report in reports]
    if chosen.json is not None:
        about = {"python": platform.python_version(), "machine": platform.platform()}
        chosen.json.write_text(json.dumps({"about": about, "benchmarks": measured}, indent=2, default=str))


if __name__ == "__main__":
    main()
