"""Print the lowest versions that the package and its extras allow, for pip: ``lowest.py pyproject.toml``."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

EXTRAS = ("charts", "cli", "parquet", "postgres", "re2", "pygments", "tz")


def lowest(pyproject: str) -> list[str]:
    """``name==version`` for each dependency that has a lower bound; markers are kept."""
    project = tomllib.loads(pyproject)["project"]
    wanted = list(project["dependencies"])
    for extra in EXTRAS:
        wanted += project["optional-dependencies"][extra]
    return [requirement.replace(">=", "==") for requirement in wanted]


if __name__ == "__main__":
    sys.stdout.write("".join(f"{line}\n" for line in lowest(Path(sys.argv[1]).read_text(encoding="utf-8"))))
